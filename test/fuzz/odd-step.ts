import fc from 'fast-check';
import { AMBER, AMBULANCE, type Caller, NOBODY, OPERATOR, OTHER_TRUST, POLICE, TRUST } from '../http/open-door.ts';
import type { Json } from './json.ts';
import { mutated, mutation, type Mutation } from './mutation.ts';
import { oddHeaders } from './odd-headers.ts';
import { queryOf } from './odd-search.ts';
import { FHIR, headersOf, ids, mangling, type Sent, text } from './sent.ts';

/** Steps of a plan's, a person's or an agreement's own life: each as it may well be asked, with something odd in it mostly. */

const APP: Caller = { ods: 'ZZ7', kind: 'person' };
/** A caller, and whom its app signed in: the sender makes the identity of that number. */
interface Asker {
  readonly caller: Caller;
  readonly signedIn: string | null;
}
const alone = (caller: Caller): Asker => ({ caller, signedIn: null });
const PERSON: Asker = { caller: APP, signedIn: AMBER };

interface Step {
  /** `:id` stands for the id of what is asked about, mostly `id`. */
  readonly path: string;
  readonly id: string;
  readonly by: Asker;
  /** By GET where it is a query. */
  readonly asked: string | readonly Json[];
}
const by = (path: string, id: string, asker: Asker, asked: Step['asked']): Step => ({ path, id, by: asker, asked });
const own = alone(TRUST);

const STEPS: readonly Step[] = [
  by('CarePlan/:id/$submit-for-review', 'plan-2', own, [{ name: 'version', valueString: '1' }]),
  by('CarePlan/:id/$comment', 'plan-2', own, [
    { name: 'kind', valueCode: 'change-request' },
    { name: 'heading', valueCode: 'triggers' },
    { name: 'text', valueString: 'Say it more plainly' },
  ]),
  by('CarePlan/:id/$changes', 'plan-2', own, ''),
  by('CarePlan/:id/$changes', 'plan-1', own, ''),
  by('CarePlan/:id/$print', 'plan-1', own, ''),
  by('CarePlan/:id/$print', 'plan-1', PERSON, ''),
  by('CarePlan/:id/$explain', 'plan-1', own, 'recipient=HealthcareService/ambulance'),
  ...['2026-11-01T10:00:00Z', '2020-02-30T10:00:00Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999-14:00', '2026', '%00'].map(
    (at) => by('CarePlan/:id/$explain', 'plan-1', own, `recipient=HealthcareService/ambulance&at=${at}`),
  ),
  by('Patient/:id/$access-log', 'amber', PERSON, '_count=2'),
  by('Patient/:id/$access-log', 'amber', PERSON, `after=${'0'.repeat(32)}`),
  by('Patient/:id/$access-log', 'amber', own, '_count=1e1'),
  by('Patient/:id/$raise-concern', 'amber', PERSON, [
    { name: 'concern', valueCode: 'correction' },
    { name: 'text', valueString: 'It says that I live alone, and I do not' },
    { name: 'about', valueReference: { reference: 'CarePlan/plan-1' } },
  ]),
  by('Patient/:id/$refuse-sharing', 'amber', PERSON, [{ name: 'kind', valueCode: 'police' }]),
  by('Contract/:id/$report-reuse', 'agreement-1', alone(AMBULANCE), [
    { name: 'reuse', valueCode: 'investigation' },
    { name: 'text', valueString: 'A made-up report of a reuse' },
    { name: 'plan', valueReference: { reference: 'CarePlan/plan-1' } },
  ]),
  ...['', '_count=1', 'until=2026-01-01', '_format=xml'].map((query) => by('Flag/$list', '', alone(AMBULANCE), query)),
  by('Endpoint/:id/$replay', 'endpoint-1', alone(OPERATOR), [
    { name: 'key', valueString: 'plan-1' },
    { name: 'reason', valueString: 'A made-up reason' },
  ]),
  by('Subscription/$status', '', alone(POLICE), [{ name: 'id', valueId: 'police-1' }]),
  by('Subscription/$status', '', alone(POLICE), 'id=police-1&status=active'),
  by('Subscription/:id/$status', 'police-1', alone(POLICE), ''),
  by('Subscription/:id/$events', 'police-1', alone(POLICE), 'eventsSinceNumber=1&content=id-only'),
  by('Subscription/:id/$events', 'police-1', alone(POLICE), [{ name: 'eventsUntilNumber', valueString: '3' }]),
  by('Subscription/:id/$resend', 'police-1', alone(POLICE), [{ name: 'eventsSinceInstant', valueInstant: '2026-01-01T00:00:00Z' }]),
  by('Subscription/$get-ws-binding-token', '', alone(POLICE), [{ name: 'id', valueId: 'police-1' }]),
  by('Subscription/:id/$get-ws-binding-token', 'police-1', alone(POLICE), ''),
  by('Subscription/:id/$rotate-secret', 'subscription-1', alone(POLICE), []),
  by('Endpoint/:id/$move', 'endpoint-1', alone(OPERATOR), [
    { name: 'address', valueUrl: 'https://moved.example/fhir' },
    { name: 'without-credential', valueBoolean: true },
  ]),
  by('Endpoint/:id/$rotate-credential', 'endpoint-1', alone(OPERATOR), [
    { name: 'address', valueUrl: 'https://moved.example/fhir' },
    { name: 'credential', part: [{ name: 'ca', valueString: 'none' }] },
  ]),
  by('HealthcareService/:id/$end-chase', 'ambulance', alone(OPERATOR), [
    { name: 'level', valueCode: 'attested' },
    { name: 'disclosure', valueReference: { reference: `CarePlan/${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}` } },
    { name: 'document', valueId: 'a' },
    { name: 'reason', valueString: 'A made-up reason' },
    { name: 'checked', valueString: 'Nothing at all' },
  ]),
  by('Contract/:id/$ending-progress', 'agreement-1', own, ''),
  by('HealthcareService/:id/$pause', 'ambulance', alone(OPERATOR), [
    { name: 'reason', valueString: 'A made-up reason' },
    { name: 'recalls', valueBoolean: true },
  ]),
  by('HealthcareService/:id/$resume', 'ambulance', alone(OPERATOR), []),
  by('Contract/:id/$ending-proof', 'agreement-1', own, ''),
  by('Contract/:id/$ending-proof', 'agreement-1', alone(OPERATOR), `after=${Buffer.from('ambulance/\0').toString('base64url')}`),
  by('Endpoint/:id/$check', 'endpoint-1', alone(OPERATOR), [{ name: 'again', valueBoolean: true }]),
  by('Endpoint/:id/$check', 'endpoint-1', alone(AMBULANCE), []),
];

const others = fc.constantFrom<Asker>(
  { caller: APP, signedIn: NOBODY },
  alone(APP),
  { caller: TRUST, signedIn: AMBER },
  ...[TRUST, OTHER_TRUST, OPERATOR, AMBULANCE, POLICE].map(alone),
);
const mostly = <T, R>(weight: number, same: R, other: fc.Arbitrary<T>): fc.Arbitrary<R | T> =>
  fc.oneof({ weight, arbitrary: fc.constant(same) }, { weight: 1, arbitrary: other });

/** A step of these, of whom it may be and of whom it may not. */
export const aStep: fc.Arbitrary<Sent> = fc
  .record({
    step: fc.constantFrom(...STEPS),
    id: mostly(3, null, ids),
    asker: mostly(3, null, others),
    query: mostly(2, null, queryOf('CarePlan')),
    mutations: mostly(1, [] as Mutation[], fc.array(mutation, { minLength: 1, maxLength: 3 })),
    odd: oddHeaders,
    mangle: mangling,
  })
  .map(({ step, id, asker, query, mutations, odd, mangle }): Sent => {
    const path = `/fhir/${step.path.replace(':id', () => id ?? step.id)}`;
    const { caller, signedIn } = asker ?? step.by;
    const identity: Readonly<Record<string, string>> = signedIn === null ? {} : { 'x-user-identity': `person ${signedIn}` };
    const headers = (type: string | null) => headersOf(caller, type, { ...identity, ...odd });
    if (typeof step.asked === 'string') {
      const own = query === null ? step.asked : [step.asked, query].filter((each) => each !== '').join('&');
      return { method: 'GET', path: own === '' ? path : `${path}?${own}`, headers: headers(null), body: null };
    }
    const asked: Json = { resourceType: 'Parameters', parameter: [...step.asked] };
    return { method: 'POST', path, headers: headers(FHIR), body: mangle(text(mutations.reduce<Json>(mutated, asked))) };
  });
