import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RESOURCE_TYPES } from '../../../../profiles/resource-types.ts';
import { type Kind, KINDS } from '../../../../src/model/kind.ts';
import { openSender, type Sender } from '../../../fuzz/wave.ts';
import { askedBy, type Cell, idAsked } from './ask.ts';
import { bodyOf, isRecipient, writerOf } from './bodies.ts';
import { callerOf, canBeDisclosed, layMatrixGround, type MatrixGround } from './ground.ts';
import { readAnswers, type Target } from './read-answers.ts';
import { TYPE_ROUTES, type TypeRoute } from './routes-of.ts';

const answers = readAnswers();
let ground: MatrixGround;
let sender: Sender;
beforeAll(async () => {
  ground = await layMatrixGround();
  sender = openSender(ground.door.origin, 4);
}, 60_000);
afterAll(async () => {
  await sender?.close();
  await ground?.door.close();
});

const idIn = (route: TypeRoute, kind: Kind, target: Target): string => {
  if (route.type === 'AuditEvent') return ground.trail;
  if (target !== 'disclosed') return idAsked(route, kind, target);
  if (!isRecipient(kind)) throw new Error(`nothing is disclosed to ${kind}`);
  return ground.disclosedTo(kind);
};

const foundIn = (text: string, wanted: string, isMatch: boolean): boolean => {
  const { entry = [] } = JSON.parse(text) as { readonly entry?: readonly { readonly resource?: { readonly id?: string } }[] };
  return isMatch ? entry.length > 0 : entry.some(({ resource }) => resource?.id === wanted);
};

let doomed = 0;
/** What a deletion that is let through takes: nothing else refers to it. */
const doom = async ({ route, kind }: Cell): Promise<string> => {
  doomed += 1;
  const id = `doomed-${doomed}`;
  const answer = await ground.door.put(writerOf(route.type, kind), bodyOf(route.type, kind, id));
  if (answer.status !== 201) throw new Error(`${route.type}/${id}: ${answer.status} ${answer.text}`);
  return id;
};

const HEADERS = (kind: Kind, target: Target): Record<string, string> => {
  const { ods } = callerOf(kind, target);
  return { 'nhsd-end-user-organisation-ods': ods, 'x-service-kind': kind };
};

const judge = async (route: TypeRoute, kind: Kind, target: Target): Promise<string | null> => {
  const expected = answers.expected(route.type, route.name, kind, target);
  if (expected === null) return null;
  const before: Cell = { route, kind, target, id: idIn(route, kind, target) };
  const isDoomed = expected.status === 204 && (target === 'own' || kind === 'operator');
  const cell = isDoomed ? { ...before, id: await doom(before) } : before;
  const asked = askedBy(cell, ground.kept.get(`${route.type}/${cell.id}`));
  const headers = { ...HEADERS(kind, target), ...(asked.contentType === null ? {} : { 'content-type': asked.contentType }) };
  const { status, text } = await sender.send({ method: asked.method as 'GET', path: asked.path, headers, body: asked.body });
  const told = `${route.type} | ${route.name} | ${kind} | ${target}: `;
  if (status !== expected.status) return `${told}${expected.status} is written, and it is ${status} ${text.slice(0, 300)}`;
  if (expected.found === null) return null;
  const found = foundIn(text, asked.wanted, route.interaction === 'match');
  return found === expected.found ? null : `${told}it is ${found ? '' : 'not '}found`;
};

const targetsOf = (route: TypeRoute, kind: Kind): readonly Target[] =>
  canBeDisclosed(route.type, route.name, kind) ? ['own', 'other', 'disclosed'] : ['own', 'other'];

test.each(RESOURCE_TYPES.map(({ type }) => [type]))(
  '%s: each route, for each kind, of its own, of another, and disclosed',
  async (type) => {
    const wrong: string[] = [];
    for (const route of TYPE_ROUTES.filter((each) => each.type === type))
      for (const kind of KINDS)
        for (const target of targetsOf(route, kind)) {
          const fault = await judge(route, kind, target);
          if (fault !== null) wrong.push(fault);
        }
    expect(wrong).toEqual([]);
  },
  60_000,
);

test('no answer is written that nobody asks for', () => {
  expect(answers.neverAsked()).toEqual([]);
});
