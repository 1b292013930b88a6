import { Counter, type Registry } from 'prom-client';

/** Why a connection was closed from here. */
export type Closed =
  | 'garbage'
  | 'too-long'
  | 'no-message-header'
  | 'too-slow'
  | 'silent'
  | 'too-many'
  | 'no-handshake'
  | 'not-read'
  | 'fault';

/** What is counted; no label names a person or a sender. */
export interface Metered {
  readonly message: (event: string, answer: 'AA' | 'AE' | 'AR') => void;
  readonly closed: (because: Closed) => void;
}

/** Of the words of a stranger no label is made. */
const EVENTS: ReadonlySet<string> = new Set(['A01', 'A03', 'A04', 'A08', 'A11', 'A13', 'ACK']);

/** The figures of the door for HL7 v2. */
export const hl7Metrics = (registry: Registry): Metered => {
  const messages = new Counter({
    name: 'broker_hl7_messages_total',
    help: 'HL7 v2 messages that came in, by event and answer',
    labelNames: ['event', 'answer'],
    registers: [registry],
  });
  const closed = new Counter({
    name: 'broker_hl7_connections_closed_total',
    help: 'MLLP connections that the broker closed, by reason',
    labelNames: ['because'],
    registers: [registry],
  });
  return {
    message: (event, answer) => messages.inc({ event: EVENTS.has(event) ? event : 'other', answer }),
    closed: (because) => closed.inc({ because }),
  };
};
