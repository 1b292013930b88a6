import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import type pg from 'pg';
import { publicKeyOf, isSigned, type SignedHead } from './decide/trail/head.ts';
import { leafOf, pathOf, rootByPath } from './decide/trail/merkle.ts';
import type { SealedRow } from './decide/trail/check-trail.ts';
import { CannotStart } from './model/cannot-start.ts';
import { verifyPlan } from './store/verify-plan.ts';
import { checkTrail, exportTrail, keysToTrust, type Line, linesOfExport, readWitness } from './store/trail/read-trail.ts';

/** What the command line says. */
export interface TrailOptions {
  readonly export?: string | undefined;
  readonly heads?: string | undefined;
  readonly out?: string | undefined;
  readonly event?: string | undefined;
  readonly proof?: string | undefined;
}

/** Proof that one row is in a stream, for whoever it is about: the row, its neighbours, and the head that they make. */
interface Proof {
  readonly row: SealedRow;
  readonly path: readonly string[];
  readonly head: SignedHead;
  readonly publicKey: string;
}

const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

/** `trail verify`: exits with 1 where anything is wrong, and names each finding on a line of its own. */
export const verifyTrail = async (lines: () => AsyncIterable<Line>, { heads }: TrailOptions): Promise<void> => {
  const { findings, ...counts } = await checkTrail(lines, heads === undefined ? [] : await readWitness(heads));
  for (const finding of findings) print(finding);
  print({ ok: findings.length === 0, ...counts, findings: findings.length });
  if (findings.length > 0) process.exitCode = 1;
};

/** `trail verify --export FILE`: needs no database. */
export const verifyExport = (path: string, options: TrailOptions): Promise<void> => verifyTrail(() => linesOfExport(path), options);

/** `verify plan`: exits with 1 where the version, or anything that leaves of it, is not what was approved. */
export const verifyPlanCommand = async (pool: pg.Pool, carePlanId: string, heads: string | undefined): Promise<void> => {
  const verified = await verifyPlan(pool, carePlanId, await keysToTrust(pool, heads ?? null));
  if (verified === null) throw new CannotStart('no version was approved under that id: it is the id of a CarePlan');
  const { findings, ...version } = verified;
  for (const finding of findings) print(finding);
  print({ ok: findings.length === 0, carePlan: carePlanId, ...version, findings: findings.length });
  if (findings.length > 0) process.exitCode = 1;
};

const writeExport = async (pool: pg.Pool, path: string): Promise<void> => {
  const file = createWriteStream(path, { mode: 0o600 });
  let rows = 0;
  for await (const line of exportTrail(pool)) {
    if ('row' in line) rows += 1;
    if (!file.write(`${JSON.stringify(line)}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
  print({ exported: path, rows });
};

/** One pass for the row and the heads, one for the leaves of its stream: no other row is kept. */
const prove = async (pool: pg.Pool, event: string): Promise<void> => {
  const keys = new Map<string, string>();
  const heads: SignedHead[] = [];
  let found: SealedRow | undefined;
  for await (const line of exportTrail(pool)) {
    if ('key' in line) keys.set(line.key, line.publicKey);
    if ('head' in line) heads.push(line.head);
    if ('row' in line && line.row.event === event) found = line.row;
  }
  if (found === undefined) throw new CannotStart('no such event is sealed: one of the last second is not yet');
  const row = found;
  const head = heads.filter(({ stream, size }) => stream === row.stream && size >= row.number).at(-1);
  if (head === undefined) throw new CannotStart('no head has been signed over it yet: one is every minute');
  const leaves: Buffer[] = [];
  for await (const line of exportTrail(pool))
    if ('row' in line && line.row.stream === row.stream && line.row.number <= head.size) leaves.push(Buffer.from(line.row.leaf, 'base64'));
  const path = pathOf(leaves, row.number - 1).map((each) => each.toString('base64'));
  print({ row, path, head, publicKey: keys.get(head.key) ?? '' } satisfies Proof);
};

const readProof = async (path: string): Promise<Proof> => {
  const text = await readFile(path, 'utf8').catch(() => '');
  try {
    const proof = JSON.parse(text) as Partial<Proof>;
    if (proof.row !== undefined && proof.head !== undefined && Array.isArray(proof.path) && typeof proof.publicKey === 'string')
      return proof as Proof;
  } catch (fault) {
    if (!(fault instanceof SyntaxError)) throw fault;
  }
  throw new CannotStart(`${path} is no proof that can be read`);
};

/**
 * `trail check-proof`: needs no database either. Whoever makes a proof up has a key of their own: only one that the second owner was handed (`heads`)
 * proves anything.
 */
export const checkProof = async (path: string, heads: string | undefined): Promise<void> => {
  const proof = await readProof(path);
  const { row, head } = proof;
  const isRow =
    row.content !== null && row.salt !== null && leafOf(Buffer.from(row.salt, 'base64'), row.content).toString('base64') === row.leaf;
  const leaf = Buffer.from(row.leaf, 'base64');
  const root = rootByPath(
    leaf,
    row.number - 1,
    head.size,
    proof.path.map((each) => Buffer.from(each, 'base64')),
  );
  const isInTree = row.stream === head.stream && root?.toString('base64') === head.root;
  const isByKey = isSigned(head, new Map([[head.key, publicKeyOf(proof.publicKey)]]));
  const trusted = heads === undefined ? [] : await readWitness(heads);
  const isAnchored = trusted.some(({ key, publicKey }) => key === head.key && publicKey === proof.publicKey);
  const ok = isRow && isInTree && isByKey && isAnchored;
  const signature = !isByKey
    ? 'wrong'
    : isAnchored
      ? 'good'
      : heads === undefined
        ? 'by a key that nobody vouches for: name --heads'
        : 'by another key';
  print({ ok, row: isRow, tree: isInTree, signature, stream: head.stream, number: row.number, at: head.at });
  if (!ok) process.exitCode = 1;
};

/** `trail verify`, `trail export` and `trail prove` on the broker's database. Throws CannotStart with one line why not. */
export const trailCommand = async (pool: pg.Pool, name: string, options: TrailOptions): Promise<void> => {
  if (name === 'trail verify') return verifyTrail(() => exportTrail(pool), options);
  if (name === 'trail export') {
    if (options.out === undefined) throw new CannotStart('--out FILE is missing');
    return writeExport(pool, options.out);
  }
  if (options.event === undefined) throw new CannotStart('--event ID is missing: the id of an AuditEvent');
  return prove(pool, options.event);
};
