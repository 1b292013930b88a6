import { Refusal } from '../refusal.ts';

/** A caller who is to wait: 429 with `Retry-After` in whole seconds (RFC 9110 section 10.2.3). */
export const tooMany = (whose: string, perMinute: number, waitMs: number): Refusal => {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  const help = `${whose} has at most ${perMinute} in a minute: ask again in ${seconds} s`;
  return new Refusal(429, 'busy', { at: null, help }, { 'Retry-After': String(seconds) });
};
