import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import { at } from './json-path.ts';
import { openOwnStore } from './own-store.ts';
import type { Held, OwnStore } from './own-store.ts';

/** How a recipient behaves now. Stalled, it takes a delivery, stores it if `store` says so, and never answers. */
export interface Behaviour {
  stall: boolean;
  store: boolean;
  /** Deliveries that it took and never answered. */
  unanswered: number;
}

/** What the programs of this folder have in common. */
export interface Program {
  readonly store: OwnStore;
  readonly behaviour: Behaviour;
  /** What it heard, in order: kinds of messages, never their content. */
  readonly heard: string[];
  /** The base address of the broker, without a slash at the end. */
  readonly broker: string;
  readonly ods: string;
}

/** The program's options: STORE_FILE, BROKER (FHIR base address), ODS. */
export const openProgram = (): Program => ({
  store: openOwnStore(process.env['STORE_FILE']),
  behaviour: { stall: false, store: true, unanswered: 0 },
  heard: [],
  broker: (process.env['BROKER'] ?? 'http://127.0.0.1:8080/fhir').replace(/\/$/, ''),
  ods: process.env['ODS'] ?? 'ZZX01',
});

/** The body of a request, up to 4 MB. */
export const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) throw new Error('the body is no bytes');
    size += part.length;
    if (size > 4_000_000) throw new Error('the body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
};

export const answer = (response: ServerResponse, status: number, body: unknown, type = 'application/json'): void => {
  response.writeHead(status, { 'Content-Type': type }).end(JSON.stringify(body));
};

/** Listens on 127.0.0.1 and answers the port; 0 picks a free one. */
export const listenOn = async (server: Server, port: string | undefined): Promise<number> => {
  server.listen(Number(port ?? 0), '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

const held = ({ store }: Program): readonly Held[] => [...store.held.values()];

const control = async (program: Program, request: IncomingMessage, more: More): Promise<unknown> => {
  const { behaviour, heard } = program;
  const asked = `${request.method} ${request.url}`;
  if (asked === 'GET /store') return held(program);
  if (asked === 'GET /heard') return heard;
  if (asked === 'GET /behave') return behaviour;
  const body: unknown = JSON.parse((await bodyOf(request)) || '{}');
  if (asked === 'POST /behave') {
    // `{stall: true, store: false}` or `{resume: true}`.
    behaviour.stall = at(body, 'stall') === true && at(body, 'resume') !== true;
    behaviour.store = at(body, 'store') !== false;
    return behaviour;
  }
  return more(asked, body);
};

/** Answers further control requests; undefined for one that is not known. */
type More = (asked: string, body: unknown) => Promise<unknown>;

/** Opens the control port on CONTROL_PORT and says on standard output that the program is ready; without `port` the control port is all it has. */
export const ready = async (program: Program, port: number | null, more: More = async () => undefined): Promise<void> => {
  const server = createServer((request, response) => {
    control(program, request, more).then(
      (found) => (found === undefined ? answer(response, 404, {}) : answer(response, 200, found)),
      (error: unknown) => answer(response, 500, { error: error instanceof Error ? error.message : 'failed' }),
    );
  });
  const controlPort = await listenOn(server, process.env['CONTROL_PORT']);
  process.stdout.write(`${JSON.stringify({ ready: port ?? controlPort, control: controlPort })}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
};
