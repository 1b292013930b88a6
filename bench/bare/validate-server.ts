import { validateResource } from '@medplum/core';
import type { Resource } from '@medplum/fhirtypes';
import { Profile } from '../../profiles/canonicals.ts';
import { definitions } from '../../src/validate/definitions.ts';
import { serve } from './serve.ts';

/**
 * The bare validation: `node:http`, `JSON.parse`, `validateResource` of the library, against the base type or against the broker's profile.
 * It checks no binding, and none of the rules that the library does not see. `node bench/bare/validate-server.ts base|profile`.
 */
const [mode = 'base'] = process.argv.slice(2);
const profile = definitions().profiles.get(Profile.crisisPlan);

serve(200, (body) => {
  const resource: Resource = JSON.parse(body);
  const issue = validateResource(resource, mode === 'profile' && profile !== undefined ? { profile } : {});
  return JSON.stringify({ resourceType: 'OperationOutcome', issue: [...issue, { severity: 'information', code: 'informational' }] });
});
