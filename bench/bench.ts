import { startCluster } from './ground/cluster.ts';
import { machine, toPage, writePage } from './measure/report.ts';
import type { Verdict } from './measure/verdict.ts';
import { crowd } from './parts/crowd.ts';
import { decisions } from './parts/decisions.ts';
import { deliveries } from './parts/deliveries.ts';
import { access } from './parts/access.ts';
import { create, search, transaction, validate } from './parts/door.ts';
import { drain } from './parts/drain.ts';
import { ending } from './parts/ending.ts';
import { growth } from './parts/growth.ts';
import { lookup } from './parts/lookup.ts';
import type { Part } from './parts/part.ts';
import { recall } from './parts/recall.ts';
import { sealing } from './parts/sealing.ts';
import { slow } from './parts/slow.ts';
import { troubled } from './parts/troubled.ts';

/**
 * `npm run bench` runs every part and writes `bench/results.md`; `npm run bench -- NAME…` runs the parts that are named, and writes nothing.
 * `door` names all four whose names begin with it.
 */
const PARTS: Readonly<Record<string, Part>> = {
  lookup,
  growth,
  deliveries,
  recall,
  ending,
  drain,
  slow,
  troubled,
  crowd,
  access,
  decisions,
  sealing,
  'door:create': create,
  'door:search': search,
  'door:validate': validate,
  'door:transaction': transaction,
};
const isNamed = (name: string, part: string): boolean => name === part || part.startsWith(`${name}:`);

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.keys(PARTS).some((part) => isNamed(name, part)));
if (unknown.length > 0) {
  process.stderr.write(`no part ${unknown.join(', ')}: there are ${Object.keys(PARTS).join(', ')}\n`);
  process.exit(1);
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const cluster = await startCluster();
const verdicts: Verdict[] = [];
try {
  for (const [name, part] of Object.entries(PARTS)) {
    if (asked.length > 0 && !asked.some((each) => isNamed(each, name))) continue;
    const startedAt = performance.now();
    verdicts.push(...(await part({ cluster, say })));
    say(`${name} took ${Math.round((performance.now() - startedAt) / 1_000)} s`);
  }
} finally {
  await cluster.stop();
}
const page = toPage(verdicts, machine(cluster.version), new Date());
process.stdout.write(page);
if (asked.length === 0) writePage(page);
process.exitCode = verdicts.every(({ is }) => is !== 'missed') ? 0 : 1;
