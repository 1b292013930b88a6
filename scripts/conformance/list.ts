/** One line of a named checklist. */
export interface Line {
  /** The tag that stands in square brackets in the titles of the tests that show it: `3a.4`. */
  readonly id: string;
  readonly asks: string;
  /** Why nothing is to be shown; left out where tests must show it. */
  readonly notApplicable?: string;
  /** What is not there yet, said openly; left out where the tests show all of it. */
  readonly open?: string;
}

/** A checklist, and the page of `docs/conformance/` that is written from it. */
export interface Checklist {
  readonly page: string;
  readonly title: string;
  readonly source: string;
  readonly lines: readonly Line[];
}
