import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import type { JWTPayload } from 'jose';
import type { UserIdentity } from '../../src/model/user-identity.ts';

/** An issuer of identities for tests: its keys are made once a process, and the broker reads the public one from a file. */

export const ISSUER = 'https://sign-in.example';
/** The registration of every clinician who is signed in without another: that of the example consultant. */
export const GMC = '9999999';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KID = 'sign-in-1';
/** The public key, as the issuer publishes it. */
export const publicKeys = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: KID, alg: 'ES256', use: 'sig' }] };

let file: string | null = null;
const keyFile = (): string => {
  if (file !== null) return file;
  const folder = mkdtempSync(join(tmpdir(), 'sign-in-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  file = join(folder, 'user.jwks.json');
  writeFileSync(file, JSON.stringify(publicKeys));
  return file;
};

/** Value of USER_ISSUERS under which identities of `identityOf` and `identityFor` are believed. */
export const userIssuers = (): string => `${ISSUER}=${keyFile()}`;

/** An issuer for the persons whose plans they are, with the same key. */
export const PERSON_ISSUER = 'https://nhs-login.example';
export const personIssuers = (): string => `person:${PERSON_ISSUER}=${keyFile()}`;

/** An id token of the person with that NHS number, as NHS login gives it, meant for `audience`. */
export const personFor = (nhsNumber: string, audience: string): Promise<string> =>
  identityOf({
    iss: PERSON_ISSUER,
    sub: 'c0ffee00-1111-4222-8333-444455556666',
    aud: audience,
    nhs_number: nhsNumber,
    identity_proofing_level: 'P9',
  });

/** Claims of a registered clinician of that organisation, as NHS CIS2 names them. */
export const claimsFor = (ods: string): JWTPayload => ({
  iss: ISSUER,
  sub: '999000000001',
  name: 'Example Testconsultant-Cedar',
  gmc_id: GMC,
  selected_roleid: '999000000101',
  nhsid_nrbac_roles: [
    { person_roleid: '999000000101', org_code: ods, role_name: '"Medical":"Psychiatry":"Consultant"', role_code: 'S8000:G8000:R8000' },
  ],
  id_assurance_level: '3',
  authentication_assurance_level: '3',
});

/** An id token with exactly these claims, `iat` now and `exp` in five minutes unless they say otherwise; `header` adds to its header. */
export const identityOf = (claims: JWTPayload, header: Readonly<Record<string, unknown>> = {}): Promise<string> => {
  const now = Math.floor(Date.now() / 1_000);
  const said = { iat: now, exp: now + 300, ...claims };
  return new SignJWT(said).setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: KID, ...header }).sign(privateKey);
};

/** An id token of a registered clinician of a caller's organisation, meant for `audience`: the broker or the client. */
export const identityFor = ({ ods }: { readonly ods: string }, audience: string): Promise<string> =>
  identityOf({ ...claimsFor(ods), aud: audience });

/** The same as the broker knows them once verified: for tests that approve in the store. */
export const clinicianOf = (ods: string): UserIdentity => ({
  issuer: ISSUER,
  subject: '999000000001',
  sdsUserId: '999000000001',
  name: 'Example Testconsultant-Cedar',
  role: { code: 'S8000:G8000:R8000', display: 'Consultant' },
  organization: ods,
  registrations: [{ system: 'https://fhir.hl7.org.uk/Id/gmc-number', value: GMC }],
  assurance: { identity: '3', authentication: '3' },
});
