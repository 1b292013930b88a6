import { readFile } from 'node:fs/promises';
import type { Parameters, Provenance } from '@medplum/fhirtypes';
import type pg from 'pg';
import { createAddressGuard } from './channel/address-guard.ts';
import { createGuardedFetch } from './channel/guarded-fetch.ts';
import type { Config } from './config.ts';
import { isOwnOrigin } from './http/access/own-origin.ts';
import { KEY_LIMITS } from './http/access/token-provider.ts';
import { createUserVerifier } from './http/access/user-identity.ts';
import { readUserIssuers } from './http/access/user-issuers.ts';
import { chaseEndAsked } from './http/act/chase-end-asked.ts';
import type { Log } from './log.ts';
import { Anomaly } from './model/anomaly.ts';
import { CannotStart } from './model/cannot-start.ts';
import type { Principal } from './model/principal.ts';
import { type UserIdentity, userInTrail } from './model/user-identity.ts';
import { listClients } from './store/access/clients.ts';
import { type Chase, chases } from './store/chases.ts';
import { endChase } from './store/end-chase.ts';
import { currentEpoch } from './store/ledger-epoch.ts';
import { sealsApprovals } from './store/trail/approval-signature.ts';
import { noteTrailKey } from './store/trail/sign-heads.ts';
import { openTrailKey } from './store/trail/trail-keys.ts';
import { trailFiles } from './trail-part.ts';

const PAGE = 200;

/** A chase as it is printed: when it began as people read it. */
type Printed = Omit<Chase, 'since'> & { readonly since: string };

/**
 * `chase list`: every recall that is owed and that nobody has answered, the oldest first. Ids only. It ends none: that is the word of a
 * person who is signed in (`endChaseCommand`, or `HealthcareService/[id]/$end-chase` at the door).
 */
export async function listChases(pool: pg.Pool): Promise<readonly Printed[]> {
  const all: Printed[] = [];
  let page = await chases(pool, { count: PAGE });
  for (;;) {
    all.push(...page.chases.map((chase) => ({ ...chase, since: new Date(chase.since).toISOString() })));
    if (page.next === null) return all;
    page = await chases(pool, { after: page.next, count: PAGE });
  }
}

/** What the command line says of the end of a chase: the parameters of `$end-chase`, and who says it. */
export interface ChaseEndOptions {
  readonly level?: string | undefined;
  readonly basis?: string | undefined;
  readonly disclosure?: string | undefined;
  readonly document?: readonly string[] | undefined;
  readonly reason?: string | undefined;
  readonly checked?: string | undefined;
  /** File of the id token by which that person is signed in. */
  readonly user?: string | undefined;
}

const toParameters = ({ level, basis, disclosure, document = [], reason, checked }: ChaseEndOptions): Parameters => ({
  resourceType: 'Parameters',
  parameter: [
    ...(level === undefined ? [] : [{ name: 'level', valueCode: level }]),
    ...(basis === undefined ? [] : [{ name: 'basis', valueCode: basis }]),
    ...(disclosure === undefined ? [] : [{ name: 'disclosure', valueReference: { reference: `CarePlan/${disclosure}` } }]),
    ...document.map((id) => ({ name: 'document', valueId: id })),
    ...(reason === undefined ? [] : [{ name: 'reason', valueString: reason }]),
    ...(checked === undefined ? [] : [{ name: 'checked', valueString: checked }]),
  ],
});

/** `Parameters.parameter.where(name='level')` as the option is called. */
const optionOf = (at: string | null): string => {
  const name = /name='([a-z]+)'/.exec(at ?? '')?.[1];
  return name === undefined ? '' : `--${name} `;
};

/** Who says it: an id token of an issuer that the broker knows, meant for it or for a client of its operator's, as at the door. */
async function signedIn(pool: pg.Pool, config: Config, log: Log, file: string | undefined): Promise<UserIdentity> {
  if (file === undefined) throw new CannotStart('--user is missing: the file of the id token of whoever answers for it');
  const token = await readFile(file, 'utf8').catch((fault: NodeJS.ErrnoException) => {
    throw new CannotStart(`--user cannot be read: ${fault.code ?? 'unknown'}`);
  });
  const own = (await listClients(pool)).filter((client) => client.kind === 'operator' && client.organization === config.operatorOds);
  const verify = createUserVerifier({
    issuers: readUserIssuers(config.userIssuers),
    fetch: createGuardedFetch(createAddressGuard(config.outboundAllow), KEY_LIMITS),
    log,
    now: Date.now,
  });
  const isMeantFor = (audience: string): boolean =>
    own.some(({ id, userAudiences }) => audience === id || userAudiences.includes(audience)) ||
    isOwnOrigin(config, audience.replace(/\/fhir$/, ''));
  return verify(token, { organization: config.operatorOds, isMeantFor });
}

/**
 * `chase end SERVICE`: a signed-in person attests a recall, or ends its chase otherwise, as `HealthcareService/[id]/$end-chase` does, under the same seal.
 * Answers the sealed Provenance. Throws CannotStart with one line why not.
 */
export async function endChaseCommand(
  pool: pg.Pool,
  config: Config,
  log: Log,
  service: string,
  options: ChaseEndOptions,
): Promise<Provenance> {
  try {
    const user = await signedIn(pool, config, log, options.user);
    const asked = chaseEndAsked(toParameters(options));
    const key = await openTrailKey(trailFiles(config).key, config.trailKeyFile !== null);
    await noteTrailKey(pool, key);
    const by: Principal = { organization: config.operatorOds, kind: 'operator', scopes: [], user: userInTrail(user) };
    const how = { seal: sealsApprovals(key, config.operatorOds), epoch: await currentEpoch(pool) };
    return await endChase(pool, how, by, { ...asked, user, recipientId: service });
  } catch (fault) {
    if (!(fault instanceof Anomaly)) throw fault;
    const [issue] = fault.issues;
    const where = issue?.at === 'http.X-User-Identity' ? '--user ' : optionOf(issue?.at ?? null);
    throw new CannotStart(`${where}${issue?.help ?? fault.category}`);
  }
}
