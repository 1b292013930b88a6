import type pg from 'pg';
import { Counter, Gauge, type Registry } from 'prom-client';
import { keptFor } from './kept-for.ts';
import { paceMetrics } from './pace-metrics.ts';
import type { Trail } from './trail-part.ts';
import { oldestChase } from './store/chases.ts';
import { certificatesEnding } from './store/credentials.ts';
import { ledgerCounts } from './store/due.ts';
import { sinceMailboxLook } from './store/mailbox.ts';
import { paceStates } from './store/pace/pace-states.ts';
import { recallsOwed, tasksOpen, uncertainKeys } from './store/standing.ts';

/** How long figures stand that cost more than a look along an index, in milliseconds. */
const SOON_MS = 10_000;
const EVERY_KEY_MS = 60_000;
/** Figures of one look at the database, told by several gauges at one scrape. */
const ONE_LOOK_MS = 500;
/** Days before a certificate runs out. */
const ENDS_SOON = 14;

/**
 * What stands in the database, beside the figures of the door: the same whichever process is asked, so the broker alone tells it. No label names a person or a
 * plan; a recipient is named by the id of its HealthcareService, which the operator chose.
 */
export function brokerMetrics(registry: Registry, pool: pg.Pool, { handedOver }: Pick<Trail, 'handedOver'>): Registry {
  const gauge = (name: string, help: string, read: () => Promise<number>): Gauge =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(await read());
      },
    });
  // Each waits for the look itself: a gauge that another one sets is told as it was at the scrape before.
  const counts = keptFor(ONE_LOOK_MS, () => ledgerCounts(pool));
  gauge('broker_keys_due', 'Keys that are due', async () => (await counts()).due);
  gauge('broker_deliveries_open', 'Deliveries begun and not settled', async () => (await counts()).open);
  gauge('broker_fan_outs', 'Fan-outs that are not finished', async () => (await counts()).fanOuts);
  const uncertain = keptFor(EVERY_KEY_MS, () => uncertainKeys(pool));
  gauge('broker_keys_uncertain', 'Keys at which the fate of what was sent or read is not known; counted once a minute', uncertain);
  const oldest = keptFor(SOON_MS, () => oldestChase(pool));
  gauge('broker_recall_oldest_seconds', 'Age of the oldest recall that was begun and is still owed; 0 where none is', async () => {
    const since = await oldest();
    return since === null ? 0 : Math.max(0, (Date.now() - since) / 1_000);
  });
  const owed = keptFor(SOON_MS, () => recallsOwed(pool));
  new Gauge({
    name: 'broker_recalls_unanswered',
    help: 'Keys with a recall that was begun and not answered, by HealthcareService',
    labelNames: ['recipient'] as const,
    registers: [registry],
    async collect() {
      const rows = await owed();
      this.reset();
      for (const { recipient, count } of rows) this.set({ recipient }, count);
    },
  });
  gauge('broker_mailbox_look_seconds', 'Seconds since our MESH mailbox was looked into; -1 where it never was', async () => {
    return (await sinceMailboxLook(pool)) ?? -1;
  });
  gauge('broker_certificates_ending', 'Certificates of Endpoints that run out within 14 days, or have', () =>
    certificatesEnding(pool, ENDS_SOON),
  );
  const tasks = keptFor(SOON_MS, () => tasksOpen(pool));
  new Gauge({
    name: 'broker_tasks_open',
    help: "Tasks of the broker's that nobody has ended, by what they ask and why",
    labelNames: ['code', 'reason'] as const,
    registers: [registry],
    async collect() {
      const rows = await tasks();
      this.reset();
      for (const { code, reason, count } of rows) this.set({ code, reason }, count);
    },
  });
  paceMetrics(
    registry,
    keptFor(SOON_MS, () => paceStates(pool)),
  );
  if (handedOver !== null) {
    gauge('broker_trail_heads_waiting', 'Heads of the trail that its second owner has not accepted yet', () => handedOver.waiting());
    new Counter({
      name: 'broker_trail_hand_overs_failed_total',
      help: 'Times that the second owner of the trail did not take its heads',
      registers: [registry],
      collect() {
        this.reset();
        this.inc(handedOver.failed());
      },
    });
  }
  return registry;
}
