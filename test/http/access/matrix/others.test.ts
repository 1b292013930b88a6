import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { KINDS, type Kind } from '../../../../src/model/kind.ts';
import { assertionOf, ASSERTION_TYPE, type Caller } from '../../../support/access.ts';
import { incident } from '../../../inbound/incident.ts';
import { type OpenDoor, openDoor, OPERATOR } from '../../open-door.ts';
import { OTHERS } from './answers/others.ts';
import { OTHER_ROUTES } from './routes-of.ts';
import { type Headers, openTokens, STATES } from './tokens.ts';

let door: OpenDoor;
let tokens: Awaited<ReturnType<typeof openTokens>>;
beforeAll(async () => {
  door = await openDoor();
  tokens = await openTokens(door);
});
afterAll(async () => {
  expect(door.lines.filter((line) => line.includes('our fault'))).toEqual([]);
  await door.close();
});

interface Row {
  readonly route: string;
  readonly method: string;
  readonly path: string;
  /** Of each kind, and of a stranger last. */
  readonly cells: readonly string[];
}

const ROWS: readonly Row[] = OTHERS.trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [method = '', path = '', ...cells] = line.trim().split(/\s+/);
    return { route: `${method} ${path}`, method, path, cells };
  });

let messages = 0;
const message = (sender: string): string => {
  messages += 1;
  return JSON.stringify(incident({ caseNumber: `case-${messages}`, second: 1, sender }));
};

const bodyOf = (path: string, caller: Caller | null, isOther: boolean): { readonly body?: string; readonly type?: string } => {
  const fhir = 'application/fhir+json';
  if (path === '/fhir') return { type: fhir, body: JSON.stringify({ resourceType: 'Bundle', type: 'batch' }) };
  if (path === '/fhir/$process-message') return { type: fhir, body: message(isOther || caller === null ? 'ZZ9' : caller.ods) };
  if (/introspect|revoke/.test(path)) return { type: 'application/x-www-form-urlencoded', body: 'token=nothing' };
  return { type: fhir, body: '{}' };
};

const ask = async ({ method, path }: Row, headers: Headers, caller: Caller | null, isOther = false): Promise<number> => {
  const { body, type } = method === 'POST' ? bodyOf(path, caller, isOther) : {};
  const id = crypto.randomUUID();
  const answer = await fetch(`${door.origin}${path}`, {
    method,
    headers: { ...headers, 'x-request-id': id, 'x-correlation-id': id, ...(type === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body }),
  });
  await answer.text();
  return answer.status;
};

const callerOf = (kind: Kind): Caller => (kind === 'operator' ? OPERATOR : { ods: 'ZZ1', kind });

test('every route of no type has its row', () => {
  const written = ROWS.map(({ route }) => route);
  const wanted = OTHER_ROUTES.map((route) => route.replace(':definition', 'StructureDefinition').replace(':id', 'crisis-plan'));
  expect(wanted.filter((route) => !written.includes(route))).toEqual([]);
  for (const { cells } of ROWS) expect(cells).toHaveLength(KINDS.length + 1);
});

test.each(ROWS.map((row) => [row.route, row] as const))('%s answers each kind as is written', async (_route, row) => {
  for (const [index, kind] of KINDS.entries()) {
    const caller = callerOf(kind);
    const headers = await tokens.right(caller, 'system/*.cruds');
    const [own, other = own] = (row.cells[index] ?? '').split('/');
    expect([kind, 'own', String(await ask(row, headers, caller))]).toEqual([kind, 'own', own]);
    expect([kind, 'other', String(await ask(row, headers, caller, true))]).toEqual([kind, 'other', other]);
  }
});

test.each(STATES.map((state) => [state] as const))(
  'a token that is %s is that of a stranger',
  async (state) => {
    // One that was given back is waited for: for all of them at once.
    await Promise.all(KINDS.map((kind) => tokens.wrong(state, callerOf(kind), 'system/*.cruds')));
    for (const kind of KINDS) {
      const headers = await tokens.wrong(state, callerOf(kind), 'system/*.cruds');
      for (const row of ROWS)
        expect([row.route, kind, String(await ask(row, headers, callerOf(kind)))]).toEqual([row.route, kind, row.cells.at(-1)]);
    }
  },
  60_000,
);

test('a message needs the scope to create an Encounter', async () => {
  const row = ROWS.find(({ route }) => route === 'POST /fhir/$process-message');
  if (row === undefined) throw new Error('the row is there');
  const caller: Caller = { ods: 'ZZ3', kind: 'ambulance' };
  expect(await ask(row, await tokens.right(caller, 'system/*.ruds'), caller)).toBe(403);
  expect(await ask(row, await tokens.right(caller, 'system/Flag.cruds'), caller)).toBe(403);
  expect(await ask(row, await tokens.right(caller, 'system/Encounter.c'), caller)).toBe(200);
});

test('a client assertion is good once: presented again it gives no token, to whoever sends it', async () => {
  for (const kind of KINDS) {
    const endpoint = `${door.origin}/oauth/token`;
    const assertion = await assertionOf(await door.tokens.clientIdOf(callerOf(kind)), endpoint);
    const form = { grant_type: 'client_credentials', client_assertion_type: ASSERTION_TYPE, client_assertion: assertion };
    const first = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(form) });
    expect(first.status).toBe(200);
    const again = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(form) });
    expect([again.status, ((await again.json()) as { error: string }).error]).toEqual([401, 'invalid_client']);
  }
});

test('a client alone approves nothing, whatever its scopes', async () => {
  for (const kind of KINDS) {
    const headers = await tokens.right(callerOf(kind), 'system/*.cruds');
    const answer = await fetch(`${door.origin}/fhir/CarePlan/any/$approve`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/fhir+json' },
      body: JSON.stringify({ resourceType: 'Parameters' }),
    });
    expect([kind, answer.status]).toEqual([kind, 403]);
  }
});
