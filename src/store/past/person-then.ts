import type { Patient } from '@medplum/fhirtypes';
import { fromPatient } from '../../../mappings/facts/from-patient.ts';
import type { Instant } from '../../model/instant.ts';
import type { Person } from '../../model/person.ts';
import type { Stored } from '../door.ts';
import { keysOf } from '../keys/keys-of.ts';
import { type Sql, statement } from '../pool.ts';
import { versionsThen, versionsUntil } from './versions-then.ts';

/** Who somebody was at an instant, as the record of one publisher had it. */
export interface PersonThen {
  readonly stored: Stored;
  readonly person: Omit<Person, 'id'>;
  /** Blind index of the verified number; null where none was. */
  readonly number: string | null;
  /** The Patients that were records of the same person. */
  readonly patientIds: readonly string[];
  /** Whether their number was verified at an earlier moment. */
  readonly wasTraced: (moment: Instant) => boolean;
}

const recordsUnder = statement<[string], { patient_id: string }>(
  'records-under-number',
  'SELECT pt.patient_id FROM patient_fact pt JOIN person pe ON pe.id = pt.person_id WHERE pe.nhs_number = $1',
);

/** Null where there was no such record then. Death and restriction are of the person, whichever of their records said so. */
export async function personThen(sql: Sql, patientId: string, at: Instant): Promise<PersonThen | null> {
  const { index } = keysOf(sql);
  const readOf = (stored: Stored) => {
    const { person } = fromPatient(stored.body as Patient);
    return { stored, person, number: person.traced && person.nhsNumber !== null ? index.number(person.nhsNumber) : null };
  };
  const history = (await versionsUntil(sql, 'Patient', [patientId], at)).map(readOf);
  const own = history.at(-1);
  if (own === undefined) return null;
  const { stored, person, number } = own;
  const others = number === null ? [] : (await recordsUnder(sql, number)).map(({ patient_id }) => patient_id);
  const records = (await versionsThen(sql, 'Patient', others, at)).map(readOf).filter((one) => one.number === number);
  const all = [own, ...records];
  return {
    stored,
    person: { ...person, alive: all.every((one) => one.person.alive), restricted: all.some((one) => one.person.restricted) },
    number,
    patientIds: [...new Set(all.map((one) => one.stored.id))],
    wasTraced: (moment) => (history.findLast((one) => one.stored.updatedAt <= moment)?.number ?? null) !== null,
  };
}
