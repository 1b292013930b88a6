import type { Practitioner, PractitionerRole, Provenance, ProvenanceAgent, Reference, RelatedPerson } from '@medplum/fhirtypes';
import { REGISTERS } from '../../mappings/identity/registrations-of.ts';
import { idOf } from '../../mappings/facts/reference-of.ts';
import { System } from '../../profiles/canonicals.ts';
import { anomaly } from '../model/anomaly.ts';
import { isSameRegistration, type Registration, type UserIdentity } from '../model/user-identity.ts';
import type { Sql } from './pool.ts';
import { readResource } from './resources.ts';

const SYSTEMS: readonly string[] = [...REGISTERS.map(({ system }) => system), System.sdsUser];

/** Whether an agent only wrote what somebody else approves. */
const isAuthor = ({ type }: ProvenanceAgent): boolean => (type?.coding ?? []).some(({ code }) => code === 'author');

/** The publisher's own Practitioner that a reference names, itself or by one of its roles; null for anybody else. */
async function practitionerOf(sql: Sql, owner: string, who: Reference | undefined): Promise<Practitioner | null> {
  const roleId = idOf(who, 'PractitionerRole');
  const role = roleId === null ? null : await readResource(sql, 'PractitionerRole', roleId);
  const named = role === null ? who : role.owner === owner ? (role.body as PractitionerRole).practitioner : undefined;
  const id = idOf(named, 'Practitioner');
  const stored = id === null ? null : await readResource(sql, 'Practitioner', id);
  return stored === null || stored.owner !== owner ? null : (stored.body as Practitioner);
}

/** What a Practitioner is known by to the outside world: registrations, and the Spine's id. */
const knownBy = ({ identifier }: Practitioner): readonly Registration[] =>
  (identifier ?? []).flatMap(({ system, value }) =>
    system !== undefined && value !== undefined && SYSTEMS.includes(system) ? [{ system, value }] : [],
  );

/** What a user is known by to the outside world. */
const provedBy = ({ registrations, sdsUserId }: UserIdentity): readonly Registration[] => [
  ...registrations,
  ...(sdsUserId === null ? [] : [{ system: System.sdsUser, value: sdsUserId }]),
];

const isOneOf = (known: readonly Registration[], proved: readonly Registration[]): boolean =>
  known.some((one) => proved.some((other) => isSameRegistration(one, other)));

/** Who signs an approval, and of whom it is. */
export interface Signatures {
  readonly provenance: Provenance;
  readonly secondClinician: string | null;
  readonly patientId: string;
}

/** The person and their carers: the clinician who approves vouches for their signatures. */
const isOwnSide = ({ who }: ProvenanceAgent): boolean => idOf(who, 'Patient') !== null || idOf(who, 'RelatedPerson') !== null;

async function checkOwnSide(
  sql: Sql,
  owner: string,
  who: Reference | undefined,
  { patientId, at }: { readonly patientId: string; readonly at: string },
): Promise<void> {
  const patient = idOf(who, 'Patient');
  if (patient === patientId) return;
  const stored = patient === null ? await readResource(sql, 'RelatedPerson', idOf(who, 'RelatedPerson') ?? '') : null;
  const isTheirs = stored?.owner === owner && idOf((stored.body as RelatedPerson).patient, 'Patient') === patientId;
  if (!isTheirs) throw anomaly('forbidden', 'is neither the person nor a RelatedPerson of theirs', at);
}

/**
 * Holds who signs an approval against the user who is signed in: each agent (a clinician, by the profile) who verifies or attests is that user,
 * by a registration or the Spine's id, and so is an author where nobody else signs. One who carries neither is believed, for names prove nothing;
 * the verified claim is kept beside the approval. The person and their carers may sign beside them. The second clinician is somebody else. Throws `forbidden` with the agent who is another.
 */
export async function checkApprover(
  sql: Sql,
  owner: string,
  { provenance, secondClinician, patientId }: Signatures,
  user: UserIdentity,
): Promise<void> {
  const proved = provedBy(user);
  const clinicians = provenance.agent.filter((agent) => !isOwnSide(agent));
  const byAuthors = clinicians.every(isAuthor);
  for (const [index, agent] of provenance.agent.entries()) {
    if (isOwnSide(agent)) {
      await checkOwnSide(sql, owner, agent.who, { patientId, at: `Provenance.agent[${index}].who` });
      continue;
    }
    if (isAuthor(agent) && !byAuthors) continue;
    const practitioner = await practitionerOf(sql, owner, agent.who);
    const at = `Provenance.agent[${index}].who`;
    if (practitioner === null) throw anomaly('forbidden', 'is no clinician of this organisation', at);
    const known = knownBy(practitioner);
    if (known.length > 0 && !isOneOf(known, proved))
      throw anomaly(
        'forbidden',
        'is another clinician than the user in X-User-Identity: no registration and no SDS user id is the same',
        at,
      );
  }
  if (secondClinician === null) return;
  const second = await practitionerOf(sql, owner, { reference: secondClinician });
  if (second !== null && isOneOf(knownBy(second), proved))
    throw anomaly('forbidden', 'is the user in X-User-Identity, who approves', 'CarePlan.extension.agreedWithPerson.secondClinician');
}
