import type { Traits } from '../model/traits.ts';

/** By what a record is certainly the person that was asked for; null where it is not certain. */
export type MatchedBy = 'number' | 'name-and-birth-date';

const WHOLE_DATE = /^\d{4}-\d\d-\d\d$/;

type Name = Traits['names'][number];

const agree = (sent: string | null, recorded: string | null): boolean => sent === null || sent === recorded;
const isSameName = (sent: Name, recorded: Name): boolean => agree(sent.family, recorded.family) && agree(sent.given, recorded.given);
const isWhole = ({ family, given }: Name): boolean => family !== null && given !== null;

/** Whether anything that was sent says that this record is somebody else. A phone number or a postcode changes, and says no such thing. */
const isContradicted = (sent: Traits, record: Traits): boolean =>
  (sent.nhsNumber !== null && record.nhsNumber !== null && sent.nhsNumber !== record.nhsNumber) ||
  !agree(sent.birthDate, record.birthDate) ||
  (sent.names.length > 0 && !sent.names.some((name) => record.names.some((recorded) => isSameName(name, recorded))));

/**
 * The rule of exactness: a verified NHS number; or family name, first given name and birth date, with one phone number, e-mail address or
 * whole postcode besides. Nothing that was sent may contradict it. Any less is no match: a guess never reveals a person.
 */
export const certainMatch = (sent: Traits, record: Traits): MatchedBy | null => {
  if (isContradicted(sent, record)) return null;
  if (sent.nhsNumber !== null && sent.nhsNumber === record.nhsNumber && record.traced) return 'number';
  const isNamed = sent.names.some((name) => isWhole(name) && record.names.some((recorded) => isSameName(name, recorded)));
  const isReachedTheSame = sent.contacts.some((each) => record.contacts.includes(each));
  return isNamed && WHOLE_DATE.test(sent.birthDate ?? '') && isReachedTheSame ? 'name-and-birth-date' : null;
};

/** One record that is held against what was sent, and whom it is of. */
export interface Candidate {
  readonly id: string;
  readonly traits: Traits;
}

/** Whom a match found; or why nobody: several is as good as none. */
export type Certain = { readonly id: string } | { readonly because: 'no-such-person' | 'several-persons' };

/** The one that is certain. A verified number names one person, whoever else has the same name and birth date. */
export const oneCertain = (sent: Traits, candidates: readonly Candidate[]): Certain => {
  const found = candidates.map(({ id, traits }) => ({ id, by: certainMatch(sent, traits) }));
  const byNumber = found.filter(({ by }) => by === 'number');
  const [id, ...more] = new Set((byNumber.length > 0 ? byNumber : found.filter(({ by }) => by !== null)).map((each) => each.id));
  return id === undefined ? { because: 'no-such-person' } : more.length > 0 ? { because: 'several-persons' } : { id };
};

/** Whether a confirmation says again what was asked with: the NHS number or the birth date, or both, and nothing else. */
export const isSaidAgain = (asked: Pick<Traits, 'nhsNumber' | 'birthDate'>, again: Pick<Traits, 'nhsNumber' | 'birthDate'>): boolean =>
  (again.nhsNumber !== null || again.birthDate !== null) &&
  (again.nhsNumber === null || again.nhsNumber === asked.nhsNumber) &&
  (again.birthDate === null || again.birthDate === asked.birthDate);
