/** What was done with content beyond its recipient's duty, each with the words under which it is reported: a closed list. */
export const REUSES = {
  investigation: 'Used for the investigation of an offence',
  intelligence: 'Kept or used as intelligence',
  prosecution: 'Used for a prosecution, or in court',
  'passed-on': 'Passed on to somebody whom no agreement names',
  other: 'Used for another purpose that no agreement names',
} as const;
export type Reuse = keyof typeof REUSES;

export const isReuse = (value: string): value is Reuse => Object.hasOwn(REUSES, value);
