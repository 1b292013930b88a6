import { Pool } from 'undici';
import { type Kind, KINDS } from '../../../../src/model/kind.ts';
import type { Scope } from '../../../../src/model/scope.ts';
import { type Asked, askedBy, type Cell, idAsked } from './ask.ts';
import { NOBODY } from '../../open-door.ts';
import { BERYL, bodyOf, isRecipient, writerOf } from './bodies.ts';
import { callerOf, canBeDisclosed, type MatrixGround } from './ground.ts';
import { rightScope, wrongScopes } from './letters.ts';
import { type Expected, readAnswers, type Target } from './read-answers.ts';
import { TYPE_ROUTES, type TypeRoute } from './routes-of.ts';
import { type Headers, openTokens, type State } from './tokens.ts';

/** Requests in flight at once, of those that are refused: what is let through comes one after another. */
const AT_ONCE = 16;

/** Of a creation that is let through, or refused for what it says. */
const CREATES: readonly number[] = [201, 422];

const foundIn = (text: string, wanted: string, isMatch: boolean): boolean => {
  const { entry = [] } = JSON.parse(text) as { readonly entry?: readonly { readonly resource?: { readonly id?: string } }[] };
  return isMatch ? entry.length > 0 : entry.some(({ resource }) => resource?.id === wanted);
};

const atOnce = async <T>(all: readonly T[], work: (one: T) => Promise<string | null>): Promise<readonly string[]> => {
  const wrong: string[] = [];
  const waiting = all.values();
  const hand = async (): Promise<void> => {
    for (const one of waiting) {
      const fault = await work(one);
      if (fault !== null) wrong.push(fault);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, hand));
  return wrong;
};

/** Kinds whose tokens are of one type alone, where that is enough: of the others, whose types they share, of every type. */
const ONE_TYPE: readonly Kind[] = ['publisher', 'operator', 'evaluator'];

interface Place {
  readonly route: TypeRoute;
  readonly kind: Kind;
  readonly target: Target;
}

const targetsOf = (route: TypeRoute, kind: Kind): readonly Target[] =>
  canBeDisclosed(route.type, route.name, kind) ? ['own', 'other', 'disclosed'] : ['own', 'other'];

const placesOf = (type: string): readonly Place[] =>
  TYPE_ROUTES.filter((route) => route.type === type).flatMap((route) =>
    KINDS.flatMap((kind) => targetsOf(route, kind).map((target) => ({ route, kind, target }))),
  );

const isInTurn = ({ route, kind, target }: Place): boolean =>
  target === 'disclosed' || (TYPE_ROUTES.indexOf(route) + KINDS.indexOf(kind)) % 2 === (target === 'own' ? 0 : 1);

const toldOf = ({ route, kind, target }: Place): string => `${route.type} | ${route.name} | ${kind} | ${target}`;

/** Asks every cell of a type on the real door, and answers what is not as it was written. */
export const openMatrix = async (ground: MatrixGround) => {
  const answers = readAnswers();
  const tokens = await openTokens(ground.door);
  const sender = new Pool(ground.door.origin, { connections: AT_ONCE, pipelining: 1 });
  let doomed = 0;

  const idIn = ({ route, kind, target }: Place): string => {
    if (route.type === 'AuditEvent') return ground.trail;
    if (target !== 'disclosed') return idAsked(route, kind, target);
    if (!isRecipient(kind)) throw new Error(`nothing is disclosed to ${kind}`);
    return ground.disclosedTo(kind);
  };
  const requestOf = (cell: Cell): Asked => askedBy(cell, ground.kept.get(`${cell.route.type}/${cell.id}`));
  const send = async ({ method, path, body, contentType }: Asked, headers: Headers) => {
    const type = contentType === null ? {} : { 'content-type': contentType };
    const answer = await sender.request({ method, path, body, headers: { ...headers, ...type } });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  };
  /** What a deletion that is let through takes: nothing else refers to it. */
  const doom = async ({ route, kind }: Place): Promise<string> => {
    doomed += 1;
    const id = `doomed-${doomed}`;
    const answer = await ground.door.put(writerOf(route.type, kind), bodyOf(route.type, kind, id));
    if (answer.status !== 201) throw new Error(`${route.type}/${id}: ${answer.status} ${answer.text}`);
    return id;
  };
  const judge = (place: Place, expected: Expected, asked: Asked, { status, text }: { readonly status: number; readonly text: string }) => {
    if (status !== expected.status) return `${toldOf(place)}: ${expected.status} is written, and it is ${status} ${text.slice(0, 300)}`;
    if (expected.found === null) return null;
    const found = foundIn(text, asked.wanted, place.route.interaction === 'match');
    return found === expected.found ? null : `${toldOf(place)}: it is ${found ? '' : 'not '}found`;
  };

  const headersOf = async ({ route, kind, target }: Place, scope: Scope): Promise<Headers> => ({
    ...(await tokens.right(callerOf(kind, target), scope)),
    // What needs a person has one: without, a client is refused whatever it may.
    ...(['approve', 'emergency-access', 'end-chase'].includes(route.interaction) ? await tokens.person(callerOf(kind, target)) : {}),
    // A person asks for Beryl's: as she does, or as one who is not known here.
    ...(kind === 'person' ? await tokens.self(target === 'own' ? BERYL : NOBODY) : {}),
  });
  const refused = async (place: Place, state: State, scope: Scope): Promise<string | null> => {
    const asked = requestOf({ ...place, id: idIn(place) });
    const { status, headers } = await send(asked, await tokens.wrong(state, callerOf(place.kind, place.target), scope));
    const challenge = String(headers['www-authenticate'] ?? '');
    return status === 401 && challenge.startsWith('Bearer')
      ? null
      : `${toldOf(place)} with a token that is ${state}: ${status} ${challenge}`;
  };

  return {
    withRightScope: async (type: string): Promise<readonly string[]> => {
      const wrong: string[] = [];
      for (const place of placesOf(type)) {
        const { route, kind, target } = place;
        const expected = answers.expected(type, route.name, kind, target);
        if (expected === null) continue;
        const isDoomed = expected.status === 204 && (target === 'own' || kind === 'operator');
        const asked = requestOf({ ...place, id: isDoomed ? await doom(place) : idIn(place) });
        const scope = rightScope(
          route,
          target === 'own' && expected.status < 400 && ONE_TYPE.includes(kind),
          CREATES.includes(expected.status),
        );
        const fault = judge(place, expected, asked, await send(asked, await headersOf(place, scope)));
        if (fault !== null) wrong.push(fault);
      }
      return wrong;
    },
    withWrongScopes: (type: string): Promise<readonly string[]> => {
      const all = placesOf(type).flatMap((place) => wrongScopes(place.route).map((scope): [Place, Scope] => [place, scope]));
      return atOnce(all, async ([place, scope]) => {
        const { route, kind, target } = place;
        const isOffered = answers.expected(type, route.name, kind, 'own')?.status !== 405;
        const { status } = await send(requestOf({ ...place, id: idIn(place) }), await tokens.right(callerOf(kind, target), scope));
        return status === (isOffered ? 403 : 405) ? null : `${toldOf(place)} with ${scope}: ${status}`;
      });
    },
    /** Every route and kind, and either tenant in turn. All tokens are made together: some are made by waiting. */
    withToken: async (type: string, state: State): Promise<readonly string[]> => {
      const scope = 'system/*.cruds';
      const places = placesOf(type).filter(isInTurn);
      await Promise.all(places.map(({ kind, target }) => tokens.wrong(state, callerOf(kind, target), scope)));
      return atOnce(places, (place) => refused(place, state, scope));
    },
    /** Every route, kind and tenant, with each scope. */
    withTokenAndScopes: (type: string, state: State): Promise<readonly string[]> =>
      atOnce(
        placesOf(type).flatMap((place) =>
          [rightScope(place.route, false), ...wrongScopes(place.route)].map((scope): [Place, Scope] => [place, scope]),
        ),
        ([place, scope]) => refused(place, state, scope),
      ),
    neverAsked: answers.neverAsked,
    close: () => sender.close(),
  };
};
