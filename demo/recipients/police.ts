/**
 * A police system: subscribes to plan changes (R4 backport, id-only) and on each event reads the plan again, keeping what it is shown and
 * dropping what it is shown no longer. Where POLL_MS is set it also does its recall Tasks.
 * Environment: BROKER, CLIENT_ID, CLIENT_KEY, PORT, CONTROL_PORT, STORE_FILE, POLL_MS.
 * Scopes that it needs: system/Subscription.c system/CarePlan.r system/Composition.r; where it polls, system/Task.us
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerRecalls } from './answer-recalls.ts';
import { askBroker, json } from './broker-client.ts';
import { at, listAt, textAt } from './json-path.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { answer, bodyOf, listenOn, openProgram, ready } from './program.ts';
import { readAgain } from './read-plan.ts';

const TOPIC = 'https://crisis-plan-broker.example/fhir/SubscriptionTopic/plan-change';
const CONTENT = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-payload-content';
const PATH = '/hook';

const program = openProgram();
const { behaviour, heard, store } = program;
const ask = askBroker(program);
const serially = oneAtATime();

/** The plans that a notification names, and its type. */
const eventOf = (bundle: unknown): { readonly type: string | null; readonly plans: readonly string[] } => {
  const parameters = listAt(bundle, 'entry', 0, 'resource', 'parameter');
  const named = (name: string): readonly unknown[] => parameters.filter((parameter) => textAt(parameter, 'name') === name);
  const plans = named('notification-event').flatMap((event) => {
    const focus = listAt(event, 'part').find((part) => textAt(part, 'name') === 'focus');
    const id = /(?:^|\/)CarePlan\/([^/]+)$/.exec(textAt(focus, 'valueReference', 'reference') ?? '')?.[1];
    return id === undefined ? [] : [id];
  });
  return { type: textAt(named('type')[0], 'valueCode'), plans };
};

const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  if (request.method !== 'POST' || request.url !== PATH) return answer(response, 404, {});
  const { type, plans } = eventOf(JSON.parse(await bodyOf(request)));
  const stalled = behaviour.stall;
  if (stalled) behaviour.unanswered += 1;
  if (type === null) return answer(response, 400, {});
  heard.push(type);
  if (!stalled) answer(response, 200, {});
  if (stalled && !behaviour.store) return;
  // It answers first and reads after: an event says only that there is something to read.
  for (const id of plans) await serially(() => readAgain(ask, store, id));
};

const server = createServer((request, response) => {
  receive(request, response).catch((error: unknown) => {
    process.stderr.write(`notification: ${error instanceof Error ? error.message : 'failed'}\n`);
    if (!response.headersSent) answer(response, 400, {});
  });
});
const port = await listenOn(server, process.env['PORT']);

const created = await ask(
  'POST',
  'Subscription',
  json({
    resourceType: 'Subscription',
    status: 'requested',
    reason: 'Crisis plans that this force may see',
    criteria: TOPIC,
    channel: {
      type: 'rest-hook',
      endpoint: `http://127.0.0.1:${port}${PATH}`,
      payload: 'application/fhir+json',
      _payload: { extension: [{ url: CONTENT, valueCode: 'id-only' }] },
    },
  }),
);
if (created.status !== 201) throw new Error(`the Subscription was refused: ${created.status} ${JSON.stringify(at(created.body, 'issue'))}`);
await ready(program, port, async (asked) => (asked === 'GET /subscription' ? created.body : undefined));
if (process.env['POLL_MS'] !== undefined) await answerRecalls(program, ask, serially, Number(process.env['POLL_MS']));
