import type { Resource } from '@medplum/fhirtypes';
import type pg from 'pg';
import type { Principal } from '../../../src/model/principal.ts';
import { askedFrom } from '../../../src/http/search/asked.ts';
import { storedSearch } from '../../../src/http/search/stored-search.ts';
import type { Reach } from '../../../src/http/policy.ts';
import { putNext, readResource } from '../../../src/store/resources.ts';
import { searchResources } from '../../../src/store/search/run-search.ts';
import type { Search } from '../../../src/store/search/search.ts';

export const TRUST1: Principal = { organization: 'TRUST1', kind: 'publisher', scopes: ['system/*.cruds'], user: null };
export const TRUST2: Principal = { organization: 'TRUST2', kind: 'publisher', scopes: ['system/*.cruds'], user: null };

/** Stores a resource as it stands, without profile and facts. */
export const store = async (pool: pg.Pool, owner: string, id: string, resource: Resource): Promise<void> => {
  await putNext(pool, resource, id, owner, await readResource(pool, resource.resourceType, id), new Date());
};

/** The search that a query string asks for. */
export const searchOf = (query: string, principal: Principal = TRUST1, reach: Reach = 'own', strict = true): Search => {
  const [type = '', rest = ''] = query.split('?');
  const asked = askedFrom([...new URLSearchParams(rest)], strict);
  return storedSearch({ type, asked, reach, principal, base: 'https://broker.example/fhir', now: Date.parse('2026-11-01T00:00:00Z') })
    .search;
};

/** Ids of what a query finds, newest first. */
export const idsOf = async (
  pool: pg.Pool,
  query: string,
  principal: Principal = TRUST1,
  reach: Reach = 'own',
): Promise<readonly string[]> => (await searchResources(pool, searchOf(query, principal, reach))).rows.map(({ id }) => id);
