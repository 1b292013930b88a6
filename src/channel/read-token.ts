/** An access token, and how long it may be used, in milliseconds from when it was asked for. */
export interface ReadToken {
  readonly token: string;
  readonly goodForMs: number;
}

/** A token is asked for anew half a minute before it runs out. */
const BEFORE_THE_END = 30_000;
/** However long it is said to last. */
const LONGEST = 3_600_000;
/** What may stand in a header (RFC 6750 section 2.1). */
const BEARER = /^[A-Za-z0-9._~+/-]{1,16384}=*$/;

const secondsOf = (said: unknown): number => {
  // The API platform says it as a string: nhs.md section 4.
  const seconds = typeof said === 'string' && /^\d{1,9}$/.test(said) ? Number(said) : said;
  return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds : 0;
};

/** Reads the answer of a token endpoint (RFC 6749 section 5.1); null where it holds no bearer token. One that does not say how long it lasts is used once. */
export const readToken = (body: string): ReadToken | null => {
  let said: unknown;
  try {
    said = JSON.parse(body);
  } catch {
    return null;
  }
  if (typeof said !== 'object' || said === null) return null;
  const { access_token: token, token_type: type, expires_in: seconds } = said as Readonly<Record<string, unknown>>;
  if (typeof token !== 'string' || !BEARER.test(token) || typeof type !== 'string' || type.toLowerCase() !== 'bearer') return null;
  return { token, goodForMs: Math.max(0, Math.min(LONGEST, secondsOf(seconds) * 1_000 - BEFORE_THE_END)) };
};
