import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One message as it came in: when (milliseconds since 1970), what, and whose. Posted to the parent when it asks with `drain`. */
export interface Arrival {
  readonly at: number;
  readonly kind: 'update' | 'recall';
  readonly person: string;
}

/** What the parent says: `drain` asks for what has arrived since the last time; `delayMs` is how long each answer takes from now on. */
export type Order = { readonly drain: true } | { readonly delayMs: number };

/** A FHIR server that takes `$process-message` and does nothing else with it: as light as a recipient can be. */
let arrivals: Arrival[] = [];
let delayMs = 0;

const read = (bytes: string): { readonly id: string; readonly arrival: Arrival } => {
  const [{ resource: header }, { resource: focus }] = JSON.parse(bytes).entry;
  const kind = header.reason.coding[0].code === 'delete' ? 'recall' : 'update';
  const plan =
    kind === 'recall'
      ? focus
      : focus.entry.find(({ resource }: { resource: { resourceType: string } }) => resource.resourceType === 'CarePlan').resource;
  return {
    id: header.id,
    arrival: { at: performance.timeOrigin + performance.now(), kind, person: plan.subject.identifier?.value ?? '-' },
  };
};

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { id, arrival } = read(Buffer.concat(chunks).toString());
    arrivals.push(arrival);
    const answer = {
      resourceType: 'Bundle',
      type: 'message',
      entry: [{ resource: { resourceType: 'MessageHeader', response: { identifier: id, code: 'ok' } } }],
    };
    const say = () => response.writeHead(200, { 'content-type': 'application/fhir+json' }).end(JSON.stringify(answer));
    if (delayMs === 0) say();
    else setTimeout(say, delayMs);
  });
});
server.keepAliveTimeout = 60_000;
process.on('message', (order: Order) => {
  if ('delayMs' in order) {
    ({ delayMs } = order);
    process.send?.([]);
    return;
  }
  process.send?.(arrivals);
  arrivals = [];
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
