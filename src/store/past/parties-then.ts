import type { Organization } from '@medplum/fhirtypes';
import { System } from '../../../profiles/canonicals.ts';
import type { Party, Resolve } from '../../../mappings/facts/reference-of.ts';
import type { Instant } from '../../model/instant.ts';
import { isOdsCode } from '../../model/ods-code.ts';
import type { Stored } from '../door.ts';
import type { Sql } from '../pool.ts';
import { referencesIn } from '../search/references-in.ts';
import { versionsUntil } from './versions-then.ts';

/** Whom references named, at each moment up to an instant. */
export interface PartiesThen {
  readonly at: (moment: Instant) => Resolve;
  /** When one of the parties that a resource names was written after a moment, in order. */
  readonly writtenAfter: (resource: object, moment: Instant) => readonly Instant[];
}

const REFERENCE = /(?:Organization|HealthcareService)\/[^/]+$/;
const namedIn = (resource: object): readonly string[] => [...referencesIn(resource)].flatMap((each) => REFERENCE.exec(each)?.[0] ?? []);

const partyOf = ({ type, id, body }: Stored): Party | null => {
  if (type === 'HealthcareService') return { recipientId: id };
  const codes = ((body as Organization).identifier ?? []).flatMap(({ system, value }) =>
    system === System.odsOrganization && value !== undefined ? [value] : [],
  );
  const ods = codes.find(isOdsCode);
  return ods === undefined ? null : { ods };
};

/** The parties that resources name, as they were registered at each moment up to an instant: a fact was read with those of its own moment. */
export async function partiesThen(sql: Sql, resources: readonly object[], until: Instant): Promise<PartiesThen> {
  const named = [...new Set(resources.flatMap(namedIn))];
  const idsOf = (type: string): readonly string[] =>
    named.flatMap((each) => (each.startsWith(`${type}/`) ? [each.slice(type.length + 1)] : []));
  const written = [
    ...(await versionsUntil(sql, 'Organization', idsOf('Organization'), until)),
    ...(await versionsUntil(sql, 'HealthcareService', idsOf('HealthcareService'), until)),
  ].map((stored) => ({ reference: `${stored.type}/${stored.id}`, at: stored.updatedAt, party: partyOf(stored) }));
  return {
    at: (moment) => (reference) => {
      const key = REFERENCE.exec(reference)?.[0];
      return written.findLast((one) => one.reference === key && one.at <= moment)?.party ?? null;
    },
    writtenAfter: (resource, moment) => {
      const own = namedIn(resource);
      return written
        .filter((one) => one.at > moment && own.includes(one.reference))
        .map(({ at }) => at)
        .sort((one, other) => one - other);
    },
  };
}
