import type { Ledger } from '../model/ledger.ts';
import { keysOf } from './keys/keys-of.ts';
import type { KeyRow } from './look.ts';
import { FACT_COLUMNS, opened, type Sealed } from './look.ts';
import { type Sql, statement } from './pool.ts';

/** What is read under a person's number or a disclosure's id, at the destination where this recipient's reads are kept track of. */
export interface SeenRow extends Omit<KeyRow, 'key_id' | 'state'> {
  readonly key_id: string | null;
  readonly state: Ledger | null;
  readonly destination_id: string;
  readonly disclosure_id: string;
}

const SEEN = `k.id AS key_id, k.generation, k.version AS key_version, k.state, d.facts AS destination, d.id AS destination_id,
  disclosure_id(p.id, r.id) AS disclosure_id, ${FACT_COLUMNS}`;
// What reads of a plan belong to: a Subscription of a service in its reach, which is told when they are over; otherwise the destination
// that polls. Who is not in reach may look up and keep: at a Subscription that would be called back.
const atReader = (ods: string, kind: string): string => `
  JOIN recipient r ON r.ods = ${ods} AND r.kind = ${kind}
  JOIN LATERAL (
    SELECT d.* FROM destination d WHERE d.recipient_id = r.id AND (d.facts->>'channel' = 'pull' OR (d.facts->>'channel' = 'subscription'
       AND (d.facts->>'open')::boolean AND coalesce(d.facts->'asks'->'publishers' ? p.publisher, true) AND EXISTS (SELECT FROM ledger_key s WHERE s.plan_id = p.id AND s.destination_id = d.id)
       AND (r.id = ANY(p.reach_recipients) OR r.areas && p.reach_areas OR EXISTS (SELECT FROM contact c WHERE c.open AND c.sender = r.ods
            AND c.kind = r.kind AND (c.ends_at IS NULL OR c.ends_at > clock_timestamp()) AND (c.patient_id = p.patient_id OR c.nhs_number = pe.nhs_number)))))
     ORDER BY d.facts->>'channel' DESC, d.id LIMIT 1) d ON true
  LEFT JOIN ledger_key k ON k.plan_id = p.id AND k.destination_id = d.id`;

const byNumbers = statement<[string], Sealed<SeenRow> & { readonly asked: number }>(
  'look-up-by-numbers',
  // Person by person along indexes: OFFSET 0 keeps the planner from joining all of them at once. As JSON, for of arrays it counts the elements,
  // and plans anew each time: 0.8 ms (measured).
  `SELECT asked.at AS asked, one.*
     FROM jsonb_to_recordset($1) AS asked(at integer, "nhsNumber" text, organization text, kind text) CROSS JOIN LATERAL (
       SELECT ${SEEN} FROM person pe JOIN patient_fact pt ON pt.person_id = pe.id
         JOIN plan p ON p.patient_id = pt.patient_id ${atReader('asked.organization', 'asked.kind')}
        WHERE pe.nhs_number = asked."nhsNumber" ORDER BY p.id, r.id OFFSET 0) one
    ORDER BY asked.at, one.plan_id, one.recipient_id`,
);
const rowsById = statement<[string, string, string], Sealed<SeenRow>>(
  'look-up-by-id',
  `SELECT ${SEEN} FROM (SELECT DISTINCT plan_id, recipient_id FROM ledger_key WHERE disclosure_id = $1::uuid) known
     JOIN plan p ON p.id = known.plan_id JOIN patient_fact pt ON pt.patient_id = p.patient_id JOIN person pe ON pe.id = pt.person_id ${atReader('$2', '$3')}
    WHERE r.id = known.recipient_id`,
);
const rowsByPointer = statement<[string, string, string], Sealed<SeenRow>>(
  'look-up-by-pointer',
  // The id is of the locator's key, and whoever asks is shown the plan under an id of their own.
  `SELECT ${SEEN} FROM (SELECT DISTINCT n.plan_id FROM ledger_key n JOIN destination l ON l.id = n.destination_id
                         WHERE n.disclosure_id = $1::uuid AND l.facts->>'channel' = 'nrl') known
     JOIN plan p ON p.id = known.plan_id JOIN patient_fact pt ON pt.patient_id = p.patient_id JOIN person pe ON pe.id = pt.person_id ${atReader('$2', '$3')}
    ORDER BY r.id`,
);
const rowsOfPerson = statement<[string, string, string], Sealed<SeenRow>>(
  'look-up-by-person',
  `SELECT ${SEEN} FROM person pe JOIN patient_fact pt ON pt.person_id = pe.id JOIN plan p ON p.patient_id = pt.patient_id ${atReader('$2', '$3')}
    WHERE pe.id = $1::uuid ORDER BY p.id, r.id`,
);
/** What is read under a person whom a match found, by the broker's own id of them: with or without a traced number. */
export const byPerson = async (sql: Sql, personId: string, organization: string, kind: string): Promise<readonly SeenRow[]> =>
  opened<SeenRow>(sql, await rowsOfPerson(sql, personId, organization, kind));

/** Whom a caller asks for. */
export interface Asked {
  readonly nhsNumber: string;
  readonly organization: string;
  readonly kind: string;
}

/** Of several who ask at once, each one's rows, in the order of who asks. */
export const readTogether = async (sql: Sql, asked: readonly Asked[]): Promise<readonly (readonly SeenRow[])[]> => {
  const found: SeenRow[][] = asked.map(() => []);
  const { index } = keysOf(sql);
  const sent = asked.map(({ nhsNumber, ...one }, at) => ({ at, nhsNumber: index.number(nhsNumber), ...one }));
  const rows = await opened<SeenRow & { readonly asked: number }>(sql, await byNumbers(sql, JSON.stringify(sent)));
  for (const row of rows) found[row.asked]?.push(row);
  return found;
};

/** What is read under the id of a disclosure. */
export const byDisclosure = async (sql: Sql, id: string, organization: string, kind: string): Promise<readonly SeenRow[]> =>
  opened<SeenRow>(sql, await rowsById(sql, id, organization, kind));

/** What is read under the id of a pointer that was published at a record locator. */
export const byPointer = async (sql: Sql, id: string, organization: string, kind: string): Promise<readonly SeenRow[]> =>
  opened<SeenRow>(sql, await rowsByPointer(sql, id, organization, kind));
