import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import type { Hl7Door } from '../../src/hl7v2/door.ts';
import { listenForHl7 } from '../../src/hl7v2/listen.ts';
import type { Hl7ListenOptions } from '../../src/hl7v2/listen.ts';
import { hl7Metrics } from '../../src/hl7v2/metrics.ts';
import { createLog } from '../../src/log.ts';
import { findHl7Sender } from '../../src/store/access/hl7-senders.ts';
import { validate } from '../../src/validate/validate.ts';
import type { OpenDoor } from '../http/open-door.ts';

export type Hl7Options = Partial<Hl7ListenOptions> &
  Partial<Pick<Hl7Door, 'takesTests' | 'acknowledged' | 'receive' | 'now' | 'facilities'>>;

const FACILITIES: Hl7Door['facilities'] = new Map([
  ['ZZ2', 'ed'],
  ['ZZ3', 'ambulance'],
]);

/** The real door for HL7 v2 on a real socket, on the store of a FHIR door. */
export const openHl7 = async (
  { store, pool }: Pick<OpenDoor, 'store' | 'pool'>,
  {
    takesTests = false,
    acknowledged = null,
    receive = store.receive,
    now = Date.now,
    facilities = FACILITIES,
    ...options
  }: Hl7Options = {},
) => {
  const registry = new Registry();
  const lines: string[] = [];
  const listening = await listenForHl7(
    {
      receive,
      findSender: (fingerprint, organization, application) => findHl7Sender(pool, fingerprint, organization, application),
      facilities,
      acknowledged,
      validate: (resource) => validate(resource),
      takesTests,
      operatorOds: 'BROKER',
      newId: randomUUID,
      now,
      log: createLog('info', (text) => lines.push(text)),
      metered: hl7Metrics(registry),
    },
    { host: '127.0.0.1', port: 0, tls: null, maxFrame: 1_000_000, frameMs: 10_000, maxConnections: 100, ...options },
  );
  return {
    port: listening.port,
    lines,
    /** Value of a counter under its labels; 0 before it is counted. */
    counted: async (name: string, labels: Readonly<Record<string, string>>): Promise<number> => {
      const metric = (await registry.getMetricsAsJSON()).find((each) => each.name === name);
      const values = (metric?.values ?? []) as readonly { value: number; labels: Readonly<Record<string, unknown>> }[];
      return values.find((each) => Object.entries(labels).every(([label, value]) => each.labels[label] === value))?.value ?? 0;
    },
    close: listening.close,
  };
};

export type OpenHl7 = Awaited<ReturnType<typeof openHl7>>;
