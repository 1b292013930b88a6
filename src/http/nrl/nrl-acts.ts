import type { Bundle, DocumentReference } from '@medplum/fhirtypes';
import { createHash } from 'node:crypto';
import { CONTACT_STYLE } from '../../../mappings/nrl/contact-style.ts';
import { toContactPage } from '../../../mappings/nrl/to-contact-page.ts';
import { toNrlPointer } from '../../../mappings/nrl/to-nrl-pointer.ts';
import { toPrintedDisclosure } from '../../../mappings/nrl/to-printed-disclosure.ts';
import type { Disclosure } from '../../model/disclosure.ts';
import { drawPdf } from '../draw-pdf.ts';
import { type Answer, type Door, type Exchange, principalOf } from '../exchange.ts';
import { readNrlSearch } from './nrl-parameters.ts';
import { noRecord } from './nrl-refusal.ts';
import { NRL_BASE, NRL_CONTENT, type NrlAsked } from './nrl-routes.ts';
import type { NrlSite } from './nrl-site.ts';

/** What an act is given besides the request. */
export interface NrlGround {
  readonly origin: string;
  readonly id: string;
  readonly site: NrlSite;
}
type NrlAct = (exchange: Exchange, door: Door, ground: NrlGround) => Promise<Answer>;

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const POINTER = new RegExp(`^([A-Z0-9]{1,12})-(${UUID})$`);
const DISCLOSURE = new RegExp(`^${UUID}$`);

const pointerTo = (disclosure: Disclosure, { origin, site }: NrlGround): DocumentReference | null => {
  const { id, publisher, person, issuedAt, version } = disclosure;
  if (person.nhsNumber === null) return null;
  return toNrlPointer({
    // The id under which this consumer, and no other, knows the plan.
    id: `${publisher.ods}-${id}`,
    publisher,
    nhsNumber: person.nhsNumber,
    practiceSetting: site.practiceSetting,
    issuedAt,
    version,
    contents: [
      { form: 'unstructured', url: `${origin}${NRL_CONTENT}/${id}/plan`, retrieval: 'Direct', stability: 'dynamic' },
      { form: 'record-contact', url: `${origin}${NRL_CONTENT}/${id}/contact`, retrieval: 'Direct', stability: 'dynamic' },
    ],
    asid: null,
    replaces: [],
  });
};

const search: NrlAct = async (exchange, door, ground) => {
  const parameters = new URLSearchParams(exchange.query);
  for (const [name, value] of exchange.form ?? []) parameters.append(name, value);
  const { nhsNumber, ofPlans, custodian, countOnly } = readNrlSearch(parameters);
  // Existence is a disclosure too: decided, and on record as a flag, before it answers.
  const found = ofPlans ? await door.store.lookUp(principalOf(exchange), { nhsNumber }, false) : [];
  const pointers = found
    .filter(({ publisher }) => custodian === null || publisher.ods === custodian)
    .flatMap((each) => pointerTo(each, ground) ?? []);
  const base = `${ground.origin}${NRL_BASE}`;
  const body: Bundle = {
    resourceType: 'Bundle',
    type: 'searchset',
    total: pointers.length,
    // Without its value: a link of ours holds no person (I8).
    link: [{ relation: 'self', url: `${base}/DocumentReference?subject:identifier=` }],
    ...(countOnly || pointers.length === 0
      ? {}
      : {
          entry: pointers.map((resource) => ({
            fullUrl: `${base}/DocumentReference/${resource.id}`,
            resource,
            search: { mode: 'match' as const },
          })),
        }),
  };
  return { status: 200, headers: {}, body };
};

const read: NrlAct = async (exchange, door, ground) => {
  const [, ods, id] = POINTER.exec(ground.id) ?? [];
  if (id === undefined) throw noRecord();
  const found = await door.store.lookUp(principalOf(exchange), { id }, false);
  const named = found.find((each) => each.id === id && each.publisher.ods === ods);
  const pointer = named === undefined ? null : pointerTo(named, ground);
  if (pointer === null) throw noRecord();
  return { status: 200, headers: {}, body: pointer };
};

/** Finds what this consumer may read now: a delivery, on record before its bytes. */
type Open = (exchange: Exchange, door: Door, id: string) => Promise<Disclosure>;

/** By the id under which this consumer knows the plan. */
const ofConsumer: Open = async (exchange, door, id) => {
  const found = DISCLOSURE.test(id) ? await door.store.lookUp(principalOf(exchange), { id }, true) : [];
  const disclosure = found.find((each) => each.id === id);
  if (disclosure === undefined) throw noRecord();
  return disclosure;
};

/** By the id of a published pointer: that it is known says nothing of what may be read. */
const ofPointer: Open = async (exchange, door, pointer) => {
  const [disclosure] = DISCLOSURE.test(pointer) ? await door.store.lookUp(principalOf(exchange), { pointer }, true) : [];
  if (disclosure === undefined) throw noRecord();
  return disclosure;
};

const document =
  (open: Open): NrlAct =>
  async (exchange, door, { id }) => {
    const disclosure = await open(exchange, door, id);
    const now = door.now();
    const text = await drawPdf(toPrintedDisclosure(disclosure, now), new Date(now));
    return {
      status: 200,
      headers: { 'Content-Disposition': 'inline; filename="crisis-plan.pdf"' },
      body: { type: 'application/pdf', text },
    };
  };

const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(CONTACT_STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join(';');

const contact =
  (open: Open): NrlAct =>
  async (exchange, door, { id }) => {
    const text = toContactPage(await open(exchange, door, id), door.now());
    return { status: 200, headers: { 'Content-Security-Policy': PAGE_POLICY }, body: { type: 'text/html; charset=utf-8', text } };
  };

/** What each route does. */
export const NRL_ACTS: Readonly<Record<NrlAsked, NrlAct>> = {
  search,
  read,
  document: document(ofConsumer),
  contact: contact(ofConsumer),
  'pointed-document': document(ofPointer),
  'pointed-contact': contact(ofPointer),
};
