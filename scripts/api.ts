import { readFileSync, writeFileSync } from 'node:fs';
import { CATEGORY_TABLE, NHS_CODES } from '../mappings/outcome/category-table.ts';
import { CONFORMANCE_TYPES, RESOURCE_TYPES } from '../profiles/resource-types.ts';
import type { Interaction, ResourceType } from '../profiles/resource-types.ts';
import { SETTINGS } from '../src/settings.ts';
import { CONFORMANCE_PARAMETERS } from '../src/http/conformance.ts';
import { offeredOf } from '../src/http/offered.ts';
import { OPERATIONS } from '../src/http/operations-offered.ts';
import { REGISTERS } from '../mappings/identity/registrations-of.ts';
import { NEEDS_PERSON } from '../src/http/access/needs-person.ts';
import { USER_HEADER } from '../src/http/access/user-identity.ts';
import { SCOPE_LETTERS } from '../src/http/access/scope-letters.ts';
import { kindMayAtAll, permittedToKind } from '../src/http/policy.ts';
import type { Reach } from '../src/http/policy.ts';
import { ORGANISATION_HEADER } from '../src/http/principal.ts';
import { ROUTES, SYSTEM_INTERACTIONS } from '../src/http/routes.ts';
import { PARAMETERS, RESULT_PARAMETERS } from '../src/http/search/parameters.ts';
import { KINDS } from '../src/model/kind.ts';

/** Writes docs/api.md from the tables by which the door runs; with --check, says whether it is up to date and exits 1 if not. */
const path = new URL('../docs/api.md', import.meta.url);
const code = (text: string): string => `\`${text}\``;
const list = (texts: readonly string[]): string => texts.map(code).join(', ');

const REACH: Readonly<Record<Reach, string>> = {
  published: 'agreements of which it is, or was, a publisher',
  party: 'agreements of which it is, or was, a party',
  any: 'any',
  own: "its organisation's own",
  addressed: 'addressed to it',
  'own-or-addressed': "its organisation's own, and what its Tasks are about",
  provided: 'its own service',
  self: 'of the person who calls: their own records, plans in force, and what they raised',
  disclosed: 'what is disclosed to it, computed',
  'own-or-disclosed': "its organisation's own, and what is disclosed to it",
};

/** One line for each way in which somebody may: kinds that may the same stand together. */
const whoMay = ({ type }: ResourceType, offered: readonly Interaction[]): string => {
  const lines = new Map<string, string[]>();
  for (const kind of KINDS) {
    const byReach = Map.groupBy(offered, (each) => permittedToKind(kind, type, each));
    for (const [reach, may] of byReach) {
      if (reach === null) continue;
      const what = `${may.join(', ')} | ${REACH[reach]}`;
      lines.set(what, [...(lines.get(what) ?? []), kind]);
    }
  }
  const rows = [...lines].map(([what, kinds]) => `| ${kinds.join(', ')} | ${what} |`);
  return `| who | may | of what |\n|---|---|---|\n${rows.join('\n')}`;
};

const parametersOf = (type: string): string =>
  (PARAMETERS.get(type) ?? []).map(({ name, type: kind }) => `${code(name)} (${kind})`).join(', ');

const section = (row: ResourceType): string => {
  const offered = offeredOf(row);
  const profile = row.profile === null ? 'base R4' : `[${row.profile.split('/').at(-1)}](${row.profile})`;
  return [
    `### ${row.type}`,
    `Profile: ${profile}. Offered: ${offered.join(', ')}.`,
    whoMay(row, offered),
    ...(offered.includes('search') ? [`Search: ${parametersOf(row.type)}.`] : []),
  ].join('\n\n');
};

const operations = Object.entries(OPERATIONS).flatMap(([name, definition]) => {
  const routes = ROUTES.filter(({ interaction }) => interaction === name).map(({ method, path: at }) => code(`${method} ${at}`));
  const person = NEEDS_PERSON.some((each) => each === name) ? 'a registered clinician' : '';
  return routes.length === 0 ? [] : [`| ${code(`$${name}`)} | ${routes.join('<br>')} | ${person} | ${definition} |`];
});

const atAll = SYSTEM_INTERACTIONS.flatMap((each) => {
  const routes = ROUTES.filter(({ interaction }) => interaction === each);
  return routes.map(
    ({ method, path: at }) => `| ${code(`${method} ${at}`)} | ${each} | ${KINDS.filter((kind) => kindMayAtAll(kind, each)).join(', ')} |`,
  );
});

const HEADERS: readonly (readonly [name: string, way: string, about: string])[] = [
  ['Authorization', 'in, required', '`Bearer` and an access token of `POST /oauth/token`; 401 without one that is good'],
  [
    ORGANISATION_HEADER,
    'in',
    'ODS code of the organisation for which is called; where sent, it is the organisation of the token, 403 otherwise',
  ],
  [
    USER_HEADER,
    'in',
    'id token of the user on whose behalf is called, below; what is sent and wrong is 401, and 403 where the user has no role at the organisation',
  ],
  ['X-Request-ID', 'in and out', 'mirrored as it came; the broker gives one where there is none'],
  ['X-Correlation-ID', 'in and out', 'mirrored as it came'],
  ['Accept, _format', 'in', '`application/fhir+json`; anything else is 406'],
  [
    'Content-Type',
    'in and out',
    '`application/fhir+json` in UTF-8, `application/json-patch+json` for a patch, a form for `_search`; anything else is 415',
  ],
  ['If-Match', 'in', 'a version as `W/"3"`: the write is taken only over that version, 412 otherwise'],
  ['If-None-Match', 'in', 'a read of that version is answered 304; `*` on a PUT writes only what is new'],
  ['If-None-Exist', 'in', 'a search: the creation is made only where it finds nothing'],
  [
    'Prefer',
    'in',
    '`return=minimal`, `representation` or `OperationOutcome`; `handling=strict` refuses unknown parameters, lenient reports them',
  ],
  ['ETag, Last-Modified, Location', 'out', 'version, time and address of what was read or written; of a disclosure, its own'],
  ['Retry-After', 'out', 'seconds, where the same request may succeed later'],
  ['Allow', 'out', 'methods that are offered at the address, with 405'],
];

const letters = [...'cruds', null].map((letter) => {
  const needing = Object.entries(SCOPE_LETTERS).flatMap(([interaction, needed]) => (needed === letter ? [interaction] : []));
  const messages = letter === 'c' ? ', process-message (on Encounter)' : '';
  return `| ${letter === null ? 'any' : code(letter)} | ${needing.join(', ')}${messages} |`;
});

const errors = Object.entries(CATEGORY_TABLE).map(
  ([category, { status, issue, msa, retry }]) =>
    `| ${category} | ${status} | ${code(issue)} | ${code(`REC_${NHS_CODES[status]}`)} | ${msa} | ${retry ? 'yes' : 'no'} |`,
);
const finer = Object.entries(NHS_CODES)
  .filter(([status]) => !Object.values(CATEGORY_TABLE).some((row) => row.status === Number(status)))
  .map(([status, name]) => `${status} ${code(`REC_${name}`)}`);

const text = `# The API

A FHIR R4 server at \`/fhir\`. This page is made by \`npm run api\` from the tables by which the door runs (\`profiles/resource-types.ts\`,
\`src/http/routes.ts\`, \`src/http/policy.ts\`, the search parameters); \`GET /fhir/metadata\` says the same as a CapabilityStatement.

Everything that is not permitted is refused. What a caller may not see is answered exactly as if it were not there.

## Headers

| header | | what it does |
|---|---|---|
${HEADERS.map(([name, way, about]) => `| ${list(name.split(', '))} | ${way} | ${about} |`).join('\n')}

## Scopes

A token carries SMART v2 scopes, \`system/CarePlan.rs\` or \`system/*.cruds\`. A caller may do what its kind may (below) **and** its scopes permit, and is
shown no resource of a type that it has no scope to read, in \`_include\`, \`_has\`, chains and \`$everything\` either.

| letter | interactions |
|---|---|
${letters.join('\n')}

## Users

A client may name the user on whose behalf it calls: the id token of an issuer in \`USER_ISSUERS\` (NHS CIS2 Authentication, or a trust's own), as
it is, in ${code(USER_HEADER)}. It is signed by a key that the issuer publishes, by RS, PS or ES and 256, 384 or (not ES) 512; at most an hour old;
\`aud\` holds the client's id, an audience that the client was registered with, or the broker (its origin, or its \`/fhir\`). Who it was stands in
the trail. What needs a registered clinician (below, Operations) is refused to a client alone: 403 at ${code(`http.${USER_HEADER}`)}. Whoever signs in
the Provenance of an approval is that user: where the Practitioner carries a registration or an SDS user id, one of them is the token's.

| claim | what it says |
|---|---|
| \`iss\`, \`sub\`, \`aud\`, \`exp\`, \`iat\` | required |
| \`nhsid_useruid\`, \`uid\` | SDS user id; else \`sub\`, where it is 12 digits |
| \`name\`, or \`given_name\` and \`family_name\` | kept with an approval, and logged nowhere |
| \`nhsid_nrbac_roles\`: \`org_code\`, \`role_code\`, \`role_name\`, \`person_roleid\` | one is at the client's organisation; of several, that which \`selected_roleid\` names |
| \`nhsid_user_orgs\`: \`org_code\` | where there are no roles, one is the client's organisation |
| ${list(REGISTERS.map(({ claim }) => claim))} | registrations (CIS2 scope \`professionalmemberships\`; \`hcpc_id\` is the broker's own) |
| \`professional_registration\`: \`body\` or \`system\`, \`value\` | the same, for issuers other than CIS2; \`body\` is ${REGISTERS.map(({ body }) => body).join(', ')} |
| \`id_assurance_level\`, \`authentication_assurance_level\` | kept with an approval |

CIS2 puts roles and registrations into its userinfo answer, and not into its id token: a trust whose own issuer stands between adds them there.

A client of the kind \`person\` sends the id token of the person whose plan it is, of an issuer for persons (NHS login): \`nhs_number\`, and
\`identity_proofing_level\`, which is P9 ([person.md](person.md)). What is the caller's own as a person is refused without: 403 at the same place.

## Of no type

| route | what it is | who may |
|---|---|---|
${atAll.join('\n')}

## Operations

| operation | routes | needs | definition |
|---|---|---|---|
${operations.join('\n')}

\`$validate\` takes a bare resource or Parameters (\`resource\`, \`mode\`: create, update, delete or profile, \`profile\`), and \`?mode=\` and
\`?profile=\`. It answers 200 with all that a write would be told, and stores nothing. With a \`mode\` the write is rehearsed under its locks
and undone, so that it is also held against what is stored. Warnings refuse nothing.

## Parameters of every search

${list([...RESULT_PARAMETERS].filter((name) => name !== '_page'))}. A search is also sent as a form by \`POST [type]/_search\`: an NHS number
does not belong in an address.

## Resource types

${RESOURCE_TYPES.map(section).join('\n\n')}

## Definitions

${list([...CONFORMANCE_TYPES])}: read and search, by anyone, without naming a caller. Search:
${CONFORMANCE_PARAMETERS.map(({ name, type }) => `${code(name)} (${type})`).join(', ')}.

## Errors

Each failure is an OperationOutcome. Each issue has \`severity\`, \`code\`, the place as FHIRPath in \`expression\` (\`http.\` and a name for a
parameter or header), a line of help in \`details.text\`, and in \`details.coding\` the broker's category and the NHS code of the status. The
code system of the NHS codes is set by \`ERROR_CODE_SYSTEM\` (default ${code(SETTINGS.ERROR_CODE_SYSTEM.schema.default)}).

| category | status | issue code | NHS code | MSA-1 | may succeed later |
|---|---|---|---|---|---|
${errors.join('\n')}

Finer statuses of HTTP: ${finer.join(', ')}.
`;

if (process.argv.includes('--check')) {
  if (readFileSync(path, 'utf8') !== text) {
    console.error('docs/api.md is not what the tables of the door say: npm run api');
    process.exitCode = 1;
  }
} else {
  writeFileSync(path, text);
}
