/** What a person may ask of a publisher: that something be put right, or that somebody answer for something. */
export const CONCERNS = ['correction', 'complaint'] as const;
export type Concern = (typeof CONCERNS)[number];

export const isConcern = (value: string): value is Concern => (CONCERNS as readonly string[]).includes(value);

/** A concern as it is raised. */
export interface Raised {
  readonly concern: Concern;
  /** The person's own words: they go to the publisher, and nowhere else. */
  readonly text: string;
  /** A plan of theirs in force, or a look at it: `CarePlan/…`, `AuditEvent/…`. Null where it is about neither. */
  readonly about: { readonly type: 'CarePlan' | 'AuditEvent'; readonly id: string } | null;
}
