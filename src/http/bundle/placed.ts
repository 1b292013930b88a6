import { Anomaly } from '../../model/anomaly.ts';
import type { Issue } from '../../model/anomaly.ts';
import { Refusal } from '../refusal.ts';

const HEADERS: Readonly<Record<string, string>> = {
  'http.If-Match': 'request.ifMatch',
  'http.If-None-Match': 'request.ifNoneMatch',
  'http.If-None-Exist': 'request.ifNoneExist',
};

/** A place inside one entry as a place in its Bundle. */
const placeIn = (at: string | null, index: number): string => {
  const entry = `Bundle.entry[${index}]`;
  if (at === null) return entry;
  if (at.startsWith('http.')) return `${entry}.${HEADERS[at] ?? 'request.url'}`;
  if (at === 'resourceType') return `${entry}.resource`;
  const [, rest = ''] = /^[A-Z][A-Za-z]*(.*)$/s.exec(at) ?? [];
  return at.startsWith('patch') ? `${entry}.resource` : `${entry}.resource${rest}`;
};

/** What an entry of a transaction failed for, with its place in the Bundle; a fault of the broker's own stays as it is. */
export const placed = (fault: unknown, index: number): unknown => {
  if (!(fault instanceof Anomaly)) return fault;
  const issues = fault.issues.map((issue): Issue => ({ ...issue, at: placeIn(issue.at, index) }));
  const [first] = issues;
  if (fault instanceof Refusal && first !== undefined) return new Refusal(fault.status, fault.category, first, fault.headers);
  return new Anomaly(fault.category, issues);
};
