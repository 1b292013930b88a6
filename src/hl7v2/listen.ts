import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { followTls, readTls } from '../channel/tls-files.ts';
import type { TlsFiles } from '../channel/tls-files.ts';
import { Line } from '../log.ts';
import { CannotStart } from '../model/cannot-start.ts';
import { fingerprintOf } from '../channel/fingerprint.ts';
import type { Connection, Patience } from './connection.ts';
import { serve } from './connection.ts';
import type { Hl7Door, Peer } from './door.ts';

/** How the door for HL7 v2 listens. */
export interface Hl7ListenOptions extends Pick<Patience, 'maxFrame' | 'frameMs'>, Partial<Pick<Patience, 'idleMs'>> {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Null listens without TLS: on loopback alone. With it nobody gets past the handshake without a certificate. */
  readonly tls: (TlsFiles & { readonly clientCa: string }) | null;
  readonly maxConnections: number;
  /** How often the files of TLS are looked at. */
  readonly tlsMs?: number;
}

/** The door while it is open. */
export interface Hl7Listening {
  readonly port: number;
  /** Takes no new connection and no new message, answers those in flight, and cuts what is left after `graceMs`. */
  close(graceMs?: number): Promise<void>;
}

const HANDSHAKE_MS = 10_000;
/** An engine that has nothing to send keeps its connection; one that is gone without a word does not keep its place. */
const IDLE_MS = 3_600_000;
const PROBE_MS = 60_000;

/** The certificate by which the peer got past the handshake; null where it is gone again already. */
const peerOf = (socket: TLSSocket): Peer | null => {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return null;
  return { fingerprint: fingerprintOf(certificate), until: certificate.validToDate.getTime() };
};

const addressOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

const open = (server: Server, { host, port }: Hl7ListenOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new CannotStart(`cannot listen on ${host}:${port} for HL7 v2: ${error.code ?? 'no reason given'}: see HL7_HOST and HL7_PORT`));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });

/** Opens the door. Throws CannotStart, with one line, where it cannot listen or the files of its TLS cannot be used. */
export const listenForHl7 = async (door: Hl7Door, options: Hl7ListenOptions): Promise<Hl7Listening> => {
  const { tls, maxFrame, frameMs, idleMs = IDLE_MS, maxConnections, tlsMs } = options;
  const connections = new Set<Connection>();
  const handshakes = new Map<string, Socket>();
  const refuse = (socket: Socket, because: 'too-many' | 'no-handshake'): void => {
    door.metered.closed(because);
    socket.destroy();
  };
  const take = (socket: Socket, peer: Peer | null): void => {
    handshakes.delete(addressOf(socket));
    if (peer === null) refuse(socket, 'no-handshake');
    else if (connections.size >= maxConnections) refuse(socket, 'too-many');
    else {
      const connection = serve(socket, peer, { maxFrame, frameMs, idleMs }, door);
      connections.add(connection);
      socket.once('close', () => connections.delete(connection));
    }
  };
  const tcp = { noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_MS, allowHalfOpen: true };
  let server: Server;
  let stop = (): void => {};
  if (tls === null) server = createServer(tcp, (socket) => take(socket, 'loopback'));
  else {
    const material = await readTls(tls, 'HL7_');
    const strict = { minVersion: 'TLSv1.2', requestCert: true, rejectUnauthorized: true, handshakeTimeout: HANDSHAKE_MS } as const;
    const secure = createTlsServer({ ...tcp, ...material, ...strict }, (socket) => take(socket, peerOf(socket)));
    // Whoever fails the handshake has said nothing yet; Node closes the socket.
    secure.on('tlsClientError', () => door.metered.closed('no-handshake'));
    stop = followTls({
      files: tls,
      settings: 'HL7_',
      first: material,
      use: (found) => secure.setSecureContext({ ...found, minVersion: 'TLSv1.2' }),
      log: door.log,
      ...(tlsMs === undefined ? {} : { everyMs: tlsMs }),
    });
    server = secure;
  }
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    const address = addressOf(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      handshakes.delete(address);
    });
    if (tls === null) return;
    handshakes.set(address, socket);
    // Who has shown no certificate takes no place of one who has: beyond as many again the one that has taken longest makes room.
    const [first] = handshakes.values();
    if (handshakes.size > maxConnections && first !== undefined) refuse(first, 'too-many');
  });
  const port = await open(server, options);
  // What fails while it listens fails one connection.
  server.on('error', (fault) => door.log(Line.fault, { name: 'hl7v2', fault }));
  door.log(Line.listeningHl7, { host: options.host, port });

  return {
    port,
    close: async (graceMs = 10_000) => {
      stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const cut = (): void => {
        for (const socket of sockets) socket.destroy();
      };
      const late = setTimeout(cut, graceMs);
      await Promise.all([...connections].map((connection) => connection.finish()));
      // Who is left is in the middle of a handshake.
      cut();
      await closed;
      clearTimeout(late);
    },
  };
};
