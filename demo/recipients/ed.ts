/**
 * An emergency department's document store: takes HL7 v2 MDM messages over MLLP, one answer a message.
 * T02 stores the document TXA-12, T10 stores it and makes its parent TXA-13 obsolete, T11 takes TXA-12 away.
 * Environment: PORT, CONTROL_PORT, STORE_FILE. It calls nobody, and so needs no access token.
 */
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { listenOn, openProgram, ready } from './program.ts';

const START = 0x0b;
const END = Buffer.from([0x1c, 0x0d]);
const MAX_FRAME = 4_000_000;
const PLAN_AUTHORITY = 'CRISIS-PLAN-BROKER';
/** OBX-3 of what stands beside the plan: the notice that comes first, and who wrote it. */
const BESIDE = new Set(['read-first', 'publisher']);

const program = openProgram();
const { store, behaviour, heard } = program;

const ESCAPES: Readonly<Record<string, string>> = { F: '|', S: '^', T: '&', R: '~', E: '\\', '.br': '\n' };
const unescapeHl7 = (field: string): string =>
  field.replace(/\\([^\\]*)\\/g, (whole, name: string) =>
    /^X([0-9A-Fa-f]{2})+$/.test(name) ? Buffer.from(name.slice(1), 'hex').toString('utf8') : (ESCAPES[name] ?? whole),
  );

/** Segments as fields; field n at index n, for MSH too. */
const segmentsOf = (message: string): readonly (readonly string[])[] =>
  message
    .split(/\r\n|\r|\n/)
    .filter((line) => line !== '')
    .map((line) => (line.startsWith('MSH') ? ['MSH', ...line.slice(3).split('|')] : line.split('|')));

type Ack = 'AA' | 'AE' | 'AR';

const take = (segments: readonly (readonly string[])[]): Ack => {
  const field = (segment: string, index: number): string => segments.find(([name]) => name === segment)?.[index] ?? '';
  const event = field('MSH', 9).split('^')[1] ?? '';
  const document = unescapeHl7(field('TXA', 12).split('^')[0] ?? '');
  if (!field('MSH', 9).startsWith('MDM^')) return 'AR';
  heard.push(event);
  if (document === '') return 'AE';
  const ids = field('PID', 3).split('~');
  const idOf = (type: string): string | null => {
    const found = ids.find((id) => id.split('^')[4] === type)?.split('^')[0];
    return found === undefined ? null : unescapeHl7(found);
  };
  switch (event) {
    case 'T11':
      // One that is not here is no error: many systems say so, and nothing happened.
      store.held.delete(document);
      return 'AA';
    case 'T02':
    case 'T10': {
      const parent = unescapeHl7(field('TXA', 13).split('^')[0] ?? '');
      if (event === 'T10' && parent !== '') store.held.delete(parent);
      const texts = Object.fromEntries(
        segments
          .filter(([name, , type]) => name === 'OBX' && (type === 'FT' || type === 'TX'))
          .map((obx) => [unescapeHl7((obx[3] ?? '').split('^')[0] ?? ''), unescapeHl7(obx[5] ?? '')] as const)
          .filter(([heading]) => !BESIDE.has(heading)),
      );
      const plan = ids.some((id) => id.split('^')[3] === PLAN_AUTHORITY) ? idOf('PI') : null;
      store.held.set(document, { person: idOf('NH'), plan, document, headings: Object.keys(texts), texts });
      return 'AA';
    }
    default:
      return 'AR';
  }
};

/** The acknowledgement of one message; a control id that was seen gets its first answer again. */
const acknowledge = (message: string): string | null => {
  const segments = segmentsOf(message);
  const msh = segments[0];
  const controlId = msh?.[10] ?? '';
  if (msh?.[0] !== 'MSH' || controlId === '') return null;
  const seen = store.memory.get(controlId);
  if (seen !== undefined) return seen;
  const code = take(segments);
  const type = `ACK^${msh[9]?.split('^')[1] ?? ''}^ACK`;
  const head = ['MSH', '^~\\&', msh[5], msh[6], msh[3], msh[4], new Date().toISOString().replace(/\D/g, '').slice(0, 14), '', type];
  const ack = `${[...head, `A${controlId}`.slice(0, 20), msh[11] ?? 'P', msh[12] ?? '2.5'].join('|')}\rMSA|${code}|${controlId}\r`;
  store.memory.set(controlId, ack);
  store.save();
  return ack;
};

const serve = (socket: Socket): void => {
  let pending = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const end = pending.indexOf(END);
      if (end < 0) break;
      const start = pending.indexOf(START);
      const message = start >= 0 && start < end ? pending.subarray(start + 1, end).toString('utf8') : '';
      pending = pending.subarray(end + END.length);
      const stalled = behaviour.stall;
      if (stalled) behaviour.unanswered += 1;
      const ack = stalled && !behaviour.store ? null : acknowledge(message);
      if (!stalled && ack !== null) socket.write(Buffer.concat([Buffer.from([START]), Buffer.from(ack, 'utf8'), END]));
    }
    if (pending.length > MAX_FRAME) socket.destroy();
  });
};

await ready(program, await listenOn(createServer(serve), process.env['PORT']));
