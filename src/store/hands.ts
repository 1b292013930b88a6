import type { CarePlan, CareTeam, Composition, Organization, PractitionerRole, Provenance, Reference } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Hand } from '../decide/guardrails/rule.ts';
import type { Kind } from '../model/kind.ts';
import { isKind } from '../model/kind.ts';
import { inTurn } from './in-turn.ts';
import type { Sql } from './pool.ts';
import { readResource } from './resources.ts';
import { searchResources } from './search/run-search.ts';
import { ALL, searchAmong } from './search/search.ts';
import { codedText, uriText } from './search/token-text.ts';

/** ODS primary roles of police: RO233 constabulary, RO234 custody suite (nhs.md section 6). */
const POLICE_ROLES: readonly string[] = ['RO233', 'RO234'];
const APPROVING: readonly string[] = ['verifier', 'attester', 'legal', 'enterer', 'author'];

interface Named {
  readonly as: Hand['as'];
  readonly at: string;
  readonly who: Reference | undefined;
}

/** What is signed, and by whom. */
export interface Signed {
  readonly carePlan: CarePlan;
  readonly composition: Composition;
  readonly provenance: Pick<Provenance, 'agent'>;
  /** Literal reference of the second clinician; null where none is named. */
  readonly secondClinician: string | null;
}

const SECOND_CLINICIAN = 'CarePlan.extension.agreedWithPerson.secondClinician';

/** Everyone whose hand is on a draft: its authors, its team, and who approves it; each with the kinds of their organisation. */
export async function handsOf(
  sql: Sql,
  owner: string,
  { carePlan, composition, provenance, secondClinician }: Signed,
): Promise<readonly Hand[]> {
  const authors: Named[] = [
    ...(carePlan.author === undefined ? [] : [{ as: 'author' as const, at: 'CarePlan.author', who: carePlan.author }]),
    ...(carePlan.contributor ?? []).map((who, index): Named => ({ as: 'author', at: `CarePlan.contributor[${index}]`, who })),
    ...composition.author.map((who, index): Named => ({ as: 'author', at: `Composition.author[${index}]`, who })),
    ...(composition.attester ?? []).flatMap(({ party }, index): Named[] =>
      party === undefined ? [] : [{ as: 'author', at: `Composition.attester[${index}].party`, who: party }],
    ),
    ...(composition.section ?? []).flatMap(({ author }, index) =>
      (author ?? []).map((who, each): Named => ({ as: 'author', at: `Composition.section[${index}].author[${each}]`, who })),
    ),
  ];
  const approvers = (provenance.agent ?? []).flatMap((agent, index): Named[] => {
    const isApproving = (agent.type?.coding ?? []).every(({ code }) => code === undefined || APPROVING.includes(code));
    return [
      { as: isApproving ? 'approver' : 'author', at: `Provenance.agent[${index}].who`, who: agent.who },
      ...(agent.onBehalfOf === undefined
        ? []
        : [{ as: 'author' as const, at: `Provenance.agent[${index}].onBehalfOf`, who: agent.onBehalfOf }]),
    ];
  });
  const second: Named[] = secondClinician === null ? [] : [{ as: 'author', at: SECOND_CLINICIAN, who: { reference: secondClinician } }];
  const named = [...authors, ...second, ...approvers, ...(await teamOf(sql, owner, carePlan))];
  return inTurn(named, (one) => toHand(sql, owner, one));
}

async function teamOf(sql: Sql, owner: string, carePlan: CarePlan): Promise<readonly Named[]> {
  const teams = await inTurn(carePlan.careTeam ?? [], async (reference, index): Promise<readonly Named[]> => {
    const at = `CarePlan.careTeam[${index}]`;
    const stored = await owned(sql, owner, reference, 'CareTeam');
    if (stored === null) return [{ as: 'care-team', at, who: undefined }];
    return ((stored as CareTeam).participant ?? []).map(({ member }): Named => ({ as: 'care-team', at, who: member }));
  });
  return teams.flat();
}

async function toHand(sql: Sql, owner: string, { as, at, who }: Named): Promise<Hand> {
  const [type, id] = /([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})$/.exec(who?.reference ?? '')?.slice(1, 3) ?? [];
  if (type === 'Patient' || type === 'RelatedPerson') return { as, at, reference: `${type}/${id}`, kinds: ['person'] };
  if (type === 'Organization') return { as, at, reference: `${type}/${id}`, kinds: await kindsOfOrganization(sql, who) };
  if (type === 'PractitionerRole') {
    const role = (await owned(sql, owner, who, 'PractitionerRole')) as PractitionerRole | null;
    const reference = role?.practitioner?.reference ?? null;
    const inRole = role === null ? null : await kindsOfOrganization(sql, role.organization);
    // Whoever acts in one role keeps the others: a police officer is one in every role.
    const inOthers = reference === null ? [] : await kindsOfPractitioner(sql, owner, reference);
    return { as, at, reference, kinds: inRole === null || inOthers === null ? null : [...inRole, ...inOthers] };
  }
  if (type === 'Practitioner' && (await owned(sql, owner, who, 'Practitioner')) !== null) {
    return { as, at, reference: `Practitioner/${id}`, kinds: await kindsOfPractitioner(sql, owner, `Practitioner/${id}`) };
  }
  if (who?.identifier?.system === System.odsOrganization) return { as, at, reference: null, kinds: await kindsOfOrganization(sql, who) };
  return { as, at, reference: null, kinds: null };
}

/** A practitioner of the publisher's own, with the kinds of every organisation in which they have a role. */
async function kindsOfPractitioner(sql: Sql, owner: string, reference: string): Promise<readonly Kind[] | null> {
  const practises = { is: 'token', param: 'practitioner', anyOf: [uriText(reference)] } as const;
  const roles = await searchResources(sql, searchAmong('PractitionerRole', { is: 'owner', owner, service: null }, [practises], 100));
  const kinds = await inTurn(roles.rows, ({ body }) => kindsOfOrganization(sql, (body as PractitionerRole).organization));
  return kinds.some((one) => one === null) ? null : ['publisher', ...kinds.flatMap((one) => one ?? [])];
}

/** What an organisation is: by its type, and by the services that are registered for it. Null where it is not known here. */
async function kindsOfOrganization(sql: Sql, reference: Reference | undefined): Promise<readonly Kind[] | null> {
  const id = /Organization\/([A-Za-z0-9\-.]{1,64})$/.exec(reference?.reference ?? '')?.[1];
  const named =
    id === undefined
      ? ({ is: 'token', param: 'identifier', anyOf: [codedText(System.odsOrganization, reference?.identifier?.value ?? '')] } as const)
      : ({ is: 'ids', anyOf: [id] } as const);
  const { rows } = await searchResources(sql, searchAmong('Organization', ALL, [named], 1));
  const organization = rows[0]?.body as Organization | undefined;
  if (organization === undefined) return null;
  const codings = (organization.type ?? []).flatMap(({ coding }) => coding ?? []);
  const ods = (organization.identifier ?? []).filter(({ system }) => system === System.odsOrganization).map(({ value }) => value ?? '');
  const services = await sql.query<{ kind: string }>('SELECT DISTINCT kind FROM recipient WHERE ods = ANY($1::text[])', [ods]);
  const declared = codings.flatMap(({ system, code }) =>
    system === System.kind && code !== undefined
      ? [code]
      : system === System.odsRole && code !== undefined && POLICE_ROLES.includes(code)
        ? ['police']
        : [],
  );
  return [...declared, ...services.rows.map(({ kind }) => kind)].filter(isKind);
}

async function owned(sql: Sql, owner: string, reference: Reference | undefined, type: string) {
  const id = new RegExp(`${type}/([A-Za-z0-9\\-.]{1,64})$`).exec(reference?.reference ?? '')?.[1];
  const stored = id === undefined ? null : await readResource(sql, type, id);
  return stored === null || stored.owner !== owner ? null : stored.body;
}

/** The practitioner behind a hand that was found: what tells whether two references are one person. */
export const secondClinicianOf = (hands: readonly Hand[]): string | null =>
  hands.find(({ at }) => at === SECOND_CLINICIAN)?.reference ?? null;
