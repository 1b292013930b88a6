import { Extension } from '../../profiles/canonicals.ts';
import { canonical } from '../../src/decide/digest.ts';
import type { Sequence } from '../../src/model/copy.ts';
import type { Outcome } from '../../src/model/ledger.ts';
import { fromSequenceText } from '../disclosure/sequence.ts';
import { fromRestAnswer } from './from-rest-answer.ts';
import type { RestWrite } from './parcel.ts';
import { identifiesDocument, isJson, listOf } from './read-json.ts';
import type { Json } from './read-json.ts';

/** One resource that lies on the server under the document's identifier. */
export interface Lying {
  readonly id: string;
  /** `meta.versionId`; null where the server keeps none. */
  readonly version: string | null;
  readonly sequence: Sequence | null;
  /** Whether it is what was frozen, but for what a server sets itself (`id`, `meta`). */
  readonly isSame: boolean;
}

/** What a search for a document's resource found, or why that is not known. */
export type Found = { readonly kind: 'found'; readonly lying: readonly Lying[] } | Exclude<Outcome, { kind: 'accepted' }>;

/** R4: an id is at most 64 letters, digits, `-` and `.`; anything else would lead a request astray. */
const ID = /^[A-Za-z0-9.-]{1,64}$/;

/**
 * Reads the answer to a search by the document's identifier. An answer that holds anything else, or more than one page, proves nothing: the server
 * may have passed the criteria by, and then a conditional update would too.
 */
export const fromRestSearch = (status: number, body: unknown, write: RestWrite): Found => {
  if (status !== 200) {
    const outcome = fromRestAnswer(status, null, write);
    return outcome.kind === 'accepted' ? { kind: 'unknown', because: 'search-unreadable' } : outcome;
  }
  if (!isJson(body) || body['resourceType'] !== 'Bundle' || body['type'] !== 'searchset')
    return { kind: 'unknown', because: 'search-unreadable' };
  if (listOf(body['link']).some(({ relation }) => relation === 'next')) return { kind: 'refused', because: 'search-ignored', retry: true };
  const matches = listOf(body['entry']).flatMap(({ resource, search }) =>
    isJson(resource) && !(isJson(search) && search['mode'] === 'outcome') ? [resource] : [],
  );
  if (!matches.every((each) => each['resourceType'] === write.type && identifiesDocument(each, write.document)))
    return { kind: 'refused', because: 'search-ignored', retry: true };
  const lying = matches.map((each) => toLying(each, write));
  if (!lying.every(({ id }) => ID.test(id))) return { kind: 'unknown', because: 'search-unreadable' };
  return { kind: 'found', lying };
};

const toLying = (resource: Json, { body }: RestWrite): Lying => {
  const meta = isJson(resource['meta']) ? resource['meta'] : {};
  return {
    id: String(resource['id']),
    version: typeof meta['versionId'] === 'string' ? meta['versionId'] : null,
    sequence: sequenceOf(resource),
    isSame: canonical(bare(resource)) === canonical(bare(JSON.parse(body))),
  };
};

const bare = ({ id: _id, meta: _meta, ...rest }: Json): Json => rest;

/** The sequence that a resource carries: a pointer itself, a Bundle in what it holds. */
const sequenceOf = (resource: Json): Sequence | null => {
  const inside = [resource, ...listOf(resource['entry']).flatMap(({ resource: each }) => (isJson(each) ? [each] : []))];
  const texts = inside.flatMap((each) => listOf(each['extension']).filter(({ url }) => url === Extension.sequence));
  const [first] = texts;
  return first === undefined || typeof first['valueString'] !== 'string' ? null : fromSequenceText(first['valueString']);
};
