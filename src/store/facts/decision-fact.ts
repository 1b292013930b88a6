import type { Consent } from '@medplum/fhirtypes';
import { fromAdvanceDecision, isAdvanceDecision } from '../../../mappings/facts/from-advance-decision.ts';
import { idOf } from '../../../mappings/facts/reference-of.ts';
import { anomaly } from '../../model/anomaly.ts';
import type { Sql } from '../pool.ts';
import { readResource } from '../resources.ts';

/** The version before this one; undefined where it is the first. */
const versionBefore = async (sql: Sql, { id, meta }: Consent & { readonly id: string }): Promise<Consent | undefined> =>
  (await readResource(sql, 'Consent', id, Number(meta?.versionId) - 1))?.body as Consent | undefined;

/** Whether a Consent was an advance decision until now. */
export async function wasDecision(sql: Sql, consent: Consent & { readonly id: string }): Promise<boolean> {
  const before = await versionBefore(sql, consent);
  return before !== undefined && isAdvanceDecision(before);
}

/**
 * An advance decision is stored beside consents to share and is none: it leaves no fact, so that no gate ever reads it. It neither becomes one, nor was
 * one, nor moves to another person; and it takes the place of the same person's advance decisions alone, which the same publisher wrote.
 */
export async function checkDecision(sql: Sql, decision: Consent & { readonly id: string }, owner: string): Promise<void> {
  const { patientId, supersedes } = fromAdvanceDecision(decision);
  const before = await versionBefore(sql, decision);
  if (before !== undefined && !isAdvanceDecision(before))
    throw anomaly('conflict', 'a consent to share never becomes an advance decision: write another Consent', 'Consent.scope');
  if (before !== undefined && idOf(before.patient, 'Patient') !== patientId)
    throw anomaly('conflict', 'an advance decision never moves to another person', 'Consent.patient');
  for (const id of supersedes) {
    const other = await readResource(sql, 'Consent', id);
    const body = other?.body as Consent | undefined;
    const isTheirs = body !== undefined && isAdvanceDecision(body) && idOf(body.patient, 'Patient') === patientId;
    if (!isTheirs || other?.owner !== owner || id === decision.id)
      throw anomaly('incorrect', 'supersedes no other advance decision of this person', 'Consent.extension');
  }
}
