import type { Resource } from '@medplum/fhirtypes';
import { keysOf } from '../keys/keys-of.ts';
import type { Sql } from '../pool.ts';
import { type IndexRows, indexRows } from './index-rows.ts';

/** The rows by which a resource is found, as they are stored: an NHS number in a token only by its blind index. */
export const blindedRows = (sql: Sql, resource: Resource, owner: string): IndexRows => {
  const { index } = keysOf(sql);
  const rows = indexRows(resource, owner);
  return { ...rows, tokens: rows.tokens.map(({ param, token }) => ({ param, token: index.text(token) })) };
};
