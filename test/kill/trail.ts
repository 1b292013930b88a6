import type { TestDataDir } from '../support/data-dir.ts';
import type { Town } from './town.ts';

interface Began {
  readonly event: string;
  readonly at: number;
}

/** What a recipient got, by a name that the trail knows it under, and when. */
interface Got {
  readonly name: string;
  readonly at: number;
}

/** I7, to the millisecond (a recipient's clock has no finer one): what a recipient got for which no audit row had been written before. Answers how many were looked at, too. */
export const untrailed = async (folder: TestDataDir, town: Town): Promise<{ readonly seen: number; readonly wrong: readonly string[] }> => {
  // First what was got, then the trail: it may still grow.
  const received = [town.epr, town.ed, town.ambulance, town.crisisLine].flatMap((recipient) => recipient.received());
  const events = town.police.hook.events();
  const shown = town.police.reads().filter(({ text }) => text !== null);
  const rows = await folder.query(
    `SELECT d.document_id, k.disclosure_id, d.epoch || '.' || d.count AS sequence, d.parcel->>'bundleId' AS bundle, d.action AS event,
            extract(epoch FROM a.at) * 1000 AS at
       FROM delivery d JOIN ledger_key k ON k.id = d.key_id JOIN audit a ON a.delivery_id = d.id`,
  );
  const first = new Map<string, Began>();
  for (const row of rows) {
    const began = { event: String(row['event']), at: Math.floor(Number(row['at'])) };
    const names = [
      `${row['disclosure_id']} ${row['sequence']} ${began.event}`,
      `document ${row['document_id']}`,
      `bundle ${row['bundle']}`,
    ];
    for (const name of names) if ((first.get(name)?.at ?? Number.POSITIVE_INFINITY) > began.at) first.set(name, began);
  }
  const pushed: readonly Got[] = received.flatMap(({ plan, sequence, kind, document, at }) => [
    // A message that cancels a stale document travels with the update that replaces it, under its sequence.
    { name: first.has(`${plan} ${sequence} ${kind}`) ? `${plan} ${sequence} ${kind}` : `${plan} ${sequence} update`, at },
    ...(kind === 'update' ? [{ name: `document ${document}`, at }] : []),
  ]);
  const told: readonly Got[] = events.map(({ id, at }) => ({ name: `bundle ${id}`, at }));
  const wrong = [...pushed, ...told].filter(({ name, at }) => (first.get(name)?.at ?? Number.POSITIVE_INFINITY) > at);
  const reads = await folder.query(
    `SELECT k.disclosure_id AS plan, extract(epoch FROM a.at) * 1000 AS at FROM audit a JOIN ledger_key k ON k.id = a.key_id WHERE a.event = 'read'`,
  );
  const audited = new Map<string, number[]>();
  for (const row of reads) audited.set(String(row['plan']), [...(audited.get(String(row['plan'])) ?? []), Number(row['at'])]);
  const unread = shown.filter(
    ({ plan, askedAt, answeredAt }) => !(audited.get(plan) ?? []).some((at) => at >= askedAt - 1 && at <= answeredAt + 1),
  );
  return {
    seen: pushed.length + told.length + shown.length,
    wrong: [
      ...wrong.map(({ name, at }) => `${name} at ${at}, audited at ${first.get(name)?.at ?? 'no time'}`),
      ...unread.map(
        ({ plan, askedAt, answeredAt }) =>
          `read of ${plan} between ${askedAt} and ${answeredAt}, audited at ${(audited.get(plan) ?? []).map(Math.floor).join()}`,
      ),
    ],
  };
};

/** Content in doubt that is not what is held there: of what is, nothing need be said again, however often it was sent. */
const inDoubt = (state: string): string => `EXISTS (
  SELECT FROM jsonb_array_elements(${state}->'copies') u
   WHERE u->>'state' = 'uncertain' AND u->>'documentId' <> '' AND jsonb_typeof(u->'effect') = 'string' AND NOT EXISTS (
     SELECT FROM jsonb_array_elements(${state}->'copies') h WHERE h->>'state' = 'held' AND h->'effect' = u->'effect' AND h->'place' = u->'place'))`;

/** Deliveries by action and outcome, and keys that do not rest: something is owed now, or will be said again within the hour. */
export const figures = async (folder: TestDataDir) => {
  const deliveries = await folder.query('SELECT action, outcome, count(*)::integer AS n FROM delivery GROUP BY 1, 2 ORDER BY 1, 2');
  const [keys] = await folder.query(
    `SELECT count(*)::integer AS keys,
            (count(*) FILTER (WHERE look_at <= clock_timestamp() + interval '1 hour' OR observed < generation OR open_delivery IS NOT NULL))::integer AS restless,
            (count(*) FILTER (WHERE ${inDoubt('state')}))::integer AS uncertain
       FROM ledger_key`,
  );
  // Content in doubt that nobody asks about any more. A recall in doubt behind one that was accepted has no content, and lies until the next attempt.
  const lying = await folder.query(
    `SELECT k.destination_id, k.look_at, k.state->'last' AS last, k.state->'copies' AS copies, d.facts->'open' AS open FROM ledger_key k JOIN destination d ON d.id = k.destination_id
      WHERE ${inDoubt('k.state')}`,
  );
  // An open delivery that its key knows nothing of would keep the key from ever beginning another.
  const [orphans] = await folder.query(
    `SELECT count(*)::integer AS n FROM delivery d JOIN ledger_key k ON k.id = d.key_id WHERE d.outcome = 'open' AND k.open_delivery IS DISTINCT FROM d.id`,
  );
  return {
    deliveries: Object.fromEntries(deliveries.map((row) => [`${row['action']} ${row['outcome']}`, Number(row['n'])])),
    keys: Number(keys?.['keys']),
    restless: Number(keys?.['restless']),
    uncertain: Number(keys?.['uncertain']),
    orphans: Number(orphans?.['n']),
    lying,
  };
};
