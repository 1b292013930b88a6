import type { Organization } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Disclosure } from '../../src/model/disclosure.ts';

/** The publisher, known by its ODS code; its id is that code. */
export const toOrganization = (publisher: Disclosure['publisher']): Organization => ({
  resourceType: 'Organization',
  id: publisher.ods,
  identifier: [{ system: System.odsOrganization, value: publisher.ods }],
  name: publisher.name,
});
