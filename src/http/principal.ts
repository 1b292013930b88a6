import type { IncomingHttpHeaders } from 'node:http';
import { Anomaly, anomaly } from '../model/anomaly.ts';
import { isKind } from '../model/kind.ts';
import { isOdsCode } from '../model/ods-code.ts';
import type { Principal } from '../model/principal.ts';

/** Header that names the caller's organisation: nhs.md section 1. */
export const ORGANISATION_HEADER = 'NHSD-End-User-Organisation-ODS';
/** Header that names the kind of service that calls. */
export const KIND_HEADER = 'X-Service-Kind';

const missing = (header: string, help: string): Anomaly => new Anomaly('unauthenticated', { at: `http.${header}`, help });

/**
 * The caller, as a loopback client or the trusted proxy names it. Throws `unauthenticated` where a header is missing or cannot be read, and
 * `forbidden` where another organisation calls itself the operator.
 */
export const principalFrom = (headers: IncomingHttpHeaders, operatorOds: string): Principal => {
  const ods = headers['nhsd-end-user-organisation-ods'];
  const kind = headers['x-service-kind'];
  // ODS codes are written in capitals; the header tolerates small letters.
  const organization = typeof ods === 'string' ? ods.trim().toUpperCase() : '';
  if (!isOdsCode(organization)) throw missing(ORGANISATION_HEADER, 'names the ODS code of the organisation that calls');
  if (typeof kind !== 'string' || !isKind(kind)) throw missing(KIND_HEADER, 'names the kind of service that calls');
  if (kind === 'operator' && organization !== operatorOds.toUpperCase())
    throw anomaly('forbidden', 'this organisation is not the operator', `http.${ORGANISATION_HEADER}`);
  return { organization, kind, scopes: ['*'], user: null };
};
