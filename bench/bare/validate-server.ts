import { validateResource, validateTypedValue } from '@medplum/core';
import type { Resource } from '@medplum/fhirtypes';
import { Profile } from '../../profiles/canonicals.ts';
import { definitions } from '../../src/validate/definitions.ts';
import { serve } from './serve.ts';

/**
 * The bare validation: `node:http`, `JSON.parse`, and the library's own check: `validateResource` against the base type, or what it does
 * against the profile, as the broker has registered it (the library by itself misreads a slice within a slice). No binding is checked, and
 * none of the rules that the library does not see. `node bench/bare/validate-server.ts base|profile`.
 */
const [mode = 'base'] = process.argv.slice(2);
definitions();

serve(200, (body) => {
  const resource: Resource = JSON.parse(body);
  const issue = mode === 'profile' ? validateTypedValue({ type: Profile.crisisPlan, value: resource }) : validateResource(resource);
  return JSON.stringify({ resourceType: 'OperationOutcome', issue: [...issue, { severity: 'information', code: 'informational' }] });
});
