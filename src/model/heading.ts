import type { RecipientKind } from './kind.ts';

/** What a kind of recipient may see at most. `people` and `do-not-contact` are shown together or not at all: hazard H9. */
interface HeadingRow {
  readonly code: string;
  readonly title: string;
  readonly readers: readonly RecipientKind[];
}

const ALL = ['publisher', 'epr', 'ed', 'ambulance', 'police', 'crisis-line'] as const;
const CARE = ['publisher', 'epr', 'ed', 'ambulance', 'crisis-line'] as const;
const AMBULANCE_ED_MH = ['publisher', 'epr', 'ed', 'ambulance'] as const;

/**
 * The headings of a plan, in the order in which they are read, and who may read each: domain.md section 1, rows 6 and 19 split.
 * Police: rows 1 to 4, people with do-not-contact, 12, 18 and dependants (domain.md G5). Row 22 is never brokered.
 */
export const HEADING_TABLE = [
  { code: 'who-i-am', title: 'Who I am', readers: ALL },
  { code: 'please-do', title: "Please do / please don't", readers: ALL },
  { code: 'communication', title: 'How I communicate, and with me', readers: ALL },
  { code: 'support', title: 'How and when to support me', readers: ALL },
  { code: 'important-to-me', title: 'What is most important to me', readers: AMBULANCE_ED_MH },
  { code: 'people', title: 'People who matter to me', readers: ALL },
  { code: 'do-not-contact', title: 'People not to contact', readers: ALL },
  { code: 'wellness', title: 'My wellness and what a bad day looks like', readers: AMBULANCE_ED_MH },
  { code: 'triggers', title: 'Trigger factors', readers: AMBULANCE_ED_MH },
  { code: 'early-warning-signs', title: 'Early warning signs', readers: CARE },
  { code: 'coping', title: 'What I do to cope', readers: ['publisher', 'epr', 'ambulance', 'crisis-line'] },
  { code: 'crisis-steps', title: 'In a crisis: if this, then that', readers: CARE },
  { code: 'who-to-ring', title: 'Who to ring now', readers: ALL },
  { code: 'where-to-go', title: 'Where I would rather go', readers: AMBULANCE_ED_MH },
  { code: 'medicines', title: 'Medicines and allergies', readers: AMBULANCE_ED_MH },
  { code: 'physical-health', title: 'Physical health not to miss', readers: ['ed', 'ambulance'] },
  { code: 'refusals', title: 'Refusals and legal proxies', readers: AMBULANCE_ED_MH },
  { code: 'advance-statement', title: 'Advance statement', readers: AMBULANCE_ED_MH },
  { code: 'reasonable-adjustments', title: 'Reasonable adjustments', readers: ALL },
  { code: 'dependants', title: 'People and animals who depend on me', readers: ['publisher', 'epr', 'ambulance', 'police'] },
  { code: 'home-access', title: 'Home and access', readers: ['publisher', 'epr', 'ambulance'] },
  { code: 'safety', title: 'Safety for everyone', readers: ['publisher', 'epr', 'ed', 'ambulance'] },
  { code: 'after-crisis', title: 'After the crisis', readers: AMBULANCE_ED_MH },
  { code: 'formulation', title: 'Formulation', readers: [] },
  { code: 'how-made', title: 'How this plan was made', readers: CARE },
  { code: 'sharing-choices', title: 'My sharing choices', readers: CARE },
] as const satisfies readonly HeadingRow[];

export type Heading = (typeof HEADING_TABLE)[number]['code'];
export const HEADINGS: readonly Heading[] = HEADING_TABLE.map((row) => row.code);

export const isHeading = (value: string): value is Heading => (HEADINGS as readonly string[]).includes(value);

const readersOf: ReadonlyMap<string, readonly RecipientKind[]> = new Map(
  HEADING_TABLE.map((row): [string, readonly RecipientKind[]] => [row.code, row.readers]),
);

/** Whether a kind may ever see a heading: one cell of the table. */
export const kindMaySee = (kind: RecipientKind, heading: Heading): boolean => readersOf.get(heading)?.includes(kind) ?? false;

/** Each is shown only where the other may be shown too. */
export const SHOWN_TOGETHER: readonly (readonly [Heading, Heading])[] = [['people', 'do-not-contact']];

/** What stays when a plan is past its hard expiry: who to ring. */
export const CONTACT_CARD: readonly Heading[] = ['who-to-ring'];
