import type { Bundle, BundleEntry, BundleLink, Parameters } from '@medplum/fhirtypes';
import { toOperationOutcome } from '../../../mappings/outcome/to-operation-outcome.ts';
import { RESOURCE_TYPES } from '../../../profiles/resource-types.ts';
import type { Principal } from '../../model/principal.ts';
import type { EverythingAsked } from '../../store/door.ts';
import { principalOf, reachOf } from '../exchange.ts';
import type { Answer, Door, Exchange } from '../exchange.ts';
import { permitted } from '../policy.ts';
import { shown } from '../redact-header.ts';
import { badParameter, notFound, Refusal } from '../refusal.ts';
import { askedOf } from '../search/asked.ts';
import { checkedNames } from '../search/parameter-name.ts';
import { choicesOf, datesAsked } from '../search/values.ts';
import type { Act } from './act.ts';
import { validParametersOf } from './operations.ts';
import { readOwn } from './read.ts';

/** Types of which this caller may read what it wrote. */
const typesFor = (principal: Principal): readonly string[] =>
  RESOURCE_TYPES.map(({ type }) => type).filter((type) => permitted(principal, type, 'read') !== null);

/** What is turned over: a page of one Patient is none of another. */
const pagesOf = (patientId: string): string => `everything ${patientId}`;

/** What a POST says in Parameters, as a GET says it in the address. */
const formOf = ({ parameter }: Parameters): URLSearchParams =>
  new URLSearchParams(
    (parameter ?? []).map(({ name, valueInstant, valueCode, valueString, valueInteger, valueDate }): [string, string] => [
      name ?? '',
      valueInstant ?? valueCode ?? valueString ?? valueDate ?? (valueInteger === undefined ? '' : String(valueInteger)),
    ]),
  );

const toPage = async (exchange: Exchange, door: Door, asked: EverythingAsked, ignored: readonly string[]): Promise<Answer> => {
  const { entries, total, next } = await door.store.everything(asked);
  const address = `${exchange.base}/Patient/${asked.patientId}/$everything`;
  const token =
    next === null ? null : door.pages.seal(principalOf(exchange), pagesOf(asked.patientId), { ...asked, after: next }, door.now());
  const link: BundleLink[] = [
    { relation: 'self', url: address },
    ...(token === null ? [] : [{ relation: 'next', url: `${address}?_page=${token}` }]),
  ];
  const entry: BundleEntry[] = [
    ...entries.map(
      ({ stored, mode }): BundleEntry => ({
        fullUrl: `${exchange.base}/${stored.type}/${stored.id}`,
        resource: shown(stored.body),
        search: { mode },
      }),
    ),
    ...(ignored.length === 0 ? [] : [ignoredEntry(ignored)]),
  ];
  const body: Bundle = { resourceType: 'Bundle', type: 'searchset', total, link, ...(entry.length === 0 ? {} : { entry }) };
  return { status: 200, headers: {}, body };
};

const ignoredEntry = (names: readonly string[]): BundleEntry => ({
  search: { mode: 'outcome' },
  resource: toOperationOutcome({
    category: 'unsupported',
    issues: names.map((name) => ({
      at: `http.${checkedNames(name)}`,
      help: 'is no parameter of this operation, and was ignored',
      severity: 'warning',
    })),
  }),
});

/** Patient/[id]/$everything (R4), by GET and by POST, for the person's own trust; for anyone else there is nothing here, as in a read. */
export const everything: Act = async (exchange, door) => {
  if (reachOf(exchange) !== 'own') throw notFound();
  const principal = principalOf(exchange);
  const form = exchange.resource === null ? null : formOf(validParametersOf(exchange, door));
  const { parameters, count, page, strict } = askedOf({ ...exchange, form });
  const { id } = await readOwn(exchange, door);
  if (page !== null) {
    const asked = door.pages.open<EverythingAsked>(principal, pagesOf(id), page, door.now());
    const types = typesFor(principal);
    return toPage(exchange, door, { ...asked, base: exchange.base, types: asked.types.filter((type) => types.includes(type)) }, []);
  }
  const types = typesFor(principal);
  const wanted = parameters.filter(([name]) => name === '_type').flatMap(([name, text]) => choicesOf(name, text));
  if (wanted.some((type) => !/^[A-Z][A-Za-z]{1,63}$/.test(type))) throw badParameter('_type', 'is a list of resource types');
  const since = parameters
    .filter(([name]) => name === '_since')
    .flatMap(([name, text]) => datesAsked(name, text, door.now()).map(({ low }) => low));
  const ignored = parameters.map(([name]) => name).filter((name) => name !== '_type' && name !== '_since');
  if (strict && ignored[0] !== undefined)
    throw new Refusal(400, 'unsupported', { at: `http.${checkedNames(ignored[0])}`, help: 'is no parameter of this operation' });
  const only = wanted.length === 0 ? null : wanted;
  const asked = {
    patientId: id,
    owner: principal.organization,
    base: exchange.base,
    types,
    only,
    since: since.length === 0 ? null : Math.max(...since),
    count,
    after: null,
  };
  return toPage(exchange, door, asked, ignored);
};
