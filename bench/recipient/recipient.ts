import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One message as it came in: when (milliseconds since 1970), what, and whose. Posted to the parent when it asks with `drain`. */
export interface Arrival {
  readonly at: number;
  readonly kind: 'update' | 'recall';
  readonly person: string;
}

/** What the parent says: `drain` asks for what has arrived since the last time; the others hold from now on. */
export type Order =
  | { readonly drain: true }
  /** How long each answer takes. */
  | { readonly delayMs: number }
  /** Whether nothing listens: connections are cut and refused. */
  | { readonly dead: boolean }
  /** Whether it is down for a second after each second; what is under way is cut. */
  | { readonly flaps: boolean };

/** A FHIR server that takes `$process-message` and does nothing else with it: as light as a recipient can be. */
let arrivals: Arrival[] = [];
let delayMs = 0;
let flapping: NodeJS.Timeout | null = null;
let isDown = false;

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
  if (isDown) {
    request.socket.destroy();
    return;
  }
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
let port = 0;
const flap = (): void => {
  isDown = !isDown;
  if (isDown) server.closeAllConnections();
};
process.on('message', (order: Order) => {
  if ('drain' in order) {
    process.send?.(arrivals);
    arrivals = [];
    return;
  }
  const done = () => process.send?.([]);
  if ('delayMs' in order) {
    ({ delayMs } = order);
    done();
  } else if ('flaps' in order) {
    if (flapping !== null) clearInterval(flapping);
    isDown = false;
    flapping = order.flaps ? setInterval(flap, 1_000) : null;
    done();
  } else if (order.dead) {
    server.close(done);
    server.closeAllConnections();
  } else {
    server.listen(port, '127.0.0.1', done);
  }
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  ({ port } = server.address() as AddressInfo);
  process.send?.(port);
});
