import type { Bundle, BundleEntry, BundleLink, Resource } from '@medplum/fhirtypes';
import { toOperationOutcome } from '../../../mappings/outcome/to-operation-outcome.ts';
import { checkedNames } from './parameter-name.ts';
import { RESULT_PARAMETERS } from './parameters.ts';

/** What a searchset is made of. */
export interface Found {
  readonly base: string;
  readonly type: string;
  readonly matches: readonly Resource[];
  /** What stands beside the matches; empty where nothing was asked for. */
  readonly included: readonly Resource[];
  /** Whether there was more to include than a page takes. */
  readonly isCut: boolean;
  /** Null where it was not asked for. */
  readonly total: number | null;
  /** The parameters that were used, in their order. */
  readonly used: readonly (readonly [string, string])[];
  /** Names of those that were ignored. */
  readonly ignored: readonly string[];
  /** Tokens of the pages around this one; null where there is none. */
  readonly first: string | null;
  readonly previous: string | null;
  readonly next: string | null;
}

/** A searchset of one page, of resources that are found by themselves. */
export const ONE_PAGE = { included: [], isCut: false, first: null, previous: null, next: null } as const;

// Parameters whose values name no person. Of all others the self link has the name only (I8).
const HARMLESS = /^(?:_id|_lastUpdated|status|code|focus|owner|target)$/;

// Nor does one that looks like an NHS number, wherever it was written.
const NUMBER = /\d{3}\D?\d{3}\D?\d{4}/;
const isHarmless = (name: string): boolean => HARMLESS.test(name) || RESULT_PARAMETERS.has(name);
const told = (name: string, value: string): string => (isHarmless(name) && !NUMBER.test(value) ? encodeURIComponent(value) : '');

const linksOf = ({ base, type, used, first, previous, next }: Found): BundleLink[] => {
  const query = used.map(([name, value]) => `${encodeURIComponent(name)}=${told(name, value)}`).join('&');
  const page = (relation: string, token: string | null): BundleLink[] =>
    token === null ? [] : [{ relation, url: `${base}/${type}?_page=${token}` }];
  return [
    { relation: 'self', url: `${base}/${type}${query === '' ? '' : `?${query}`}` },
    ...page('first', first),
    ...page('previous', previous),
    ...page('next', next),
  ];
};

const warningOf = ({ ignored, isCut }: Found): BundleEntry[] => {
  const issues = [
    ...ignored.map((name) => ({
      at: `http.${checkedNames(name)}`,
      help: 'is no parameter of this search, and was ignored',
      severity: 'warning' as const,
    })),
    ...(isCut
      ? [
          {
            at: 'http._include',
            code: 'incomplete',
            help: 'there is more to include than a page takes: ask for fewer matches',
            severity: 'warning' as const,
          },
        ]
      : []),
  ];
  return issues.length === 0 ? [] : [{ search: { mode: 'outcome' }, resource: toOperationOutcome({ category: 'unsupported', issues }) }];
};

/** The answer to a search. Without a match it is the same whatever the reason. */
export const toSearchset = (found: Found): Bundle => {
  const { base, matches, included, total } = found;
  const entryOf =
    (mode: 'match' | 'include') =>
    (resource: Resource): BundleEntry => ({ fullUrl: `${base}/${resource.resourceType}/${resource.id}`, resource, search: { mode } });
  const entry: BundleEntry[] = [...matches.map(entryOf('match')), ...included.map(entryOf('include')), ...warningOf(found)];
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    ...(total === null ? {} : { total }),
    link: linksOf(found),
    ...(entry.length === 0 ? {} : { entry }),
  };
};
