import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { spawnBroker } from '../support/broker.ts';
import { makeDataDir } from '../support/data-dir.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(`${root}/${path}`, 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}
interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}
const { groups } = parse(read('observability/alerts.yml')) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('observability/dashboard.json')) as Dashboard;
const queries: readonly (readonly [where: string, expr: string])[] = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
];

/** Names of metrics that a query reads, and where it cannot be read. */
const readQuery = (expr: string): { readonly names: readonly string[]; readonly faults: readonly string[] } => {
  const names: string[] = [];
  const faults: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ type, name, from, to }) => {
      if (type.isError) faults.push(`${expr.slice(0, from)} <here> ${expr.slice(from)}`);
      // In a selector, the name alone is an identifier of its own.
      if (name === 'Identifier') names.push(expr.slice(from, to));
    },
  });
  return { names, faults };
};

describe('The rules and the dashboard', () => {
  let exposed: ReadonlySet<string>;
  const stops: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    const folder = await makeDataDir();
    const broker = spawnBroker({ DATA_DIR: folder.path, OUTBOUND_ALLOW: '127.0.0.0/8', TRAIL_WITNESS_URL: 'http://127.0.0.1:9/heads' });
    stops.push(async () => {
      broker.signal('SIGTERM');
      await broker.exit();
      await folder.remove();
    });
    const text = await (await fetch(new URL('/metrics', await broker.ready()))).text();
    exposed = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name));
  }, 60_000);
  afterAll(async () => {
    for (const stop of stops) await stop();
  }, 60_000);

  test('are PromQL, query by query, and read only what the broker tells', () => {
    expect(queries.length).toBeGreaterThan(30);
    expect(queries.map(([where, expr]) => [where, readQuery(expr).faults]).filter(([, faults]) => faults?.length !== 0)).toEqual([]);
    const told = (name: string): boolean => name === 'up' || exposed.has(name) || exposed.has(name.replace(/_(?:bucket|sum|count)$/, ''));
    const unknown = queries.flatMap(([where, expr]) =>
      readQuery(expr)
        .names.filter((name) => !told(name))
        .map((name) => [where, name]),
    );
    expect(unknown).toEqual([]);
    // The check can fail.
    expect(readQuery('sum(rate(broker_deliveries_total[5m])').faults).toHaveLength(1);
    expect(readQuery('rate(broker_no_such_total[5m])').names.filter((name) => !told(name))).toEqual(['broker_no_such_total']);
  });

  test('every figure of the broker stands in one of them, or is there for a look', () => {
    const used = new Set(queries.flatMap(([, expr]) => readQuery(expr).names.map((name) => name.replace(/_(?:bucket|sum|count)$/, ''))));
    expect([...exposed].filter((name) => name.startsWith('broker_') && !used.has(name))).toEqual([]);
  });

  test('every alert has its lines in docs/operations.md, a severity and a sentence', () => {
    const operations = read('docs/operations.md');
    for (const { alert, labels, annotations } of rules) {
      expect([alert, annotations.runbook]).toEqual([alert, `docs/operations.md#${alert.toLowerCase()}`]);
      expect([alert, operations.includes(`### ${alert}\n`)]).toEqual([alert, true]);
      expect(['page', 'ticket']).toContain(labels.severity);
      expect(annotations.summary.length).toBeGreaterThan(20);
    }
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });
});
