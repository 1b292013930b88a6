import { expect } from '@jest/globals';
import { Client, type FhirResource } from 'fhir-kit-client';
import type { Caller, OpenDoor } from '../http/open-door.ts';
import { type ExpectedIssue, outcomeOf } from '../support/outcome.ts';

/** The client of a caller, as its manual says. */
export const clientOf = async ({ origin, tokens }: Pick<OpenDoor, 'origin' | 'tokens'>, caller: Caller): Promise<Client> =>
  new Client({ baseUrl: `${origin}/fhir`, bearerToken: await tokens.of(caller) });

export const STAFF = 'https://example.invalid/staff';
export const practitioner = (value: string, rest: Record<string, unknown> = {}): FhirResource => ({
  resourceType: 'Practitioner',
  identifier: [{ system: STAFF, value }],
  name: [{ family: 'Plainly-Invented' }],
  ...rest,
});
export const resourceType = 'Practitioner';
export const idOf = (resource: FhirResource): string => String(resource['id']);
export const versionOf = (resource: FhirResource): string => (resource['meta'] as { versionId: string }).versionId;
export const headersOf = (resource: FhirResource): Headers => {
  const { response } = Client.httpFor(resource);
  if (response === undefined) throw new Error('the client keeps the response');
  return response.headers;
};
export const statusOf = (resource: FhirResource): number | undefined => Client.httpFor(resource).response?.status;
export const entriesOf = (bundle: FhirResource) =>
  (bundle['entry'] ?? []) as { resource: FhirResource; response: { status: string; location: string } }[];

/** Expects what the client throws for an answer that is no 2xx. */
export const refused = async (work: Promise<unknown>, status: number, ...issues: readonly ExpectedIssue[]): Promise<void> => {
  await expect(work).rejects.toMatchObject({ response: { status, data: outcomeOf(status, ...issues) } });
};
