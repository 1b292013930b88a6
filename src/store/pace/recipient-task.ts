import type { Endpoint, HealthcareService, Task } from '@medplum/fhirtypes';
import { TaskCode } from '../../../profiles/canonicals.ts';
import { type BrokerTask, DONE, endTask, endTaskById, raiseTask, taskId } from '../broker-task.ts';
import { type Sql, statement } from '../pool.ts';
import { readResource } from '../resources.ts';

/** What a Task about a recipient as a whole is of. */
export type RecipientMatter = 'recipient-in-trouble' | 'recipient-paused';

interface Named {
  readonly ods: string;
  readonly kind: string;
}
const recipientNamed = statement<[string], Named>('recipient-named', 'SELECT ods, kind FROM recipient WHERE id = $1');
const publishersOf = statement<[string], { publisher: string }>(
  'publishers-of-recipient',
  `SELECT DISTINCT a.publisher FROM agreement_fact a JOIN recipient r ON r.ods = a.recipient_ods AND a.recipient_id IN ('', r.id)
    WHERE r.id = $1 ORDER BY 1`,
);
const endpointsOf = statement<[string], { id: string }>(
  'addresses-of-recipient',
  `SELECT id FROM destination WHERE recipient_id = $1 AND facts->>'channel' NOT IN ('pull', 'subscription') ORDER BY id`,
);

type Telecom = readonly { readonly system?: string; readonly value?: string }[] | undefined;
const spoken = (telecom: Telecom): readonly string[] =>
  (telecom ?? []).flatMap(({ system, value }) => (value === undefined ? [] : [`${system ?? 'contact'} ${value}`]));

/** Whom to ring about a recipient: what its service declares, else its addresses; null where nobody is declared. */
async function contactOf(sql: Sql, recipientId: string): Promise<string | null> {
  const service = (await readResource(sql, 'HealthcareService', recipientId))?.body as HealthcareService | undefined;
  const own = spoken(service?.telecom);
  if (own.length > 0) return own.join(', ');
  const others: string[] = [];
  for (const { id } of await endpointsOf(sql, recipientId))
    others.push(...spoken(((await readResource(sql, 'Endpoint', id))?.body as Endpoint | undefined)?.contact));
  return others.length > 0 ? others.join(', ') : null;
}

/** Everybody who has to know: whoever runs the broker, and the publishers whose plans the recipient may hold. */
async function ownersOf(sql: Sql, recipientId: string, operator: string) {
  const publishers = (await publishersOf(sql, recipientId)).map(({ publisher }) => ({ owner: publisher, kind: 'publisher' as const }));
  return [{ owner: operator, kind: 'operator' as const }, ...publishers];
}

/** Raises a Task about a recipient with each who has to know; to the operator it says whom to ring and what to do, too. Inside a transaction. */
export async function tellOfRecipient(
  sql: Sql,
  { recipientId, operator, matter }: { readonly recipientId: string; readonly operator: string; readonly matter: RecipientMatter },
  said: { readonly what: string; readonly todo: string },
): Promise<void> {
  const [named] = await recipientNamed(sql, recipientId);
  if (named === undefined) return;
  const who = `${named.kind} ${named.ods} (HealthcareService/${recipientId})`;
  const contact = await contactOf(sql, recipientId);
  const ring = contact === null ? 'It has declared no contact (HealthcareService.telecom).' : `Its contact: ${contact}.`;
  for (const { owner, kind } of await ownersOf(sql, recipientId, operator)) {
    const todo = kind === 'operator' ? ` ${ring} ${said.todo}` : ` ${operator} runs the broker and has a Task of its own.`;
    await raise(sql, {
      code: TaskCode.attention,
      owner,
      kind,
      focus: `HealthcareService/${recipientId}`,
      reason: matter,
      about: `${matter} ${recipientId}`,
      description: `${who}: ${said.what}${todo}`,
    });
  }
}

/** One that says the same already stays as it is; one that says something else is said anew. */
async function raise(sql: Sql, task: BrokerTask): Promise<void> {
  const id = taskId(task);
  const there = (await readResource(sql, 'Task', id))?.body as Task | undefined;
  if (there !== undefined && there.description !== task.description) await endTaskById(sql, id, 'cancelled');
  await raiseTask(sql, task, { reopen: DONE });
}

/** Marks those Tasks as done: what they told of is over. Inside a transaction. */
export async function recipientIsWell(
  sql: Sql,
  { recipientId, operator, matter }: { readonly recipientId: string; readonly operator: string; readonly matter: RecipientMatter },
): Promise<void> {
  for (const { owner } of await ownersOf(sql, recipientId, operator))
    await endTask(sql, { code: TaskCode.attention, owner, about: `${matter} ${recipientId}` }, 'completed');
}
