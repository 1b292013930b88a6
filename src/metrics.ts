import type pg from 'pg';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Engine } from './engine.ts';
import type { Trail } from './trail-part.ts';
import { certificatesEnding } from './store/credentials.ts';
import { ledgerCounts } from './store/due.ts';

/** Days before a certificate runs out. */
const SOON = 14;

/** The broker's own figures beside those of the door. No label names a person, a plan or a recipient. */
export function brokerMetrics(registry: Registry, pool: pg.Pool, engine: Engine, { handedOver }: Trail): Registry {
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers: [registry] });
  const open = gauge('broker_deliveries_open', 'Deliveries begun and not settled');
  const fanOuts = gauge('broker_fan_outs', 'Fan-outs that are not finished');
  const swept = gauge('broker_sweep_found', 'Recipients with due keys that a sweep found since the start: lost nudges');
  const resynced = gauge('broker_resync_found', 'Keys that a resync found missing since the start: each is an alarm');
  const misaddressed = gauge(
    'broker_misaddressed',
    'Attempts stopped since the start, for their parts were not for the same: each is an alarm',
  );
  const ending = gauge('broker_certificates_ending', 'Certificates of Endpoints that run out within 14 days, or have');
  new Gauge({
    name: 'broker_keys_due',
    help: 'Keys that are due',
    registers: [registry],
    // One look at the database for all of them, when they are asked for.
    async collect() {
      const counts = await ledgerCounts(pool);
      this.set(counts.due);
      open.set(counts.open);
      fanOuts.set(counts.fanOuts);
      swept.set(engine.found.bySweep);
      resynced.set(engine.found.byResync);
      misaddressed.set(engine.found.misaddressed);
      ending.set(await certificatesEnding(pool, SOON));
    },
  });
  if (handedOver !== null) {
    new Gauge({
      name: 'broker_trail_heads_waiting',
      help: 'Heads of the trail that its second owner has not accepted yet',
      registers: [registry],
      async collect() {
        this.set(await handedOver.waiting());
      },
    });
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
