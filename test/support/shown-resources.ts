import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../docs/', import.meta.url);

/** The pages of `docs`. */
export const PAGES: readonly string[] = readdirSync(folder).filter((name) => name.endsWith('.md'));

/** Resources that a page shows whole, in order. What is abridged says so, by an ellipsis. */
export const shownIn = (page: string): readonly { readonly resourceType: string }[] =>
  [...readFileSync(new URL(page, folder), 'utf8').matchAll(/```json\n(.*?)```/gs)]
    .map(([, text = '']) => text)
    .filter((text) => /^\{\s*"resourceType"/.test(text) && !/…|"\.\.\."/.test(text))
    .map((text) => JSON.parse(text));
