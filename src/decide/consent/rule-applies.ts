import type { Coded, ConsentQuestion, ConsentRule, Datum, NamedActor } from '../../model/consent-rules.ts';
import { includes, type Period } from '../../model/period.ts';

/** Whether a provision speaks of something; null where that cannot be told. */
export type Applies = boolean | null;

/** All of several: no beats "cannot be told", which beats yes. */
export const all = (each: readonly Applies[]): Applies => (each.includes(false) ? false : each.includes(null) ? null : true);
/** Any of several, of which none is everything. */
export const any = (each: readonly Applies[]): Applies => (each.includes(true) ? true : each.includes(null) ? null : false);

const isSame = (a: Coded, b: Coded): boolean => a.system === b.system && a.code === b.code;
const systemOf = (name: string): string | null => (name.includes('|') ? (name.split('|')[0] ?? null) : null);

const isActor = (named: NamedActor, asker: readonly string[]): Applies => {
  if (named.names.some((name) => asker.includes(name))) return true;
  if (named.resolved) return false;
  // Somebody else under an identifier of the same system is somebody else; of whom nothing comparable is known, it cannot be told.
  const comparable = named.names.map(systemOf).filter((system) => system !== null);
  const known = asker.map(systemOf);
  return comparable.some((system) => known.includes(system)) ? false : null;
};

/** What a provision is asked for: whether it permits, or whether it denies. */
export type Sense = 'permit' | 'deny';

const speaksOfPurpose = (rule: ConsentRule, { purpose }: ConsentQuestion, sense: Sense): Applies => {
  if (rule.purposes.length === 0) return true;
  // Asked for whatever purpose: what is denied for one is denied, and what is permitted for one is not permitted for all.
  if (purpose === null) return sense === 'deny';
  return rule.purposes.some((one) => isSame(one, purpose));
};

const isInTime = (period: Period, at: number, sense: Sense): boolean =>
  // A deny's end lets nothing out: it stands until a later consent supersedes it by link.
  sense === 'deny' ? period.start === null || period.start <= at : includes(period, at);

/** Who, why and when: what decides whether a provision speaks at all, and every provision within it. */
export const speaks = (rule: ConsentRule, question: ConsentQuestion, sense: Sense): Applies =>
  all([
    isInTime(rule.period, question.at, sense),
    rule.actors.length === 0 ? true : any(rule.actors.map((each) => isActor(each, question.actor))),
    speaksOfPurpose(rule, question, sense),
    rule.discloses,
  ]);

const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
/** From the least to the most confidential. */
const LEVELS = ['U', 'L', 'M', 'N', 'R', 'V'];
const levelOf = ({ system, code }: Coded): number => (system === CONFIDENTIALITY ? LEVELS.indexOf(code) : -1);

/** Confidentiality by direction: a permit of R covers R and less, a deny of R covers R and more. Every other label exactly. */
const coversLabel = (type: ConsentRule['type'], said: Coded, label: Coded): boolean => {
  const [limit, level] = [levelOf(said), levelOf(label)];
  if (limit < 0 || level < 0) return isSame(said, label);
  return type === 'deny' ? level >= limit : level <= limit;
};

const speaksOfLabels = ({ labels, type }: ConsentRule, datum: Datum): Applies =>
  // What has no label is not within a permit that is limited to some.
  labels.length === 0 || labels.some((said) => datum.labels.some((label) => coversLabel(type, said, label)));

const reaches = (datum: Datum, { meaning, reference }: ConsentRule['data'][number], all: readonly Datum[]): Applies => {
  if (reference === null) return null;
  const isIt = datum.ids.includes(reference);
  switch (meaning) {
    case 'instance':
      return isIt;
    case 'dependents':
      return isIt || datum.refers.includes(reference);
    case 'related': {
      if (isIt) return true;
      const named = all.find(({ ids }) => ids.includes(reference));
      return named === undefined ? null : named.refers.some((one) => datum.ids.includes(one));
    }
    case 'authoredby':
      return datum.authors === null ? null : datum.authors.includes(reference);
    default:
      return meaning satisfies never;
  }
};

const isWithin = (within: Period, when: Period | null): Applies => {
  if (when === null) return null;
  // A time is a span without length, and at the start itself it is within.
  const isTime = when.start === when.end;
  const isBefore = when.end !== null && within.start !== null && (isTime ? when.end < within.start : when.end <= within.start);
  const isAfter = when.start !== null && within.end !== null && when.start >= within.end;
  return !isBefore && !isAfter;
};

/** What: the data that a provision speaks of. All of its elements must, and of one element any of its repeats. */
export const speaksOf = (rule: ConsentRule, datum: Datum, question: ConsentQuestion): Applies => {
  const isLimited = rule.classes.length + rule.codes.length + rule.labels.length + rule.data.length > 0 || rule.dataPeriod !== null;
  // Asked of nothing in particular: what is denied of some is not all denied, and what is permitted of some is not all permitted.
  if (datum.is === 'anything') return !isLimited;
  // Of what is not there yet nobody can tell how it will be labelled, by whom it is, or when it is of.
  if (datum.is !== 'resource' && (rule.labels.length + rule.data.length > 0 || rule.dataPeriod !== null)) return null;
  if (datum.is === 'heading' && rule.classes.length > 0) return null;
  if (datum.is === 'class' && rule.codes.length > 0) return null;
  return all([
    rule.classes.length === 0 || rule.classes.some((one) => datum.classes.some((each) => isSame(one, each))),
    rule.codes.length === 0 || rule.codes.some((one) => datum.codes.some((each) => isSame(one, each))),
    speaksOfLabels(rule, datum),
    rule.data.length === 0 ? true : any(rule.data.map((one) => reaches(datum, one, question.data))),
    rule.dataPeriod === null ? true : isWithin(rule.dataPeriod, datum.when),
  ]);
};
