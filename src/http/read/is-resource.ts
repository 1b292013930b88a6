import type { Resource } from '@medplum/fhirtypes';

/** Whether a value that was read is a resource of any type. From here on it counts as one; the next step checks which, and whether it is valid. */
export const isResource = (value: unknown): value is Resource =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && 'resourceType' in value && typeof value.resourceType === 'string';
