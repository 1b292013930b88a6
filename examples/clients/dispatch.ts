import { createInterface } from 'node:readline';
import type { Bundle, Composition, Patient, Task } from '@medplum/fhirtypes';
import { tokensFrom } from './token.ts';

/**
 * An ambulance dispatch desk, written from docs/connect.md and docs/dispatch.md alone. Each line of its input is a call: an NHS number, or
 * "family|given|birth date|telephone" of whoever it is about. It prints what a call-taker sees; nothing is kept, and whoever asks for it back is told so.
 *
 *   BROKER=http://127.0.0.1:8080/fhir CLIENT_ID=… KEY_FILE=client.key.pem node examples/clients/dispatch.ts
 */
const need = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};
const broker = need('BROKER');
const token = tokensFrom(
  broker,
  need('CLIENT_ID'),
  need('KEY_FILE'),
  'system/Flag.rs system/CarePlan.r system/Composition.r system/Patient.rs system/Task.us',
);
const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';
/** Nobody waits longer for a plan while somebody is in danger. */
const PATIENCE_MS = 3_000;
const NO_ANSWER = 'NO ANSWER: ring the crisis line, 111 option 2. Assess, convey and treat as without a plan.';

/** Numbers and names go in bodies, never in addresses. */
const ask = async <T>(
  path: string,
  body?: URLSearchParams | object,
  headers: Record<string, string> = {},
  method = body === undefined ? 'GET' : 'POST',
) => {
  const isForm = body instanceof URLSearchParams;
  const answer = await fetch(`${broker}/${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${await token()}`,
      ...(body === undefined || isForm ? {} : { 'Content-Type': 'application/fhir+json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (answer.status >= 400 && answer.status !== 404) throw new Error(`${answer.status}`);
  return { status: answer.status, json: (answer.status === 304 ? {} : await answer.json()) as T };
};

const plain = (div = ''): string =>
  div
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
const shown = ({ section = [] }: Composition): string[] =>
  section.flatMap(({ title, text }) => (text?.div === undefined ? [] : [`${title}: ${plain(text.div)}`]));

/** One round trip says whether there is a plan, which, and its words. */
const byNumber = async (number: string): Promise<string[]> => {
  const form = new URLSearchParams({ 'patient.identifier': `${NHS_NUMBER}|${number}`, _include: 'Flag:detail' });
  form.append('_include:iterate', 'CarePlan:supporting-info');
  const search = await ask<Bundle>('Flag/_search', form);
  const words = (search.json.entry ?? []).flatMap(({ resource }) => (resource?.resourceType === 'Composition' ? [resource] : []));
  if (words.length === 0) return ['no plan that may be seen'];
  const lines: string[] = [];
  for (const each of words) {
    lines.push(`plan ${each.id}`, ...shown(each));
    // While the call goes on: has it changed? 304 says no, and is on record as a look all the same.
    const again = await ask<Composition>(`Composition/${each.id}`, undefined, { 'If-None-Match': `W/"${each.meta?.versionId}"` });
    lines.push(again.status === 304 ? 'unchanged' : 'changed: look again');
  }
  return lines;
};

/** Whoever knows no number: a match that is certain, said back by the call-taker, and then confirmed. */
const byName = async ([family = '', given = '', birthDate = '', telephone = '']: string[]): Promise<string[]> => {
  const resource = {
    resourceType: 'Patient',
    name: [{ family, given: [given] }],
    birthDate,
    ...(telephone === '' ? {} : { telecom: [{ system: 'phone', value: telephone }] }),
  };
  const parameters = (more: object[]) => ({
    resourceType: 'Parameters',
    parameter: [{ name: 'resource', resource }, { name: 'onlyCertainMatches', valueBoolean: true }, ...more],
  });
  const first = await ask<Bundle<Patient>>('Patient/$match', parameters([]));
  const confirmation = first.json.entry?.[0]?.search?.extension?.find(({ url }) => url.endsWith('/match-confirmation'))?.valueString;
  if (confirmation === undefined) return ['nobody is found for certain: ask for the NHS number'];
  const confirmed = await ask<Bundle<Patient>>('Patient/$match', parameters([{ name: 'confirm', valueString: confirmation }]));
  const number = confirmed.json.entry?.[0]?.resource?.identifier?.find(({ system }) => system === NHS_NUMBER)?.value;
  return number === undefined ? ['found, without a number: read the plan by the match'] : byNumber(number);
};

/** What was read counts as held until somebody says that it is given up: docs/dispatch.md. */
const giveUp = async (): Promise<void> => {
  const { json } = await ask<Bundle<Task>>('Task?status=requested&code=recall');
  for (const { resource } of json.entry ?? [])
    if (resource !== undefined) await ask(`Task/${resource.id}`, { ...resource, status: 'completed' }, {}, 'PUT');
};
// What could not be said is said the next time.
setInterval(() => void giveUp().catch(() => undefined), Number(process.env['POLL_MS'] ?? 30_000)).unref();

for await (const line of createInterface({ input: process.stdin })) {
  const parts = line.split('|').map((part) => part.trim());
  const lines = await (parts.length === 1 ? byNumber(parts[0] ?? '') : byName(parts)).catch(() => [NO_ANSWER]);
  process.stdout.write(`${lines.join('\n')}\n--\n`);
}
