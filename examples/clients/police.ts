import { createHmac, timingSafeEqual } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { Bundle, OperationOutcome, Parameters, Subscription, Task } from '@medplum/fhirtypes';
import { tokensFrom } from './token.ts';

/**
 * A police control room, written from docs/connect.md and docs/subscriptions.md alone: it subscribes, is told ids, reads what it may, and gives up what
 * it may no longer hold. Its store is a folder: one file for each plan, by the id under which the broker tells of it.
 *
 *   BROKER=http://127.0.0.1:8080/fhir CLIENT_ID=… KEY_FILE=client.key.pem HOOK=http://127.0.0.1:9000/plan-changed STORE=plans node examples/clients/police.ts
 */
const need = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};
const [broker, hook, store] = [need('BROKER'), new URL(need('HOOK')), need('STORE')];
const token = tokensFrom(
  broker,
  need('CLIENT_ID'),
  need('KEY_FILE'),
  'system/Subscription.cruds system/CarePlan.r system/Composition.r system/Task.rus',
);
const TOPIC = 'https://crisis-plan-broker.example/fhir/SubscriptionTopic/plan-change';
const CONTENT = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-payload-content';
mkdirSync(store, { recursive: true });

const ask = async <T>(method: string, path: string, body?: object): Promise<{ status: number; json: T }> => {
  const answer = await fetch(`${broker}/${path}`, {
    method,
    headers: { Authorization: `Bearer ${await token()}`, 'Content-Type': 'application/fhir+json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await answer.text();
  return { status: answer.status, json: JSON.parse(text === '' ? '{}' : text) as T };
};
const say = (line: string): void => void process.stdout.write(`${line}\n`);
/** What is told is a hint: what may be held is what a read shows. One read after another for each plan, so that an old answer is never written over a new one. */
const queues = new Map<string, Promise<void>>();
const refresh = (plan: string): Promise<void> => {
  const next = (queues.get(plan) ?? Promise.resolve()).then(async () => {
    const file = `${store}/${plan}.json`;
    const { status, json } = await ask<Bundle>('GET', `Composition/${plan}/$document`);
    if (status === 200) writeFileSync(file, JSON.stringify(json), { mode: 0o600 });
    else if (status === 404 || status === 410) rmSync(file, { force: true });
    else throw new Error(`a read was answered ${status}`);
    say(`${status === 200 ? 'holds' : 'gave up'} ${plan}`);
  });
  queues.set(
    plan,
    next.catch(() => undefined),
  );
  return next;
};

let secrets: string[] = [];
/** Standard Webhooks: whoever knows the address of the hook could write to it otherwise. */
const isSigned = (body: string, { headers }: IncomingMessage): boolean => {
  const [id, at, given = ''] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => String(headers[name] ?? ''));
  if (Math.abs(Date.now() / 1000 - Number(at)) > 300) return false;
  return secrets.some((secret) => {
    const own = Buffer.from(
      `v1,${createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
        .update(`${id}.${at}.${body}`)
        .digest('base64')}`,
    );
    return given.split(' ').some((one) => one.length === own.length && timingSafeEqual(Buffer.from(one), own));
  });
};

const plansIn = ({ entry = [] }: Bundle): string[] => entry.slice(1).map(({ request }) => request?.url.split('/').pop() ?? '');
let lastNumber = 0;
let subscription = '';

const heard = async (bundle: Bundle): Promise<void> => {
  const status = (bundle.entry?.[0]?.resource as Parameters | undefined)?.parameter ?? [];
  const type = status.find(({ name }) => name === 'type')?.valueCode;
  if (type !== 'event-notification') return say(String(type));
  const event = status.find(({ name }) => name === 'notification-event')?.part ?? [];
  const number = Number(event.find(({ name }) => name === 'event-number')?.valueString);
  // A gap: ask for what was missed before this one counts.
  if (number > lastNumber + 1) {
    const { json } = await ask<Bundle>(
      'GET',
      `Subscription/${subscription}/$events?eventsSinceNumber=${lastNumber + 1}&eventsUntilNumber=${number - 1}`,
    );
    for (const plan of plansIn(json)) await refresh(plan);
  }
  for (const plan of plansIn(bundle)) await refresh(plan);
  lastNumber = Math.max(lastNumber, number);
};

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString('utf8');
    const isHandshake = secrets.length === 0;
    if (!isHandshake && !isSigned(body, request)) return void response.writeHead(401).end();
    // 2xx only once it is kept: anything else is told again.
    heard(JSON.parse(body)).then(
      () => response.writeHead(200).end(),
      () => response.writeHead(503).end(),
    );
  });
});
server.listen(Number(hook.port), hook.hostname, async () => {
  const { status, json } = await ask<Subscription | OperationOutcome>('POST', 'Subscription', {
    resourceType: 'Subscription',
    status: 'requested',
    reason: 'What we may see of a crisis plan changed',
    criteria: TOPIC,
    channel: {
      type: 'rest-hook',
      endpoint: hook.href,
      payload: 'application/fhir+json',
      _payload: { extension: [{ url: CONTENT, valueCode: 'id-only' }] },
    },
  });
  if (status !== 201) throw new Error(`the Subscription was answered ${status}: ${JSON.stringify(json)}`);
  subscription = json.id ?? '';
  const rotated = await ask<Parameters>('POST', `Subscription/${subscription}/$rotate-secret`, { resourceType: 'Parameters' });
  secrets = [rotated.json.parameter?.[0]?.valueString ?? ''];
  say(`subscribed ${subscription}`);
});

/** Recalls come as Tasks too; and what went wrong here is put right: a Subscription in error is asked for again, by nobody but us. */
setInterval(
  async () => {
    try {
      const tasks = (await ask<Bundle<Task>>('GET', 'Task?status=requested&_count=100')).json.entry ?? [];
      for (const { resource } of tasks) {
        const plan = /^CarePlan\/(.+)$/.exec(resource?.focus?.reference ?? '')?.[1];
        if (resource === undefined || plan === undefined) continue;
        await refresh(plan);
        await ask('PUT', `Task/${resource.id}`, { ...resource, status: 'completed' });
      }
      if (subscription === '') return;
      const own = (await ask<Subscription>('GET', `Subscription/${subscription}`)).json;
      if (own.status === 'error') await ask('PUT', `Subscription/${subscription}`, { ...own, status: 'requested' });
    } catch (fault) {
      say(`tries again: ${fault instanceof Error ? fault.message : 'unknown'}`);
    }
  },
  Number(process.env['POLL_MS'] ?? 30_000),
);
