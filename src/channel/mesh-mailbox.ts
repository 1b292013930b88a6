import { randomUUID, X509Certificate } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { request } from 'undici';
import { type MailboxSecrets, toAuthorization } from '../../mappings/mesh/to-authorization.ts';
import type { Outcome } from '../model/ledger.ts';
import type { AddressGuard } from './address-guard.ts';
import { CERTIFICATE_EXPIRED, type Limits } from './channel.ts';
import { failedRequest } from './failed-request.ts';
import { type AgentTls, createGuardedAgent } from './guarded-agent.ts';
import { WriteGate } from './write-gate.ts';

/** The broker's own mailbox, and how MESH is reached. */
export interface MeshSettings {
  /** Base of the MESH API, without a slash at the end. */
  readonly url: string;
  readonly secrets: MailboxSecrets;
  /** What is shown and trusted: MESH takes nobody without a certificate. */
  readonly tls: AgentTls;
  /** A message of more bytes is sent in parts of as many. */
  readonly chunkBytes: number;
}

/** One request to MESH, below our own mailbox. */
export interface MeshAsked {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Behind `/messageexchange/{mailbox}`: `/inbox`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** A whole answer. Names of headers are lower case. */
export interface MeshAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The way to MESH that channel and poller share. */
export interface MeshMailbox {
  readonly mailbox: string;
  readonly chunkBytes: number;
  /** Asks once, with a nonce of its own. Never throws: what came back, or what its absence proves. */
  ask(asked: MeshAsked, limits: Limits): Promise<MeshAnswer | Exclude<Outcome, { kind: 'accepted' }>>;
  close(): Promise<void>;
}

/** Bytes of an answer, on the wire and after its encoding is undone. */
const MOST = 5_000_000;

/** Opens the way to MESH, behind the guard, by mutual TLS. */
export const openMeshMailbox = (guard: AddressGuard, { url, secrets, tls, chunkBytes }: MeshSettings): MeshMailbox => {
  const agent = createGuardedAgent(guard, { tls, maxResponse: MOST });
  const notAfter = tls.cert == null ? Number.POSITIVE_INFINITY : new X509Certificate(tls.cert).validToDate.getTime();
  return {
    mailbox: secrets.mailbox,
    chunkBytes,
    ask: async ({ method, path, headers = {}, body }, { msLeft, timeoutMs }) => {
      // MESH would refuse it once the handshake is over for us: then nobody could prove that nothing was read.
      if (notAfter <= Date.now()) return CERTIFICATE_EXPIRED;
      const gate = new WriteGate(agent, msLeft);
      try {
        const answer = await request(`${url}/messageexchange/${secrets.mailbox}${path}`, {
          dispatcher: gate,
          method,
          headers: {
            ...headers,
            accept: 'application/vnd.mesh.v2+json',
            'accept-encoding': 'identity',
            // A nonce that was used is refused with 403: each request has one of its own, also when it says the same again.
            authorization: toAuthorization(secrets, randomUUID(), Date.now()),
          },
          signal: AbortSignal.timeout(timeoutMs),
          ...(body === undefined ? {} : { body }),
        });
        const bytes = Buffer.from(await answer.body.arrayBuffer());
        const read = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
        return { status: answer.statusCode, headers: read, body: plain(bytes, read['content-encoding']) };
      } catch (error) {
        return failedRequest(gate, error);
      }
    },
    close: () => agent.destroy(),
  };
};

/** What stays compressed here reads as garbage later, and is told of there. */
const plain = (bytes: Buffer, encoding: string | undefined): Buffer => {
  if (encoding !== 'gzip') return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST });
  } catch {
    return bytes;
  }
};

/** The JSON of an answer; null where it is none. */
export const jsonOf = ({ body }: MeshAnswer): unknown => {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
};
