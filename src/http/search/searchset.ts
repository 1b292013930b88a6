import type { Bundle, BundleEntry, BundleLink, Resource } from '@medplum/fhirtypes';
import { toOperationOutcome } from '../../../mappings/outcome/to-operation-outcome.ts';
import { checkedNames } from './parameter-name.ts';

/** What a searchset is made of. */
export interface Found {
  readonly base: string;
  readonly type: string;
  readonly matches: readonly Resource[];
  readonly total: number;
  /** The parameters that were used, in their order. */
  readonly used: readonly (readonly [string, string])[];
  /** Names of those that were ignored. */
  readonly ignored: readonly string[];
  /** Token of the next page; null on the last. */
  readonly next: string | null;
}

// Parameters whose values name no person. Of all others the self link has the name only (I8).
const HARMLESS = /^(?:_id|_lastUpdated|status|code|focus|owner|target)$/;

// Nor does one that looks like an NHS number, wherever it was written.
const NUMBER = /\d{3}\D?\d{3}\D?\d{4}/;
const told = (name: string, value: string): string => (HARMLESS.test(name) && !NUMBER.test(value) ? encodeURIComponent(value) : '');

const linksOf = ({ base, type, used, next }: Found): BundleLink[] => {
  const query = used.map(([name, value]) => `${encodeURIComponent(name)}=${told(name, value)}`).join('&');
  return [
    { relation: 'self', url: `${base}/${type}${query === '' ? '' : `?${query}`}` },
    ...(next === null ? [] : [{ relation: 'next', url: `${base}/${type}?_page=${next}` } satisfies BundleLink]),
  ];
};

const ignoredEntry = (names: readonly string[]): BundleEntry => ({
  search: { mode: 'outcome' },
  resource: toOperationOutcome({
    category: 'unsupported',
    issues: names.map((name) => ({
      at: `http.${checkedNames(name)}`,
      help: 'is no parameter of this search, and was ignored',
      severity: 'warning',
    })),
  }),
});

/** The answer to a search. Without a match it is the same whatever the reason. */
export const toSearchset = (found: Found): Bundle => {
  const { base, type, matches, ignored } = found;
  const entry: BundleEntry[] = [
    ...matches.map((resource): BundleEntry => ({ fullUrl: `${base}/${type}/${resource.id}`, resource, search: { mode: 'match' } })),
    ...(ignored.length === 0 ? [] : [ignoredEntry(ignored)]),
  ];
  return { resourceType: 'Bundle', type: 'searchset', total: found.total, link: linksOf(found), ...(entry.length === 0 ? {} : { entry }) };
};
