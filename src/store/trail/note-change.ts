import type { Resource } from '@medplum/fhirtypes';
import { digest } from '../../decide/digest.ts';
import type { Principal } from '../../model/principal.ts';
import { type Sql, statement } from '../pool.ts';

const note = statement<[string, string, string, string | null, string | null, string | null, string, string], never>(
  'note-change',
  `INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, digest, about) VALUES ($1, $2, $3, $4, $5::uuid, $6::uuid, $7, $8)`,
);
const noteOfConsent = statement<[string, string, string | null, string, string, string, string], never>(
  'note-consent',
  // One row for each plan that it may speak of; where there is none yet, one of the person.
  `INSERT INTO audit (event, organization, kind, caller, person_id, plan_id, digest, about)
   SELECT 'consent', $1, $2, $3, $4::uuid, p.id, $6, $7 FROM (SELECT 1) one LEFT JOIN plan p ON p.patient_id = $5`,
);

/** Who did it, as the trail names them. */
type Who = Pick<Principal, 'organization' | 'kind' | 'user'>;

const nameOf = ({ resourceType, id, meta }: Resource): string => `${resourceType}/${id}/_history/${meta?.versionId}`;

/** Puts on record, in the transaction that does it, that a plan was approved or withdrawn, or an agreement written: by whom, and the hash of what. */
export const noteChange = async (
  sql: Sql,
  event: 'approve' | 'withdraw' | 'agreement',
  who: Who,
  { person, plan }: { readonly person: string | null; readonly plan: string | null },
  resource: Resource,
): Promise<void> => {
  await note(sql, event, who.organization, who.kind, who.user, person, plan, digest(resource), nameOf(resource));
};

/** Puts on record that a consent was written: which version, its hash, and for which of the person's plans. */
export const noteConsent = async (
  sql: Sql,
  who: Who,
  person: string,
  patientId: string,
  resource: Resource,
  hash: string,
): Promise<void> => {
  await noteOfConsent(sql, who.organization, who.kind, who.user, person, patientId, hash, nameOf(resource));
};
