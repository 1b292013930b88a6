import { Anomaly } from '../model/anomaly.ts';
import type { Instant } from '../model/instant.ts';
import { badParameter } from './refusal.ts';

/** The weak ETag of a version (R4 http, version-aware). */
export const etagOf = (version: number | string): string => `W/"${version}"`;

/** Headers that say which version an answer is of. */
export const versionHeaders = (version: number | string, at: Instant): Readonly<Record<string, string>> => ({
  ETag: etagOf(version),
  'Last-Modified': new Date(at).toUTCString(),
});

/** Whether `If-None-Match` names this version. */
export const isUnchanged = (header: string | undefined, version: number | string): boolean =>
  (header?.split(',') ?? []).some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === `"${version}"`);

/** The version that `If-Match` names; null where there is no such header. Throws `malformed` for one that is no ETag, `stale` for one that was never ours. */
export const ifMatchOf = (header: string | undefined): number | null => {
  if (header === undefined) return null;
  const tag = /^(?:W\/)?"([^"]*)"$/.exec(header.trim())?.[1];
  if (tag === undefined) throw badParameter('If-Match', 'names one version: W/"3"');
  if (!/^[1-9]\d{0,8}$/.test(tag)) throw stale();
  return Number(tag);
};

/** The version that the caller changed is not the newest. */
export const stale = (): Anomaly =>
  new Anomaly('stale', { at: 'http.If-Match', help: 'another version is the newest: read it, and try again' });
