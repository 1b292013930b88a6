import type { Meta } from '@medplum/fhirtypes';
import { Code } from '../../profiles/canonicals.ts';
import type { Disclosure } from '../../src/model/disclosure.ts';
import { toFhirInstant } from '../time.ts';

/** Labels on everything that is disclosed: very restricted, and not to be passed on. */
export const SECURITY: NonNullable<Meta['security']> = [Code.veryRestricted, Code.noRedisclosure];

/** `meta` of a disclosed resource: the disclosure's own version and date, never the plan's (I4, I5). */
export const toMeta = (disclosure: Pick<Disclosure, 'version' | 'issuedAt'>, profile?: string): Meta => ({
  versionId: disclosure.version,
  lastUpdated: toFhirInstant(disclosure.issuedAt),
  ...(profile === undefined ? {} : { profile: [profile] }),
  security: SECURITY,
});
