import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { KeyObject } from 'node:crypto';
import type pg from 'pg';
import { type Finding, type SealedRow, TrailCheck, type Checked } from '../../decide/trail/check-trail.ts';
import { publicKeyOf, type SignedHead } from '../../decide/trail/head.ts';
import { CannotStart } from '../../model/cannot-start.ts';
import { openAuditIds } from '../audit-id.ts';
import { statement } from '../pool.ts';
import { type HeadRow, toHead } from './head-row.ts';

/** A line of an export: what it is, a key, a head, a row, or a row that nobody sealed. */
export type Line =
  | { readonly trail: 'crisis-plan-broker'; readonly version: 1 }
  | { readonly key: string; readonly publicKey: string }
  | { readonly head: SignedHead }
  | { readonly row: SealedRow }
  | { readonly unsealed: { readonly stream: string; readonly event: string } };

const PAGE = 5_000;
/** Longer than any row takes to be sealed. */
const LATE = '1 minute';

const keys = statement<[], { id: string; public_key: string }>(
  'trail-keys',
  'SELECT id, public_key FROM trail_key ORDER BY first_used_at, id',
);
const heads = statement<[], HeadRow>(
  'trail-heads',
  'SELECT stream, size, root, link, signed_at, key_id, signature FROM trail_head ORDER BY stream, size',
);
const rowsAfter = statement<
  [string, string, number],
  { stream: string; number: string; audit_id: string; content: string | null; salt: Buffer | null; leaf: Buffer; link: Buffer }
>(
  'sealed-rows',
  `SELECT l.stream, l.number, l.audit_id, trail_content(a) AS content, s.salt, l.leaf, l.link
     FROM trail_link l LEFT JOIN audit a ON a.id = l.audit_id LEFT JOIN trail_salt s ON s.audit_id = l.audit_id
    WHERE (l.stream, l.number) > ($1, $2::bigint) ORDER BY l.stream, l.number LIMIT $3`,
);
const neverSealed = statement<[], { id: string; stream: string }>(
  'never-sealed',
  `SELECT a.id, coalesce('publisher ' || p.publisher, 'asker ' || a.organization) AS stream FROM audit a LEFT JOIN plan p ON p.id = a.plan_id
    WHERE a.at < clock_timestamp() - interval '${LATE}' AND NOT EXISTS (SELECT FROM trail_link l WHERE l.audit_id = a.id)
      AND EXISTS (SELECT FROM trail_cursor WHERE watched_at > clock_timestamp() - interval '${LATE}') ORDER BY a.id`,
);

const base64 = (bytes: Buffer): string => bytes.toString('base64');

/** The trail of a database, line by line: all that a check needs, and no words of a plan. */
export async function* exportTrail(pool: pg.Pool): AsyncGenerator<Line> {
  const ids = await openAuditIds(pool)();
  yield { trail: 'crisis-plan-broker', version: 1 };
  for (const { id, public_key: publicKey } of await keys(pool)) yield { key: id, publicKey };
  for (const row of await heads(pool)) yield { head: toHead(row) };
  for (let after: readonly [string, string] = ['', '0']; ; ) {
    const page = await rowsAfter(pool, ...after, PAGE);
    for (const { stream, number, audit_id: id, content, salt, leaf, link } of page)
      yield {
        row: {
          stream,
          number: Number(number),
          event: ids.toId(id),
          content,
          salt: salt === null ? null : base64(salt),
          leaf: base64(leaf),
          link: base64(link),
        },
      };
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) break;
    after = [last.stream, last.number];
  }
  for (const { id, stream } of await neverSealed(pool)) yield { unsealed: { stream, event: ids.toId(id) } };
}

const parse = (text: string, path: string, number: number): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new CannotStart(`${path} line ${number} is no JSON`);
  }
};

/** The lines of a file of JSON lines. Throws CannotStart with the line that cannot be read. */
async function* linesIn(path: string): AsyncGenerator<unknown> {
  let number = 0;
  const input = createReadStream(path, 'utf8');
  try {
    for await (const line of createInterface({ input })) {
      number += 1;
      if (line !== '') yield parse(line, path, number);
    }
  } catch (fault) {
    if (fault instanceof CannotStart) throw fault;
    throw new CannotStart(`${path} cannot be read: ${fault instanceof Error && 'code' in fault ? String(fault.code) : 'it is no text'}`);
  }
}

/** The lines of an export. */
export const linesOfExport = (path: string): AsyncGenerator<Line> => linesIn(path) as AsyncGenerator<Line>;

/** The heads that a second owner was handed, each with the public key that it came with. */
export async function readWitness(path: string): Promise<readonly (SignedHead & { readonly publicKey: string })[]> {
  const found: (SignedHead & { publicKey: string })[] = [];
  for await (const line of linesIn(path)) found.push(line as SignedHead & { publicKey: string });
  return found;
}

/** Public keys by their ids: those that the second owner was handed, or, where no file of theirs is named, those that the database knows. */
export async function keysToTrust(pool: pg.Pool, witness: string | null): Promise<ReadonlyMap<string, KeyObject>> {
  const known =
    witness === null ? (await keys(pool)).map(({ id, public_key: publicKey }) => ({ key: id, publicKey })) : await readWitness(witness);
  return new Map(known.map(({ key, publicKey }) => [key, publicKeyOf(publicKey)]));
}

/**
 * Checks a trail by its own heads and by those of the second owner. Where the second owner's are given, only keys that it was handed are believed:
 * whoever owns the database could put another key there.
 */
export async function checkTrail(
  lines: () => AsyncIterable<Line>,
  witnessed: readonly (SignedHead & { readonly publicKey: string })[],
): Promise<Checked> {
  const own: SignedHead[] = [];
  const known = new Map<string, KeyObject>();
  for (const { key, publicKey } of witnessed) known.set(key, publicKeyOf(publicKey));
  let isTrail = false;
  for await (const line of lines()) {
    if ('trail' in line) isTrail = true;
    else if ('head' in line) own.push(line.head);
    else if ('key' in line && witnessed.length === 0) known.set(line.key, publicKeyOf(line.publicKey));
    else if ('row' in line) break;
  }
  if (!isTrail) throw new CannotStart('this is no export of a trail');
  const check = new TrailCheck([...own, ...witnessed], known);
  for await (const line of lines()) {
    if ('row' in line) check.row(line.row);
    else if ('unsealed' in line) {
      const { stream, event } = line.unsealed;
      const finding: Finding = { what: 'inserted', stream, number: 0, event, why: 'it stands in the trail, and was never sealed' };
      check.found(finding);
    }
  }
  return check.end();
}
