import { isJson, type Json, listOf } from '../rest/read-json.ts';
import type { NrlWrite } from './parcel.ts';

/** How a further page of a search is asked for: the same search once more with a token in its body, or a GET of an address of the locator's own. */
export type NextNrlPage = { readonly token: string } | { readonly url: string };

/** As specification and code of the NRL write it: `next-page-token`, and `next_page_token` (NRLF, `create_meta`). */
const TOKEN = /next[-_]page[-_]token/i;
/** More is no token of a list. */
const MOST_CHARACTERS = 4_096;

/** Whether an answer says that there is more, in any way: what is not understood of it proves at least that the search is not at its end. */
export const hasNextNrlPage = ({ link, meta }: Json): boolean =>
  listOf(link).some(({ relation }) => relation === 'next') || TOKEN.test(JSON.stringify(meta) ?? '');

/**
 * What is to be asked for next; null where there is no more, or nothing that may be followed. An address comes from outside: it is followed only where it is one
 * below `base`, at the same origin, and holds no number (I8).
 */
export const nextNrlPage = (body: unknown, base: string, { nhsNumber }: Pick<NrlWrite, 'nhsNumber'>): NextNrlPage | null => {
  if (!isJson(body) || body['type'] !== 'searchset') return null;
  const meta = body['meta'];
  const tag = isJson(meta) ? listOf(meta['tag']).find(({ display }) => TOKEN.test(String(display))) : undefined;
  const token = tag?.['code'];
  if (typeof token === 'string' && token !== '' && token.length <= MOST_CHARACTERS) return { token };
  const url = listOf(body['link']).find(({ relation }) => relation === 'next')?.['url'];
  return typeof url === 'string' && isBelow(url, base) && !holds(url, nhsNumber) ? { url } : null;
};

// A path with `%` in it may be read as another one by whoever decodes it.
const isBelow = (url: string, base: string): boolean => {
  if (url.length > MOST_CHARACTERS || !URL.canParse(url)) return false;
  const { origin, pathname, username, password, hash } = new URL(url);
  const own = new URL(base);
  const folder = own.pathname.replace(/\/+$/, '');
  const isInside = pathname === folder || pathname.startsWith(`${folder}/`);
  return origin === own.origin && isInside && !pathname.includes('%') && username === '' && password === '' && hash === '';
};

const holds = (url: string, nhsNumber: string): boolean => {
  try {
    return decodeURIComponent(url).includes(nhsNumber);
  } catch {
    // What cannot be read may hold anything.
    return true;
  }
};
