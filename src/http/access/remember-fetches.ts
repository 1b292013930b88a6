import type { FetchKeys } from './token-provider.ts';

/** How long what came of an address is remembered, and of how many. */
const REMEMBERED_MS = 10_000;
const MOST = 500;

/** What came: it is handed out again as often as it is asked for. */
interface Came {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ArrayBuffer | null;
}

const read = async (answer: Response): Promise<Came> => ({
  status: answer.status,
  headers: answer.headers,
  body: answer.body === null ? null : await answer.arrayBuffer(),
});

/**
 * Asks each address once in ten seconds at most, whatever comes of it. The keys of a client are fetched before anything is known of who asks: a
 * stranger who names it would else have the broker ask its address as often as they like.
 */
export const rememberFetches = (fetchKeys: FetchKeys, now: () => number = () => performance.now()): FetchKeys => {
  const known = new Map<string, { readonly until: number; readonly came: Promise<Came> }>();
  const ask = (url: string, init: RequestInit | undefined): Promise<Came> => {
    const came = fetchKeys(url, init).then(read);
    // In the order in which they were asked for: the first is the oldest.
    const [oldest] = known.keys();
    if (known.size >= MOST && oldest !== undefined) known.delete(oldest);
    known.delete(url);
    known.set(url, { until: now() + REMEMBERED_MS, came });
    return came;
  };
  return async (url, init) => {
    const before = known.get(url);
    const { status, headers, body } = await (before !== undefined && now() < before.until ? before.came : ask(url, init));
    return new Response(body, { status, headers });
  };
};
