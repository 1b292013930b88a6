import { Anomaly } from '../../src/model/anomaly.ts';
import { isOdsCode } from '../../src/model/ods-code.ts';
import type { UserIdentity } from '../../src/model/user-identity.ts';
import { entriesOf, textOf } from './claims.ts';
import { registrationsOf } from './registrations-of.ts';

interface Role {
  readonly id: string | null;
  readonly organization: string | null;
  readonly code: string | null;
  readonly display: string | null;
}

const organizationIn = (entry: Readonly<Record<string, unknown>>): string | null => {
  const code = textOf(entry, 'org_code')?.toUpperCase() ?? null;
  return code !== null && isOdsCode(code) ? code : null;
};

/** CIS2 writes a role's name as the whole path to it, each part in quotes: the last part is what it is called. */
const calledOf = (name: string | null): string | null => name?.split(':').at(-1)?.replaceAll('"', '').trim() || null;

const rolesOf = (claims: Readonly<Record<string, unknown>>): readonly Role[] =>
  entriesOf(claims, 'nhsid_nrbac_roles').map((entry) => ({
    id: textOf(entry, 'person_roleid'),
    organization: organizationIn(entry),
    code: textOf(entry, 'role_code'),
    display: calledOf(textOf(entry, 'role_name')),
  }));

const wrong = (category: 'unauthenticated' | 'forbidden', help: string): Anomaly =>
  new Anomaly(category, { at: 'http.X-User-Identity', help });

/** The role that was chosen at sign-in; where none was, that at the organisation which calls. Throws where it is at another one. */
const actingAs = (claims: Readonly<Record<string, unknown>>, organization: string): Role | null => {
  const roles = rolesOf(claims);
  const selected = textOf(claims, 'selected_roleid');
  const acting = selected === null || roles.length === 0 ? roles : roles.filter(({ id }) => id === selected);
  if (roles.length > 0 && acting.length === 0) throw wrong('unauthenticated', 'names a selected role that is none of its roles');
  const employers = roles.length > 0 ? acting.map((role) => role.organization) : entriesOf(claims, 'nhsid_user_orgs').map(organizationIn);
  const named = employers.filter((each) => each !== null);
  if (named.length > 0 && !named.includes(organization)) throw wrong('forbidden', 'this user has no role at the organisation that calls');
  return acting.find((role) => role.organization === organization) ?? acting[0] ?? null;
};

/**
 * The user of a verified id token, who acts for `organization` (ODS). Claims of NHS CIS2 Authentication: `sub`; `nhsid_useruid` or `uid`, the
 * Spine's id; `name`, or `given_name` and `family_name`; `nhsid_nrbac_roles` with `org_code`, `role_code`, `role_name`, `person_roleid`;
 * `selected_roleid`; `nhsid_user_orgs`; `id_assurance_level` (also `idassurancelevel`), `authentication_assurance_level`; `gmc_id`, `nmc_id`,
 * `gdc_id`, `gphc_id` (scope `professionalmemberships`). Throws `unauthenticated` where a claim cannot be read, `forbidden` where the user's
 * roles are at other organisations.
 */
export const fromIdToken = (claims: Readonly<Record<string, unknown>>, organization: string): UserIdentity => {
  const [issuer, subject] = [textOf(claims, 'iss'), textOf(claims, 'sub')];
  if (issuer === null || subject === null) throw wrong('unauthenticated', 'names no issuer or no subject');
  const role = actingAs(claims, organization);
  const called = [textOf(claims, 'given_name'), textOf(claims, 'family_name')].filter((part) => part !== null).join(' ');
  return {
    issuer,
    subject,
    sdsUserId: [textOf(claims, 'nhsid_useruid'), textOf(claims, 'uid'), subject].find((id) => id !== null && /^\d{12}$/.test(id)) ?? null,
    name: textOf(claims, 'name') ?? (called === '' ? null : called),
    role: role === null ? null : { code: role.code, display: role.display },
    organization: role?.organization ?? null,
    registrations: registrationsOf(claims),
    assurance: {
      identity: textOf(claims, 'id_assurance_level') ?? textOf(claims, 'idassurancelevel'),
      authentication: textOf(claims, 'authentication_assurance_level'),
    },
  };
};
