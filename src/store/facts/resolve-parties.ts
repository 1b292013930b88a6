import type { Party, Resolve } from '../../../mappings/facts/reference-of.ts';
import { isOdsCode } from '../../model/ods-code.ts';
import { type Sql, statement } from '../pool.ts';
import { referencesIn } from '../search/references-in.ts';

const ORGANIZATION = /(?:^|\/)Organization\/([A-Za-z0-9\-.]{1,64})$/;
const SERVICE = /(?:^|\/)HealthcareService\/([A-Za-z0-9\-.]{1,64})$/;

const partiesNamed = statement<
  [readonly string[], readonly string[]],
  { is: 'Organization' | 'HealthcareService'; id: string; ods: string }
>(
  'parties-named',
  // One round trip: an agreement that ends is waited for while its locks are held.
  `SELECT 'Organization' AS is, r.id, split_part(t.token, '|', 2) AS ods
     FROM resource r JOIN resource_token t ON t.serial = r.serial AND t.param = 'identifier'
    WHERE r.type = 'Organization' AND r.id = ANY($1::text[]) AND t.token LIKE 'https://fhir.nhs.uk/Id/ods-organization-code|_%'
   UNION ALL SELECT 'HealthcareService', id, ods FROM recipient WHERE id = ANY($2::text[])`,
);

/** The parties that a resource refers to, and whose each service is. */
export interface NamedParties {
  readonly resolve: Resolve;
  /** ODS code of a service's organisation, by the id of its HealthcareService. */
  readonly odsOfService: ReadonlyMap<string, string>;
}

/** Looks up every Organization and HealthcareService that a resource refers to: pure mappings then resolve without asking. */
export async function resolveParties(sql: Sql, resource: object): Promise<NamedParties> {
  const references = [...referencesIn(resource)];
  const ids = (pattern: RegExp): string[] => references.flatMap((reference) => pattern.exec(reference)?.[1] ?? []);
  const named = { organizations: ids(ORGANIZATION), services: ids(SERVICE) };
  const isNone = named.organizations.length + named.services.length === 0;
  const rows = isNone ? [] : await partiesNamed(sql, named.organizations, named.services);
  const services = rows.filter(({ is }) => is === 'HealthcareService');
  const known = new Map<string, Party>([
    ...rows
      .filter(({ is, ods }) => is === 'Organization' && isOdsCode(ods))
      .map(({ id, ods }): [string, Party] => [`Organization/${id}`, { ods }]),
    ...services.map(({ id }): [string, Party] => [`HealthcareService/${id}`, { recipientId: id }]),
  ]);
  return {
    resolve: (reference) => known.get(/(?:Organization|HealthcareService)\/[^/]+$/.exec(reference)?.[0] ?? '') ?? null,
    odsOfService: new Map(services.map(({ id, ods }) => [id, ods])),
  };
}
