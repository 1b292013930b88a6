import { type Kind, RECIPIENT_KINDS, type RecipientKind } from '../../../../src/model/kind.ts';
import * as body from '../../../support/bodies.ts';
import { type Caller, NHS_NUMBER_SYSTEM, type OpenDoor, openDoor, OPERATOR, TRUST } from '../../open-door.ts';
import { store } from '../../search/search-as.ts';
import { BERYL, type Body, GROUND, isRecipient, odsOf, orgOf, OTHER, OWN, task } from './bodies.ts';
import type { Target } from './read-answers.ts';

const must = (what: string, answer: { readonly status: number; readonly text: string }, ...statuses: readonly number[]): void => {
  if (!statuses.includes(answer.status)) throw new Error(`${what}: ${answer.status} ${answer.text}`);
};

const approve = async (door: OpenDoor, id: string): Promise<void> => {
  const parameter = [
    { name: 'version', valueString: '1' },
    { name: 'provenance', resource: body.approval(id, orgOf(OWN)) },
  ];
  must(`approve ${id}`, await door.post(TRUST, `/fhir/CarePlan/${id}/$approve`, { resourceType: 'Parameters', parameter }), 200);
};

/** The caller of a kind that asks for what is its own, another's, or disclosed to it: the operator is one organisation alone. */
export const callerOf = (kind: Kind, target: Target): Caller =>
  kind === 'operator' ? OPERATOR : { ods: odsOf(kind, target === 'own' ? OWN : OTHER), kind };

const tasks = (): readonly Body[] => [
  task('operator-broker', 'BROKER', 'operator'),
  ...RECIPIENT_KINDS.map((kind) => task(`${kind}-${OWN.toLowerCase()}`, odsOf(kind, OWN), kind)),
];

/** The ids under which a plan, its words, its person and its flag are disclosed to each kind of the other organisation. */
const disclosedIds = async (door: OpenDoor): Promise<ReadonlyMap<string, string>> => {
  const ids = new Map<string, string>();
  for (const kind of RECIPIENT_KINDS) {
    const form = `patient.identifier=${encodeURIComponent(`${NHS_NUMBER_SYSTEM}|${BERYL}`)}`;
    const answer = await door.search({ ods: odsOf(kind, OTHER), kind }, 'Flag', form);
    must(`the flag for ${kind}`, answer, 200);
    const id: unknown = answer.body.entry?.[0]?.resource.id;
    if (typeof id !== 'string') throw new Error(`nothing is disclosed to ${kind}: ${answer.text}`);
    ids.set(kind, id);
  }
  return ids;
};

/** The door with what the first organisation has, what the operator keeps, and a plan that is disclosed to the other organisation. */
export const layMatrixGround = async () => {
  const door = await openDoor();
  const kept = new Map<string, Body>();
  const owners = new Map<string, string>();
  for (const { by, resource } of GROUND) {
    must(`${resource.resourceType}/${resource.id} by ${by.kind}`, await door.put(by, resource), 201);
    kept.set(`${resource.resourceType}/${resource.id}`, resource);
    owners.set(`${resource.resourceType}/${resource.id}`, by.ods);
  }
  await approve(door, 'plan-of-beryl');
  await approve(door, 'to-withdraw');
  for (const each of tasks()) {
    await store(door.pool, 'BROKER', String(each.id), each as never);
    kept.set(`Task/${each.id}`, { ...each, status: 'accepted' });
  }
  const disclosed = await disclosedIds(door);
  const trail = (await door.get(TRUST, '/fhir/AuditEvent?_count=1')).body.entry?.[0]?.resource.id as string | undefined;
  if (trail === undefined) throw new Error('the trail is empty');
  return {
    door,
    kept,
    /** Who wrote what is kept. */
    owners,
    trail,
    disclosedTo: (kind: RecipientKind): string => {
      const id = disclosed.get(kind);
      if (id === undefined) throw new Error(`nothing is disclosed to ${kind}`);
      return id;
    },
  };
};

export type MatrixGround = Awaited<ReturnType<typeof layMatrixGround>>;

/** Types that are disclosed, and the routes on which the id of a disclosure can be asked for. */
const DISCLOSED = ['Patient', 'CarePlan', 'Composition', 'Flag'];
export const canBeDisclosed = (type: string, name: string, kind: Kind): boolean =>
  DISCLOSED.includes(type) && isRecipient(kind) && (/ id|_search|_history|\$match/.test(name) || name === 'GET');
