/** Whether this is the long run (`npm run test:long`): each rule in its whole breadth. */
export const IS_WHOLE = process.env['WHOLE'] === '1';

/** How many of the long run's cases the suite tries. */
export const partOf = (whole: number, part: number): number => (IS_WHOLE ? whole : part);
