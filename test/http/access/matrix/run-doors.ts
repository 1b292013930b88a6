import { randomUUID } from 'node:crypto';
import { System } from '../../../../profiles/canonicals.ts';
import { type Kind, KINDS } from '../../../../src/model/kind.ts';
import { isScope, type Scope } from '../../../../src/model/scope.ts';
import { DOORS } from './answers/doors.ts';
import { BERYL, isRecipient } from './bodies.ts';
import { callerOf, type MatrixGround } from './ground.ts';
import { type Headers, openTokens, type State } from './tokens.ts';

/** One route of a door, with what is written of it. */
export interface DoorRow {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly scopes: readonly Scope[];
  /** By kind, in the order of `KINDS`. */
  readonly cells: readonly string[];
}

const scopeOf = (text: string): Scope => {
  const scope = `system/${text}`;
  if (!isScope(scope)) throw new Error(`${text} is no scope`);
  return scope;
};

export const DOOR_ROWS: readonly DoorRow[] = DOORS.trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [method = '', path = '', scopes = '', ...cells] = line.trim().split(/\s+/);
    return { name: `${method} ${path}`, method, path, scopes: scopes === '-' ? [] : scopes.split(',').map(scopeOf), cells };
  });

/** Whoever asks: nothing is disclosed to the first organisation, and Beryl's plan to the other. */
const TARGETS = ['own', 'disclosed'] as const;
type Target = (typeof TARGETS)[number];
const EVERY = scopeOf('*.cruds');
const NOBODY_KNOWS = '00000000-0000-4000-8000-000000000000';

/** Scopes with which a route may not be asked for: of every type without one of its letters, of another type, and each of several that it needs alone. */
const wrongScopes = ({ scopes }: DoorRow): readonly Scope[] =>
  scopes.flatMap((scope) => {
    const letter = scope.slice(-1);
    return [scopeOf(`*.${'cruds'.replace(letter, '')}`), scopeOf('Location.cruds'), ...(scopes.length > 1 ? [scope] : [])];
  });

/** Asks every cell of the doors beside FHIR's own on the real door. */
export const openDoorMatrix = async ({ door, disclosedTo }: MatrixGround, pointer: string) => {
  const tokens = await openTokens(door);
  const idFor = (kind: Kind): string => (isRecipient(kind) ? disclosedTo(kind) : NOBODY_KNOWS);
  const bodyOf = ({ method, path }: DoorRow): { readonly type: string; readonly body: string } | null => {
    if (method === 'GET') return null;
    if (path.endsWith('_search'))
      return {
        type: 'application/x-www-form-urlencoded',
        body: new URLSearchParams({ 'subject:identifier': `${System.nhsNumber}|${BERYL}` }).toString(),
      };
    const call = { hook: 'crisis-call', hookInstance: randomUUID(), context: { nhsNumber: BERYL } };
    return { type: 'application/json', body: JSON.stringify(call) };
  };
  const addressOf = ({ method, path }: DoorRow, kind: Kind): string => {
    const found = path.replace(':id', idFor(kind)).replace(':pointer', pointer);
    const isSearch = method === 'GET' && path.endsWith('/DocumentReference');
    return isSearch ? `${found}?${new URLSearchParams({ 'subject:identifier': `${System.nhsNumber}|${BERYL}` })}` : found;
  };
  const ask = async (row: DoorRow, kind: Kind, target: Target, headers: Headers) => {
    const sent = bodyOf(row);
    const answer = await fetch(`${door.origin}${addressOf(row, kind)}`, {
      method: row.method,
      headers: {
        'nhsd-end-user-organisation-ods': callerOf(kind, target).ods,
        'x-request-id': randomUUID(),
        ...headers,
        ...(sent === null ? {} : { 'content-type': sent.type }),
      },
      body: sent?.body ?? null,
    });
    const text = await answer.text();
    // What is found names it by the id that this caller, and no other, knows it by.
    const mark = answer.ok && row.cells.some((cell) => /[+-]/.test(cell)) ? (text.includes(idFor(kind)) ? '+' : '-') : '';
    return { told: `${answer.status}${mark}`, status: answer.status, challenge: answer.headers.get('www-authenticate') ?? '' };
  };
  const faults = async (work: (kind: Kind, target: Target, index: number) => Promise<string | null>): Promise<readonly string[]> => {
    const wrong: string[] = [];
    for (const [index, kind] of KINDS.entries())
      for (const target of TARGETS) {
        const fault = await work(kind, target, index);
        if (fault !== null) wrong.push(`${kind} ${target}: ${fault}`);
      }
    return wrong;
  };
  return {
    withRightScope: (row: DoorRow): Promise<readonly string[]> =>
      faults(async (kind, target, index) => {
        const [own = '', disclosed = own] = (row.cells[index] ?? '').split('/');
        const scopes = row.scopes.length === 0 ? [scopeOf('Location.s')] : row.scopes;
        const { told } = await ask(row, kind, target, await tokens.right(callerOf(kind, target), ...scopes));
        const written = target === 'own' ? own : disclosed;
        return told === written ? null : `${written} is written, and it is ${told}`;
      }),
    withWrongScopes: (row: DoorRow): Promise<readonly string[]> =>
      faults(async (kind, target) => {
        for (const scope of wrongScopes(row)) {
          const { status } = await ask(row, kind, target, await tokens.right(callerOf(kind, target), scope));
          if (status !== 403) return `with ${scope} it is ${status}`;
        }
        return null;
      }),
    withToken: async (row: DoorRow, state: State): Promise<readonly string[]> => {
      // One that was given back is waited for: for all of them at once.
      await Promise.all(KINDS.flatMap((kind) => TARGETS.map((target) => tokens.wrong(state, callerOf(kind, target), EVERY))));
      return faults(async (kind, target) => {
        const { status, challenge } = await ask(row, kind, target, await tokens.wrong(state, callerOf(kind, target), EVERY));
        return status === 401 && challenge.startsWith('Bearer') ? null : `${status} ${challenge}`;
      });
    },
  };
};
