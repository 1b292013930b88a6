import { System } from '../../profiles/canonicals.ts';
import type { RestType } from './parcel.ts';

/** The search that finds a document's resource, as a query: of a conditional update, a search, and `If-None-Exist`. */
export const documentQuery = (document: string): string => `identifier=${encodeURIComponent(`${System.document}|${document}`)}`;

/** Its URL on the server at `address`. It holds no person: the identifier is a random one of the broker's. */
export const documentUrl = (address: string, type: RestType, document: string): string =>
  `${address.replace(/\/+$/, '')}/${type}?${documentQuery(document)}`;
