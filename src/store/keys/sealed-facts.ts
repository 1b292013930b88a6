import type { KeyObject } from 'node:crypto';
import type { DisclosedPerson } from '../../model/disclosure.ts';
import type { Person } from '../../model/person.ts';
import { type Place, seal, unseal } from './sealed-text.ts';

/** Of a person as a decision needs them, what names nobody lies open; the rest is one sealed text. */
type Named = 'nhsNumber' | 'nameDigest' | 'identityDigest';
export type SealedPerson = Omit<Person, 'id' | Named> & { readonly sealed?: string };

/** Details of a person as they are stored. */
export interface SealedDetails {
  readonly sealed: string;
}

const factsOf = (patientId: string): Place => ['patient_fact.facts', patientId];
const detailsOf = (patientId: string): Place => ['patient_fact.disclosed', patientId];

/** Seals number, and digests of names that could be guessed. */
export const sealPerson = (key: KeyObject, patientId: string, person: Omit<Person, 'id'>): SealedPerson => {
  const { nhsNumber, nameDigest, identityDigest, ...open } = person;
  return { ...open, sealed: seal(key, factsOf(patientId), JSON.stringify({ nhsNumber, nameDigest, identityDigest })) };
};

/** Nobody: what is left of a person whose key was destroyed. */
const NOBODY: Pick<Person, Named> = { nhsNumber: null, nameDigest: '', identityDigest: '' };

/** Opens it; a person of nobody's name where the key was destroyed. What an older version left lies open. Throws AlteredText. */
export const openPerson = (key: KeyObject | null, patientId: string, { sealed, ...open }: SealedPerson): Omit<Person, 'id'> => {
  if (sealed === undefined) return { ...NOBODY, ...open };
  if (key === null) return { ...open, ...NOBODY, traced: false };
  return { ...open, ...(JSON.parse(unseal(key, factsOf(patientId), sealed)) as Pick<Person, Named>) };
};

export const sealDetails = (key: KeyObject, patientId: string, details: DisclosedPerson): SealedDetails => ({
  sealed: seal(key, detailsOf(patientId), JSON.stringify(details)),
});

/** Opens them; what an older version left lies open. Throws AlteredText. */
export const openDetails = (key: KeyObject, patientId: string, stored: SealedDetails | DisclosedPerson): DisclosedPerson =>
  'sealed' in stored ? (JSON.parse(unseal(key, detailsOf(patientId), stored.sealed)) as DisclosedPerson) : stored;
