/**
 * An electronic patient record: takes FHIR messages by POST /fhir/$process-message and stores plans by NHS number and plan.
 * Environment: PORT, CONTROL_PORT, STORE_FILE, ODS; REFUSES_LOWER_SEQUENCE=1 makes it refuse what is older than what it saw.
 * It calls nobody, and so needs no access token.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { at, listAt, textAt } from './json-path.ts';
import { answer, bodyOf, listenOn, openProgram, ready } from './program.ts';
import { nhsNumberAt, readWords } from './read-words.ts';

const FHIR = 'application/fhir+json';
const SEQUENCE = 'https://crisis-plan-broker.example/fhir/StructureDefinition/sequence';
const PLAN = 'https://crisis-plan-broker.example/fhir/NamingSystem/plan';

const program = openProgram();
const { store, behaviour, heard } = program;
const refusesLower = process.env['REFUSES_LOWER_SEQUENCE'] === '1';

type Code = 'ok' | 'fatal-error';

const resourceOf = (bundle: unknown, type: string): unknown =>
  listAt(bundle, 'entry')
    .map((entry) => at(entry, 'resource'))
    .find((resource) => at(resource, 'resourceType') === type);

const planOf = (carePlan: unknown): string | null =>
  textAt(
    listAt(carePlan, 'identifier').find((identifier) => textAt(identifier, 'system') === PLAN),
    'value',
  );

/** Whether `a` comes before `b`: `epoch.count`, compared as numbers. */
const isLower = (a: string, b: string): boolean => {
  const [epochA = 0, countA = 0] = a.split('.').map(Number);
  const [epochB = 0, countB = 0] = b.split('.').map(Number);
  return epochA < epochB || (epochA === epochB && countA < countB);
};

/** Takes one message in, and says how it went; null where it is none. */
const take = (bundle: unknown): Code | null => {
  const header = at(bundle, 'entry', 0, 'resource');
  const reason = textAt(header, 'reason', 'coding', 0, 'code');
  const focus = listAt(bundle, 'entry')
    .filter((entry) => textAt(entry, 'fullUrl') === textAt(header, 'focus', 0, 'reference'))
    .map((entry) => at(entry, 'resource'))[0];
  const carePlan = at(focus, 'resourceType') === 'Bundle' ? resourceOf(focus, 'CarePlan') : focus;
  const plan = planOf(carePlan);
  if (at(header, 'resourceType') !== 'MessageHeader' || reason === null || plan === null) return null;
  heard.push(reason);

  const person = nhsNumberAt(carePlan, 'subject', 'identifier') ?? nhsNumberAt(resourceOf(focus, 'Patient'), 'identifier');
  const key = `${person ?? '-'} ${plan}`;
  const sequence = textAt(
    listAt(carePlan, 'extension').find((extension) => textAt(extension, 'url') === SEQUENCE),
    'valueString',
  );
  const highest = store.memory.get(`sequence ${plan}`);
  if (refusesLower && sequence !== null && highest !== undefined && isLower(sequence, highest)) return 'fatal-error';
  if (sequence !== null && (highest === undefined || isLower(highest, sequence))) store.memory.set(`sequence ${plan}`, sequence);

  if (reason === 'delete' || at(carePlan, 'status') === 'revoked') {
    store.held.delete(key);
    return 'ok';
  }
  const texts = readWords(resourceOf(focus, 'Composition'));
  store.held.set(key, { person, plan, document: textAt(focus, 'identifier', 'value') ?? '', headings: Object.keys(texts), texts });
  return 'ok';
};

/** R4 messaging, reliable: a message that was seen gets its first answer again, and is not processed twice. */
const respond = (bundle: unknown): unknown => {
  const headerId = textAt(bundle, 'entry', 0, 'resource', 'id');
  const bundleId = textAt(bundle, 'identifier', 'value') ?? textAt(bundle, 'id');
  if (at(bundle, 'resourceType') !== 'Bundle' || headerId === null || bundleId === null) return null;
  const seen = store.memory.get(`message ${headerId} ${bundleId}`);
  if (seen !== undefined) return JSON.parse(seen);
  const code = take(bundle);
  if (code === null) return null;
  const response = {
    resourceType: 'Bundle',
    id: randomUUID(),
    type: 'message',
    timestamp: new Date().toISOString(),
    entry: [
      {
        resource: {
          resourceType: 'MessageHeader',
          id: randomUUID(),
          eventCoding: at(bundle, 'entry', 0, 'resource', 'eventCoding'),
          source: { endpoint: `urn:ods:${program.ods}` },
          response: { identifier: headerId, code },
        },
      },
    ],
  };
  store.memory.set(`message ${headerId} ${bundleId}`, JSON.stringify(response));
  store.save();
  return response;
};

const outcome = (code: string) => ({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code }] });

const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  if (request.method !== 'POST' || request.url !== '/fhir/$process-message') return answer(response, 404, outcome('not-found'), FHIR);
  const body = await bodyOf(request);
  const stalled = behaviour.stall;
  if (stalled) behaviour.unanswered += 1;
  if (stalled && !behaviour.store) return;
  let bundle: unknown;
  try {
    bundle = JSON.parse(body);
  } catch {
    return answer(response, 400, outcome('structure'), FHIR);
  }
  const message = respond(bundle);
  if (stalled) return;
  if (message === null) return answer(response, 400, outcome('invalid'), FHIR);
  answer(response, 200, message, FHIR);
};

const server = createServer((request, response) => {
  receive(request, response).catch(() => answer(response, 500, outcome('exception'), FHIR));
});
await ready(program, await listenOn(server, process.env['PORT']));
