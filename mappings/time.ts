import type { Instant } from '../src/model/instant.ts';

/** A FHIR instant in UTC with milliseconds. */
export const toFhirInstant = (at: Instant): string => new Date(at).toISOString();

/** An HL7 v2 time stamp in UTC to the second, with its offset. */
export const toHl7Time = (at: Instant): string => `${new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14)}+0000`;
