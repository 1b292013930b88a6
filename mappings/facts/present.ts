import { anomaly } from '../../src/model/anomaly.ts';

/** The value, or `incorrect` at its FHIRPath: what is missing is never replaced by a default. */
export const present = <T>(value: T | undefined | null, at: string): T => {
  if (value === undefined || value === null || value === '') throw anomaly('incorrect', 'is required', at);
  return value;
};
