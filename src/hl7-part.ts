import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Registry } from 'prom-client';
import type { Config } from './config.ts';
import type { Engine } from './engine.ts';
import { listenForHl7 } from './hl7v2/listen.ts';
import { hl7Metrics } from './hl7v2/metrics.ts';
import type { Part } from './lifecycle.ts';
import type { Log } from './log.ts';
import type { Principal } from './model/principal.ts';
import { findHl7Sender } from './store/access/hl7-senders.ts';
import type { DoorStore } from './store/door.ts';
import { validate } from './validate/validate.ts';

/** Opens the door for HL7 v2, where a port is set for it. When the broker stops, a message that is in flight is answered. */
export const startHl7 = async (
  part: Part,
  config: Config,
  log: Log,
  pool: pg.Pool,
  store: DoorStore,
  engine: Pick<Engine, 'acknowledge'>,
  metrics: Registry,
): Promise<void> => {
  const { hl7, operatorOds } = config;
  if (hl7 === null) return;
  const door = {
    receive: store.receive,
    findSender: (fingerprint: string, organization: string, application: string) =>
      findHl7Sender(pool, fingerprint, organization, application),
    facilities: hl7.facilities,
    acknowledged: async ({ organization, kind }: Principal, text: string) => void (await engine.acknowledge({ organization, kind }, text)),
    validate: (resource: unknown) => validate(resource),
    takesTests: hl7.takesTests,
    operatorOds,
    newId: randomUUID,
    now: Date.now,
    log,
    metered: hl7Metrics(metrics),
  };
  await part(
    'hl7v2',
    () => listenForHl7(door, hl7),
    (listening) => listening.close(),
  );
};
