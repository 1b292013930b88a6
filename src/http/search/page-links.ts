import type { Principal } from '../../model/principal.ts';
import type { Door } from '../exchange.ts';
import { keeperOf, type Page } from './page.ts';
import { noPage } from './page-token.ts';

/** A longer token would make a URL that no one may send: it is kept, and a short id stands for it. */
const MOST_CHARACTERS = 4_000;
// No token that is sealed begins so.
const KEPT = 'kept.';

const pagesOf = (type: string): string => `search ${type}`;

/** The token of a page for its caller; null for no page. */
export const sealPage = async (door: Door, principal: Principal, page: Page | null): Promise<string | null> => {
  if (page === null) return null;
  const token = door.pages.seal(principal, pagesOf(page.search.type), page, door.now());
  return token.length <= MOST_CHARACTERS ? token : `${KEPT}${await door.store.keepToken(token, keeperOf(principal))}`;
};

/** The page of a token. Throws `malformed` for one that is not this caller's, or more than an hour old. */
export const openPage = async (door: Door, principal: Principal, type: string, text: string): Promise<Page> => {
  const token = text.startsWith(KEPT) ? await door.store.keptToken(text.slice(KEPT.length), keeperOf(principal)) : text;
  if (token === null) throw noPage();
  return door.pages.open<Page>(principal, pagesOf(type), token, door.now());
};
