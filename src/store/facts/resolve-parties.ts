import type { Party, Resolve } from '../../../mappings/facts/reference-of.ts';
import { isOdsCode } from '../../model/ods-code.ts';
import { type Sql, statement } from '../pool.ts';
import { referencesIn } from '../search/references-in.ts';

const ORGANIZATION = /(?:^|\/)Organization\/([A-Za-z0-9\-.]{1,64})$/;
const SERVICE = /(?:^|\/)HealthcareService\/([A-Za-z0-9\-.]{1,64})$/;

const organizationsNamed = statement<[readonly string[]], { id: string; ods: string }>(
  'organizations-named',
  `SELECT r.id, split_part(t.token, '|', 2) AS ods FROM resource r JOIN resource_token t ON t.serial = r.serial AND t.param = 'identifier'
    WHERE r.type = 'Organization' AND r.id = ANY($1::text[]) AND t.token LIKE 'https://fhir.nhs.uk/Id/ods-organization-code|_%'`,
);
const servicesNamed = statement<[readonly string[]], { id: string }>(
  'services-named',
  'SELECT id FROM recipient WHERE id = ANY($1::text[])',
);

/** Looks up every Organization and HealthcareService that a resource refers to: pure mappings then resolve without asking. */
export async function resolveParties(sql: Sql, resource: object): Promise<Resolve> {
  const references = [...referencesIn(resource)];
  const ids = (pattern: RegExp): string[] => references.flatMap((reference) => pattern.exec(reference)?.[1] ?? []);
  const named = { organizations: ids(ORGANIZATION), services: ids(SERVICE) };
  const organizations = named.organizations.length === 0 ? [] : await organizationsNamed(sql, named.organizations);
  const services = named.services.length === 0 ? [] : await servicesNamed(sql, named.services);
  const known = new Map<string, Party>([
    ...organizations.filter(({ ods }) => isOdsCode(ods)).map((row): [string, Party] => [`Organization/${row.id}`, { ods: row.ods }]),
    ...services.map((row): [string, Party] => [`HealthcareService/${row.id}`, { recipientId: row.id }]),
  ]);
  return (reference) => known.get(/(?:Organization|HealthcareService)\/[^/]+$/.exec(reference)?.[0] ?? '') ?? null;
}
