import { Anomaly } from '../../src/model/anomaly.ts';

/** A message that cannot be taken: the place, the R4 issue-type code, and a line of help. */
export const refuse = (at: string, code: string, help: string): Anomaly => new Anomaly('incorrect', { at, code, help });
