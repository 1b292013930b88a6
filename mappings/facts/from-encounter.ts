import type { Encounter } from '@medplum/fhirtypes';
import { Extension, System } from '../../profiles/canonicals.ts';
import type { Instant } from '../../src/model/instant.ts';
import { extensionOf } from './extensions-of.ts';
import { periodOf } from './period-of.ts';
import { present } from './present.ts';
import { idOf } from './reference-of.ts';

/** A crisis contact as its sender tells it. */
export interface ContactFacts {
  /** With the sender's organisation it says whether this is a duplicate. */
  readonly identifier: { readonly system: string | null; readonly value: string };
  /** Other numbers of the same contact: those under which other services tell of it. */
  readonly others: readonly { readonly system: string | null; readonly value: string }[];
  /** Whom it is about: by NHS number, or by the id of a Patient; or somebody whom, as it says, nobody knows. */
  readonly person: { readonly nhsNumber: string } | { readonly patientId: string } | { readonly notKnown: true };
  /** Whether the person is in the sender's care by its status: arrived, triaged, in progress or on leave. */
  readonly open: boolean;
  readonly start: Instant | null;
  /** Exclusive end; null while none is known. */
  readonly until: Instant | null;
}

const OPEN: readonly Encounter['status'][] = ['arrived', 'triaged', 'in-progress', 'onleave'];

const readPerson = (encounter: Encounter): ContactFacts['person'] => {
  const patientId = idOf(encounter.subject, 'Patient');
  if (patientId !== null) return { patientId };
  if (extensionOf(encounter.subject, Extension.dataAbsentReason) !== undefined) return { notKnown: true };
  const { system, value } = encounter.subject?.identifier ?? {};
  return { nhsNumber: present(system === System.nhsNumber ? value : undefined, 'Encounter.subject.identifier') };
};

/** Reads an Encounter as a crisis contact. Throws `incorrect` where it names no person or has no identifier. */
export const fromEncounter = (encounter: Encounter): ContactFacts => {
  const identifier = present(encounter.identifier?.[0], 'Encounter.identifier');
  const period = periodOf(encounter.period, 'Encounter.period');
  return {
    identifier: { system: identifier.system ?? null, value: present(identifier.value, 'Encounter.identifier[0].value') },
    others: (encounter.identifier ?? [])
      .slice(1)
      .flatMap(({ system, value }) => (value === undefined ? [] : [{ system: system ?? null, value }])),
    person: readPerson(encounter),
    open: OPEN.includes(encounter.status),
    start: period.start,
    until: period.end,
  };
};
