import type pg from 'pg';
import { readJwks } from './client-keys.ts';
import type { Config } from './config.ts';
import { isOfferedScope } from './http/access/offered-scope.ts';
import { CannotStart } from './model/cannot-start.ts';
import type { Client } from './model/client.ts';
import { isKind, KINDS } from './model/kind.ts';
import { isOdsCode } from './model/ods-code.ts';
import { addClient, findClient, listClients, rotateClient, suspendClient } from './store/access/clients.ts';

/** What the command line says, by the names of its options. */
export type Options = Readonly<Partial<Record<string, string | readonly string[] | boolean>>>;

const refuse = (why: string): never => {
  throw new CannotStart(why);
};

const one = (options: Options, name: string): string | null => {
  const value = options[name];
  return typeof value === 'string' && value !== '' ? value : null;
};

const needed = (options: Options, name: string): string => one(options, name) ?? refuse(`--${name} is missing`);

const keysOf = async (options: Options): Promise<Client['keys']> => {
  const [file, uri] = [one(options, 'jwks'), one(options, 'jwks-uri')];
  if ((file === null) === (uri === null)) return refuse('give either --jwks FILE or --jwks-uri URL');
  if (file !== null) return { jwks: await readJwks(file) };
  const address = URL.canParse(uri ?? '') ? new URL(uri ?? '') : refuse('--jwks-uri is no address');
  if (!/^https?:$/.test(address.protocol) || address.username !== '' || address.password !== '')
    refuse('--jwks-uri is an https: address without name and password');
  return { jwksUri: address.href };
};

/** A client as the commands print it. */
const toJson = ({
  id,
  organization,
  kind,
  scopes,
  keys,
  userAudiences,
  createdAt,
  suspendedAt,
}: Client): Readonly<Record<string, unknown>> => ({
  client_id: id,
  organization,
  kind,
  scope: scopes.join(' '),
  ...('jwksUri' in keys ? { jwks_uri: keys.jwksUri } : { kids: keys.jwks.keys.map(({ kid }) => kid ?? null) }),
  ...(userAudiences.length === 0 ? {} : { user_audiences: userAudiences }),
  created_at: new Date(createdAt).toISOString(),
  suspended_at: suspendedAt === null ? null : new Date(suspendedAt).toISOString(),
});

const add = async (pool: pg.Pool, { operatorOds }: Config, options: Options): Promise<Client> => {
  const organization = needed(options, 'org').toUpperCase();
  if (!isOdsCode(organization)) return refuse('--org is an ODS code: 1 to 12 letters and digits');
  const kind = needed(options, 'kind');
  if (!isKind(kind)) return refuse(`--kind is one of ${KINDS.join(', ')}`);
  if (kind === 'operator' && organization !== operatorOds) return refuse(`the operator is ${operatorOds}: OPERATOR_ODS says so`);
  const scopes = needed(options, 'scope')
    .split(/[\s,]+/)
    .filter((scope) => scope !== '');
  const wrong = scopes.find((scope) => !isOfferedScope(scope));
  if (wrong !== undefined) return refuse(`--scope ${wrong} is none: system/CarePlan.rs, or system/*.cruds; letters in the order of cruds`);
  const audiences = options['user-audience'] ?? [];
  return addClient(pool, {
    organization,
    kind,
    scopes: scopes.filter(isOfferedScope),
    keys: await keysOf(options),
    userAudiences: typeof audiences === 'object' ? audiences : [],
  });
};

const nobody = (): never => refuse('there is no such client: see client list');

/** `client add`, `list`, `show`, `suspend`, `resume` and `rotate`: what each prints, as JSON. Throws CannotStart with one line why not. */
export const clientCommand = async (pool: pg.Pool, config: Config, name: string, options: Options): Promise<unknown> => {
  const id = (): string => needed(options, 'client');
  switch (name) {
    case 'add':
      return toJson(await add(pool, config, options));
    case 'list':
      return (await listClients(pool)).map(toJson);
    case 'show':
      return toJson((await findClient(pool, id())) ?? nobody());
    case 'suspend':
    case 'resume':
      return toJson((await suspendClient(pool, id(), name === 'suspend')) ?? nobody());
    case 'rotate': {
      const keys = await keysOf(options);
      return toJson((await rotateClient(pool, id(), keys)) ?? nobody());
    }
    default:
      return null;
  }
};
