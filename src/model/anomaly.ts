/** The categories of failure. One table turns each into HTTP status, issue code and MSA-1: `mappings/outcome`. */
export type Category =
  | 'incorrect' // their content breaks a rule
  | 'malformed' // it cannot be read at all
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'gone'
  | 'unsupported' // a type, interaction, parameter or media type that is not offered
  | 'conflict' // with what is stored
  | 'stale' // If-Match names another version
  | 'duplicate'
  | 'too-large'
  | 'busy'
  | 'unavailable'
  | 'fault'; // ours; never answered as theirs

/** One thing that is wrong, and where. Never holds a value of a person. */
export interface Issue {
  /** FHIRPath of the element, in HL7 v2 its place (ERL: `PID^1^3`); null where no element is meant. */
  readonly at: string | null;
  /** The R4 issue-type code, where it is finer than the category's own. */
  readonly code?: string;
  /** The code of HL7 table 0357, where it is finer than the category's own. */
  readonly hl7?: string;
  /** One line of help for the sender. */
  readonly help: string;
  readonly severity?: 'error' | 'warning' | 'information';
}

/** A failure with a category: thrown at the edges, turned into an answer by each door. */
export class Anomaly extends Error {
  readonly category: Category;
  readonly issues: readonly Issue[];

  constructor(category: Category, issues: readonly Issue[] | Issue) {
    const list = Array.isArray(issues) ? (issues as readonly Issue[]) : [issues as Issue];
    super(`${category}: ${list.map((issue) => `${issue.at ?? '-'} ${issue.help}`).join('; ')}`);
    this.category = category;
    this.issues = list;
  }
}

/** Shorthand for one issue at one place. */
export const anomaly = (category: Category, help: string, at: string | null = null): Anomaly => new Anomaly(category, { at, help });
