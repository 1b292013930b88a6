/** Where a rule is held, and by which test: one of G1 to G25 of domain.md section 2. */
export interface Guardrail {
  readonly id: `G${number}`;
  /** What must be impossible, or must always hold. */
  readonly rule: string;
  /** Files that enforce it. */
  readonly where: readonly string[];
  /** What the user who meets it reads; null where nobody meets it, for there is no way to. */
  readonly sentence: string | null;
  /** Files of tests whose names carry its id. */
  readonly tests: readonly string[];
  /** `reports`: about what is reported, and comes with the reports. */
  readonly built: 'now' | 'reports';
  /** What of it is still open; null where nothing is. */
  readonly open: string | null;
}

const WORDS = ['src/decide/guardrails/word-lists.ts', 'src/store/approve.ts'];
const SENTENCES = 'test/decide/guardrails/sentences.test.ts';
const BY_HAND = 'test/decide/guardrails.test.ts';
const WHOLE = 'test/guardrails.test.ts';
const REFUSED = 'Refused and absent are one answer.';

/** Every guardrail: what went wrong in the programme from which this work descends, made impossible here. docs/guardrails.md is made from it. */
export const GUARDRAIL_TABLE: readonly Guardrail[] = [
  {
    id: 'G1',
    rule: 'No sanction or coercion in what an agency writes; no role overrides it. The person’s own words are warned of, and never blocked.',
    where: WORDS,
    sentence: 'A plan threatens nobody: take out the sanction or the condition.',
    tests: [SENTENCES, BY_HAND],
    built: 'now',
    open: null,
  },
  {
    id: 'G2',
    rule: 'No instruction to withhold assessment, transport, admission or treatment: not in words, and `doNotPerform` is in no plan at all.',
    where: ['src/validate/rules/do-not-perform.ts', 'src/decide/guardrails.ts', ...WORDS],
    sentence: 'A plan never tells anyone to withhold assessment, transport, admission or treatment.',
    tests: [SENTENCES, BY_HAND],
    built: 'now',
    open: null,
  },
  {
    id: 'G3',
    rule: 'Each responder view says that a plan never stops assessment, conveyance or treatment; no plan says that it stands in for judgement.',
    where: ['mappings/disclosure/banners.ts', ...WORDS],
    sentence: 'This plan never stops assessment, conveyance or treatment. Use your own judgement.',
    tests: ['test/mappings/what-leaves.test.ts', SENTENCES],
    built: 'now',
    open: null,
  },
  {
    id: 'G4',
    rule: 'Police neither write, approve nor belong to the team of a plan.',
    where: ['src/decide/guardrails.ts', 'src/http/policy.ts'],
    sentence: 'Police read a plan; they do not write, approve or belong to the team of one.',
    tests: [BY_HAND, 'test/review/second-clinician.test.ts'],
    built: 'now',
    open: null,
  },
  {
    id: 'G5',
    rule: 'Police see an allow-list of headings, and of the person name and birth date: no diagnosis, medicine, formulation, history, count or cost.',
    where: ['src/model/heading.ts', 'src/decide/project.ts', 'src/decide/disclose.ts'],
    sentence: null,
    tests: ['test/decide/project.test.ts', 'test/decide/disclose.test.ts', 'test/decide/heading-kind.test.ts'],
    built: 'now',
    open: null,
  },
  {
    id: 'G6',
    rule: 'Nothing is shared with a kind of organisation that the person did not choose; consent for one implies no other. To it, there is no plan.',
    where: ['src/decide/consented.ts', 'src/store/look-up.ts'],
    sentence: REFUSED,
    tests: ['test/store/refused-is-absent.test.ts'],
    built: 'now',
    open: null,
  },
  {
    id: 'G7',
    rule: 'Nothing is shared without an agreement in force between these two, for this purpose and these headings; one that ends, ends at once.',
    where: ['src/decide/agreed.ts', 'src/decide/desired.ts'],
    sentence: REFUSED,
    tests: ['test/decide/agreed.test.ts'],
    built: 'now',
    open: null,
  },
  {
    id: 'G8',
    rule: 'Purposes are a closed list, and law enforcement is none of them.',
    where: ['src/model/kind.ts', 'src/validate/bindings.ts', 'mappings/facts/codes-of.ts', 'profiles/input/fsh/sharing.fsh'],
    sentence: 'Law enforcement is no purpose of the broker: for an investigation ask the trust itself, by its own route of disclosure.',
    tests: ['test/mappings/facts-consent.test.ts', WHOLE],
    built: 'now',
    open: null,
  },
  {
    id: 'G9',
    rule: 'What is revoked is not released a moment later, and whoever may hold it is asked to give it up and chased until it answers.',
    where: ['src/store/policy-locks.ts', 'src/decide/step.ts', 'src/reconcile/reconcile.ts'],
    sentence: null,
    tests: ['test/stories/push.test.ts'],
    built: 'now',
    open: null,
  },
  {
    id: 'G10',
    rule: 'A plan has no place for words that its person cannot read: no notes, no hidden text, and nothing can be withheld from them; the formulation is never brokered.',
    where: ['src/decide/guardrails/no-hidden-words.ts', 'src/model/heading.ts'],
    sentence: 'A plan has no notes beside its headings: what is written of a person is written where the person reads it.',
    tests: [BY_HAND, 'test/http/access/person.test.ts'],
    built: 'now',
    open: null,
  },
  {
    id: 'G11',
    rule: 'Every read is on record before it is answered, and its person reads that record.',
    where: ['src/store/begin-read.ts', 'src/store/migrations/0003-ledger.sql', 'src/store/access-log.ts'],
    sentence: null,
    tests: ['test/store/trail.test.ts', 'test/http/access/person.test.ts'],
    built: 'now',
    open: null,
  },
  {
    id: 'G12',
    rule: 'No plan without the person: their agreement, or a recorded reason and a second clinician; their own words, which would not stand in anybody’s plan.',
    where: ['src/decide/guardrails.ts', 'src/decide/guardrails/own-words.ts', 'src/store/check-approver.ts'],
    sentence: 'A plan needs the agreement of the person, or the recorded reason why not and a second clinician who is not the approver.',
    tests: [BY_HAND, 'test/review/second-clinician.test.ts'],
    built: 'now',
    open: null,
  },
  {
    id: 'G13',
    rule: 'No path leads from crisis contacts to a plan, an invitation or a flag.',
    where: ['scripts/rooms.ts', 'src/store/facts/contact-fact.ts'],
    sentence: null,
    tests: [WHOLE],
    built: 'now',
    open: null,
  },
  {
    id: 'G14',
    rule: 'No labels for people in what an agency writes.',
    where: WORDS,
    sentence: 'A plan has no labels for people: say what happens, and what helps.',
    tests: [SENTENCES, BY_HAND],
    built: 'now',
    open: null,
  },
  {
    id: 'G15',
    rule: 'No risk scores or bands: not in words, and no resource or heading that would hold one.',
    where: [...WORDS, 'profiles/resource-types.ts'],
    sentence: 'A plan has no risk scores or bands: say what may happen, and what to do.',
    tests: [SENTENCES, BY_HAND, WHOLE],
    built: 'now',
    open: null,
  },
  {
    id: 'G16',
    rule: 'No responder sees how often a person was met, or what it cost.',
    where: ['src/http/policy.ts'],
    sentence: null,
    tests: [WHOLE],
    built: 'now',
    open: null,
  },
  {
    id: 'G17',
    rule: 'Nobody is ranked by cost or contacts: reports are aggregates, with small numbers suppressed.',
    where: [],
    sentence: null,
    tests: [],
    built: 'reports',
    open: 'Comes with the reports.',
  },
  {
    id: 'G18',
    rule: 'Cost is never the only outcome: a report of it without balancing measures is invalid.',
    where: [],
    sentence: null,
    tests: [],
    built: 'reports',
    open: 'Comes with the reports.',
  },
  {
    id: 'G19',
    rule: 'No effect is claimed from before and after alone.',
    where: [],
    sentence: null,
    tests: [],
    built: 'reports',
    open: 'Comes with the reports.',
  },
  {
    id: 'G20',
    rule: 'A stale plan says so: past its review a banner, which is sent to whoever holds it, past its hard expiry whom to ring and nothing else.',
    where: ['src/decide/disclose.ts', 'src/decide/desired.ts', 'src/store/plans-to-look-at.ts'],
    sentence: 'The review of this plan is overdue.',
    tests: ['test/decide/disclose.test.ts', 'test/decide/desired.test.ts', 'test/http/approval/plans-to-look-at.test.ts'],
    built: 'now',
    open: null,
  },
  {
    id: 'G21',
    rule: 'Whom to ring is a service: a number, not only mobiles, no voicemail, with its hours and what there is outside them.',
    where: ['src/decide/guardrails/whom-to-ring.ts'],
    sentence: 'A plan says whom to ring now, with a number: nobody can ring about this one.',
    tests: [BY_HAND],
    built: 'now',
    open: null,
  },
  {
    id: 'G22',
    rule: 'Nobody is revealed by a likeness: content only after an exact or a confirmed match.',
    where: ['src/decide/certain-match.ts', 'src/http/act/match.ts'],
    sentence: null,
    tests: ['test/http/match.test.ts'],
    built: 'now',
    open: null,
  },
  {
    id: 'G23',
    rule: 'Emergency access is rare and visible: registered clinicians only, a reason, an hour, never police; the person may have ruled it out.',
    where: ['src/decide/emergency.ts', 'src/store/emergency.ts', 'src/http/access/needs-person.ts', 'src/http/policy.ts'],
    sentence: 'Emergency access until … Read this now and do not store it. The person and the privacy officers are told who read it.',
    tests: ['test/decide/emergency.test.ts', 'test/http/emergency/emergency-access.test.ts'],
    built: 'now',
    open: null,
  },
  {
    id: 'G24',
    rule: 'Leaving costs nothing: a withdrawal alters nothing but the plan, and the person’s record can be had whole.',
    where: ['src/store/approve.ts', 'src/store/everything.ts', 'src/http/act/print.ts'],
    sentence: null,
    tests: [WHOLE, 'test/http/access/person.test.ts'],
    built: 'now',
    open: null,
  },
  {
    id: 'G25',
    rule: 'What is claimed can be evaluated by others: a de-identified export to a frozen specification.',
    where: [],
    sentence: null,
    tests: [],
    built: 'reports',
    open: 'Comes with the reports.',
  },
];
