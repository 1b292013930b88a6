import { startCluster } from './ground/cluster.ts';
import type { Result } from './measure/report.ts';
import { keepResults, machine, toPage } from './measure/report.ts';
import { crowd } from './parts/crowd.ts';
import { decisions } from './parts/decisions.ts';
import { deliveries } from './parts/deliveries.ts';
import { access } from './parts/access.ts';
import { create, search, transaction, validate } from './parts/door.ts';
import { dispatch } from './parts/dispatch.ts';
import { drain } from './parts/drain.ts';
import { ending } from './parts/ending.ts';
import { events } from './parts/events.ts';
import { growth } from './parts/growth.ts';
import { lookup } from './parts/lookup.ts';
import type { Part } from './parts/part.ts';
import { recall } from './parts/recall.ts';
import { sealing } from './parts/sealing.ts';
import { slow } from './parts/slow.ts';
import { troubled } from './parts/troubled.ts';
import { websockets } from './parts/websockets.ts';

/**
 * `npm run bench` runs every part, `npm run bench -- NAME…` those that are named (`door` names all four whose names begin with it), and what they
 * find takes the place of what was found before in `bench/results.md`; with `--only-tell` nothing is written.
 */
const PARTS: Readonly<Record<string, Part>> = {
  lookup,
  dispatch,
  events,
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
  websockets,
  'door:create': create,
  'door:search': search,
  'door:validate': validate,
  'door:transaction': transaction,
};
const isNamed = (name: string, part: string): boolean => name === part || part.startsWith(`${name}:`);

const keeps = !process.argv.includes('--only-tell');
const asked = process.argv.slice(2).filter((each) => each !== '--only-tell');
const unknown = asked.filter((name) => !Object.keys(PARTS).some((part) => isNamed(name, part)));
if (unknown.length > 0) {
  process.stderr.write(`no part ${unknown.join(', ')}: there are ${Object.keys(PARTS).join(', ')}\n`);
  process.exit(1);
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const cluster = await startCluster();
const results: Result[] = [];
let failed = false;
try {
  for (const [part, run] of Object.entries(PARTS)) {
    if (asked.length > 0 && !asked.some((each) => isNamed(each, part))) continue;
    const startedAt = performance.now();
    try {
      const verdicts = await run({ cluster, say });
      results.push({ part, date: new Date().toISOString().slice(0, 10), where: machine(cluster.version), verdicts });
    } catch (error) {
      // What the others find is not lost by it.
      failed = true;
      say(`${part} failed: ${error instanceof Error ? error.stack : 'unknown'}`);
    }
    say(`${part} took ${Math.round((performance.now() - startedAt) / 1_000)} s`);
  }
} finally {
  await cluster.stop();
}
process.stdout.write(toPage(results));
if (keeps) keepResults(results, Object.keys(PARTS));
process.exitCode = failed || results.some(({ verdicts }) => verdicts.some(({ is }) => is === 'missed')) ? 1 : 0;
