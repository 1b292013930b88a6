import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A wire between the broker and a recipient that keeps what the broker wrote to it. */
export interface RecordingProxy {
  /** The recipient's address, led through this wire. */
  readonly address: string;
  /** Request lines and headers, without bodies. */
  heads(): readonly string[];
  stop(): Promise<void>;
}

/** Puts a wire in front of an `http:` or `mllp:` address of this machine. */
export const recordingProxy = async (address: string): Promise<RecordingProxy> => {
  const target = new URL(address);
  const sockets = new Set<Socket>();
  const wrote: { text: string }[] = [];
  const server = createServer((near) => {
    const own = { text: '' };
    wrote.push(own);
    const far = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk: Buffer) => {
        if (from === near) own.text += chunk.toString('utf8');
        to.write(chunk);
      });
      from.on('close', () => to.destroy());
      from.on('error', () => to.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    // A request may follow straight upon the body of the one before.
    address: address.replace(target.host, `127.0.0.1:${port}`),
    heads: () => wrote.flatMap(({ text }) => text.match(/(?:GET|POST|PUT|PATCH|DELETE|HEAD) \S+ HTTP\/1\.1(?:\r\n[^\r\n]+)*/g) ?? []),
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};

/** A recipient that refuses everything and says back, word for word, what it was sent: as careless systems do in their errors. */
export const startParrot = async (): Promise<{ readonly address: string; heard(): number; stop(): Promise<void> }> => {
  const { createServer: createHttp } = await import('node:http');
  let heard = 0;
  const server = createHttp((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heard += 1;
      const diagnostics = Buffer.concat(chunks).toString('utf8');
      const issue = [{ severity: 'error', code: 'invalid', diagnostics, details: { text: diagnostics } }];
      response.writeHead(422, { 'content-type': 'application/fhir+json' }).end(JSON.stringify({ resourceType: 'OperationOutcome', issue }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`,
    heard: () => heard,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
