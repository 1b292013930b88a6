import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';
import { startChild } from '../ground/child.ts';
import { short, spread } from '../measure/figures.ts';
import { judge, ratios } from '../measure/verdict.ts';
import type { Part } from './part.ts';

const SOCKETS = 2_000;
const ROUNDS = 3;
/** What is kept beside each socket of `ws`: who it is, what is bound, and what is waited for. */
const AT_MOST = 2;

interface Told {
  readonly sockets: number;
  readonly bytes: number;
}

/** Bytes that a process uses for each of so many websockets, beyond what it used before them. */
const bytesEach = async (which: 'bare' | 'door'): Promise<number> => {
  const server = startChild({}, ['--expose-gc', fileURLToPath(new URL('../bare/websockets.ts', import.meta.url)), which]);
  const port = await server.ready();
  const told = async (): Promise<Told> => (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as Told;
  const before = await told();
  const clients: WebSocket[] = [];
  for (let place = 0; place < SOCKETS; place += 1) {
    const client = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false });
    await once(client, 'open');
    client.send(`bind-with-token: subscription-${place}`);
    clients.push(client);
  }
  let after = await told();
  for (let tries = 0; after.sockets < SOCKETS && tries < 50; tries += 1) {
    await sleep(100);
    after = await told();
  }
  if (after.sockets !== SOCKETS) throw new Error(`${after.sockets} of ${SOCKETS} sockets are there`);
  for (const client of clients) client.terminate();
  server.signal('SIGKILL');
  return (after.bytes - before.bytes) / SOCKETS;
};

/** Memory for each of 2,000 websockets at the door, bound, beside that of bare `ws` on the same machine. */
export const websockets: Part = async ({ say }) => {
  const figures: Record<'bare' | 'door', number[]> = { bare: [], door: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const which of ['bare', 'door'] as const) figures[which].push(await bytesEach(which));
    say(`websockets: ${short(figures.door.at(-1) ?? 0)} bytes each at the door, ${short(figures.bare.at(-1) ?? 0)} bare`);
  }
  const from = `door ${spread(figures.door, ' B')}, bare ${spread(figures.bare, ' B')}`;
  const found = ratios(figures.door, figures.bare);
  return [judge(`memory for each of ${SOCKETS} websockets: of bare ws`, `≤ ${AT_MOST}`, found, { atMost: AT_MOST }, from)];
};
