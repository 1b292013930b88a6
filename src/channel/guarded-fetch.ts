import { fetch as request } from 'undici';
import type { RequestInit as Init } from 'undici';
import { AddressForbidden } from './address-guard.ts';
import type { AddressGuard } from './address-guard.ts';
import { causesOf } from './causes-of.ts';
import { type AgentTls, createGuardedAgent } from './guarded-agent.ts';

/** Bounds of one exchange. */
export interface FetchLimits {
  /** Milliseconds for the whole of it, the body included. */
  readonly timeoutMs: number;
  /** Bytes of the body, on the wire as well as after its content encoding is undone. */
  readonly maxBytes: number;
}

/** `fetch` as far as it is offered: the body has been read when it answers. */
export type GuardedFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** An exchange that the guard let begin and that did not end well: it names the rule, never the address. */
export class FetchFailed extends Error {
  readonly because: 'too-large' | 'timeout' | 'aborted' | 'redirected' | 'not-answered';

  constructor(because: FetchFailed['because'], cause?: unknown) {
    super(`the address was not read: ${because}`, { cause });
    this.because = because;
  }
}

/** Statuses that no Response with a body may have (Fetch, null body status). */
const WITHOUT_BODY: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

const forbid = (why: string): never => {
  throw new AddressForbidden(why);
};

// `data:` and `blob:` are fetched without any connection, and a name and password in an address would end up in logs.
const checked = (url: string | URL): URL => {
  const text = String(url);
  if (!URL.canParse(text)) return forbid('that is no absolute URL');
  const parsed = new URL(text);
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') return forbid('only https is fetched');
  if (parsed.username !== '' || parsed.password !== '') return forbid('an address holds no name and no password');
  return parsed;
};

/** Reads a body and counts what comes out of its content encoding: a few kB of gzip may be gigabytes. */
const read = async (body: AsyncIterable<unknown> | null, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    if (!ArrayBuffer.isView(chunk)) throw new FetchFailed('not-answered');
    length += chunk.byteLength;
    if (length > maxBytes) throw new FetchFailed('too-large');
    chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
};

/**
 * A `fetch` for addresses that somebody else chose (`jwks_uri`, an issuer). It connects only where the guard permits, judged at the moment of
 * connecting; https only, except to `OUTBOUND_ALLOW`; it follows no redirect and knows no proxy and no cookie. The body is read before it answers.
 * Throws AddressForbidden where nothing was connected to, and FetchFailed.
 */
export const createGuardedFetch = (
  guard: AddressGuard,
  { timeoutMs, maxBytes }: FetchLimits,
  tls: AgentTls = { ca: null },
): GuardedFetch => {
  // Such fetches are rare, so no connection is kept: each one is judged anew.
  const agent = createGuardedAgent(guard, { maxResponse: maxBytes, keepAlive: false, tls });
  return async (url, init = {}) => {
    const target = checked(url);
    const late = AbortSignal.timeout(timeoutMs);
    const stop = new AbortController();
    const signals = [late, stop.signal, ...(init.signal ? [init.signal] : [])];
    const headers = new Headers(init.headers);
    headers.set('accept-encoding', 'identity');
    try {
      const answer = await request(target, {
        // The platform's and the library's own types of the same thing.
        ...(init as Init),
        headers: [...headers],
        redirect: 'error',
        credentials: 'omit',
        signal: AbortSignal.any(signals),
        dispatcher: agent,
      });
      const body = await read(answer.body, maxBytes);
      return new Response(WITHOUT_BODY.has(answer.status) ? null : body, { status: answer.status, headers: [...answer.headers] });
    } catch (error) {
      if (error instanceof FetchFailed) throw error;
      const chain = causesOf(error);
      const says = (code: string): boolean => chain.some((each) => each.code === code);
      if (says('ADDRESS_FORBIDDEN')) throw new AddressForbidden('the address is not public, or the road to it is plain');
      if (says('UND_ERR_RES_EXCEEDED_MAX_SIZE')) throw new FetchFailed('too-large', error);
      if (late.aborted) throw new FetchFailed('timeout', error);
      if (init.signal?.aborted) throw new FetchFailed('aborted', error);
      throw new FetchFailed(chain.some(({ message }) => message === 'unexpected redirect') ? 'redirected' : 'not-answered', error);
    } finally {
      // A body that was left half read holds its connection until it is aborted.
      stop.abort();
    }
  };
};
