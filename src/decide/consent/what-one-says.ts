import type { ConsentQuestion, ConsentRule, ConsentRules, Datum } from '../../model/consent-rules.ts';
import { all, type Applies, type Sense, speaks, speaksOf } from './rule-applies.ts';

/** What one consent says of one datum, and by which provision. */
export type Said =
  | { readonly says: 'permit' | 'deny' | 'undecidable'; readonly at: string; readonly why: string }
  | { readonly says: 'nothing' };

const NOTHING: Said = { says: 'nothing' };

interface Matched {
  readonly rule: ConsentRule;
  readonly applies: Applies;
  /** Whether it stands within a provision that denies the same. */
  readonly withinDeny: boolean;
}

/** Whether those around a provision speak to who asks, where it permits and where it denies. */
type Around = Readonly<Record<Sense, Applies>>;

const within = (around: Around, rule: ConsentRule, question: ConsentQuestion): Around => ({
  permit: all([around.permit, speaks(rule, question, 'permit')]),
  deny: all([around.deny, speaks(rule, question, 'deny')]),
});

/** Every provision below one, each only where those around it speak to the same asker. */
function* matchedBelow(
  rule: ConsentRule,
  around: Around,
  withinDeny: boolean,
  datum: Datum,
  question: ConsentQuestion,
): Generator<Matched> {
  for (const nested of rule.nested) {
    const who = within(around, nested, question);
    const applies = all([nested.type === 'permit' ? who.permit : who.deny, speaksOf(nested, datum, question)]);
    yield { rule: nested, applies, withinDeny };
    yield* matchedBelow(nested, who, withinDeny || (nested.type === 'deny' && applies !== false), datum, question);
  }
}

/** Whether any provision within permits or denies, at any depth. */
const holds = (rule: ConsentRule, type: ConsentRule['type']): boolean => rule.nested.some((one) => one.type === type || holds(one, type));

/**
 * Reads one consent literally (consent.md section 1.4): root who, why and when decide whether it speaks at all; a nested deny beats a nested permit
 * and the base, a nested permit adds to it. A root that denies around nested permits is silent outside them; a nested deny, or a root that denies
 * and holds nothing, is explicit. What cannot be told is undecidable where it might deny, and never a permit.
 */
export function whatOneSays(consent: ConsentRules, datum: Datum, question: ConsentQuestion, isReplaced: boolean): Said {
  const { root } = consent;
  if (!consent.active) return NOTHING;
  if (datum.patient !== null && consent.patient !== null && datum.patient !== consent.patient) return NOTHING;
  const undecidable = (at: string, why: string): Said => ({ says: 'undecidable', at, why });
  if (consent.undecidable !== null) return undecidable('Consent', consent.undecidable);
  if (root.type === null) return undecidable(root.at, 'the root says neither permit nor deny, by type or by policy rule');
  const around = within({ permit: true, deny: true }, root, question);
  if (around.deny === false) return NOTHING;
  if (around.deny === null) return undecidable(root.at, 'it cannot be told whether it speaks to who asks');

  const matched = [...matchedBelow(root, around, false, datum, question)];
  const untyped = matched.find(({ rule, applies }) => rule.type === null && applies !== false);
  if (untyped !== undefined) return undecidable(untyped.rule.at, 'a nested provision says neither permit nor deny');
  const denies = matched.filter(({ rule, applies }) => rule.type === 'deny' && applies !== false);
  const exception = matched.find(({ rule, applies, withinDeny }) => rule.type === 'permit' && applies !== false && withinDeny);
  if (exception !== undefined) return undecidable(exception.rule.at, 'permits within a provision that denies the same');
  const certain = denies.find(({ applies }) => applies === true);
  if (certain !== undefined) return { says: 'deny', at: certain.rule.at, why: 'a nested provision denies it' };
  const [doubtful] = denies;
  if (doubtful !== undefined) return undecidable(doubtful.rule.at, 'it cannot be told whether this denies it');

  if (!isReplaced) {
    const permit = matched.find(({ rule, applies }) => rule.type === 'permit' && applies === true);
    if (permit !== undefined) return { says: 'permit', at: permit.rule.at, why: 'a nested provision permits it' };
    if (root.type === 'permit' && around.permit === true && speaksOf(root, datum, question) === true)
      return { says: 'permit', at: root.at, why: 'the root permits it' };
  }
  if (root.type === 'permit' || holds(root, 'permit') || holds(root, 'deny')) return NOTHING;
  const whole = speaksOf(root, datum, question);
  if (whole === false) return NOTHING;
  return whole === null
    ? undecidable(root.at, 'it cannot be told whether this denies it')
    : { says: 'deny', at: root.at, why: 'the root denies, and permits nothing' };
}
