import type { Content } from '../decide/disclose.ts';
import type { ProjectedWords } from '../decide/project.ts';
import type { DisclosedPerson } from '../model/disclosure.ts';
import type { RecipientKind } from '../model/kind.ts';
import { keysOf } from './keys/keys-of.ts';
import { openDetails, type SealedDetails } from './keys/sealed-facts.ts';
import { openWords, type SealedWords } from './keys/sealed-version.ts';
import { type Sql, statement } from './pool.ts';

/** An approved version, by its CarePlan, as one kind may see it. */
export interface ContentAsked {
  readonly carePlanId: string;
  readonly kind: RecipientKind;
  readonly publisher: string;
}

interface Row {
  readonly at: number;
  readonly words: SealedWords | ProjectedWords;
  readonly person: SealedDetails | DisclosedPerson;
  readonly patient_id: string;
  readonly wrapped: string | null;
  readonly name: string | null;
}

const contentOfVersions = statement<[string], Row>(
  'content-of-versions',
  // Version by version along indexes: OFFSET 0 keeps the planner from joining all of them at once.
  `SELECT asked.at, one.* FROM jsonb_to_recordset($1) AS asked(at integer, "carePlanId" text, kind text) CROSS JOIN LATERAL (
     SELECT av.projections->asked.kind->'words' AS words, pt.disclosed AS person, p.patient_id,
            (SELECT pk.wrapped FROM person_key pk WHERE pk.id = p.patient_id) AS wrapped,
            (SELECT o.body::jsonb->>'name' FROM resource_token t JOIN resource o ON o.serial = t.serial
              WHERE t.type = 'Organization' AND t.param = 'identifier' AND t.token = 'https://fhir.nhs.uk/Id/ods-organization-code|' || p.publisher LIMIT 1) AS name
       FROM approved_version av JOIN plan p ON p.id = av.plan_id JOIN patient_fact pt ON pt.patient_id = p.patient_id
      WHERE av.care_plan_id = asked."carePlanId" OFFSET 0) one`,
);

/**
 * The words of approved versions for one kind each, as they were signed, with the person's details and the publisher's name; in the order asked.
 * Null where the key of the person was destroyed.
 */
export async function contentsOf(sql: Sql, asked: readonly ContentAsked[]): Promise<readonly (Content | null)[]> {
  const rows = await contentOfVersions(sql, JSON.stringify(asked.map((one, at) => ({ at, ...one }))));
  const byPlace = new Map(rows.map((row) => [row.at, row]));
  return Promise.all(
    asked.map(async ({ carePlanId, kind, publisher }, at) => {
      const row = byPlace.get(at);
      if (row === undefined) throw new Error('an approved version is gone');
      if (row.wrapped === null) return null;
      const key = await keysOf(sql).keyOf(row.wrapped);
      const words = openWords(key, carePlanId, kind, row.words);
      return { words, person: openDetails(key, row.patient_id, row.person), publisherName: row.name ?? publisher };
    }),
  );
}

/** One of them. */
export async function contentOf(sql: Sql, carePlanId: string, kind: RecipientKind, publisher: string): Promise<Content | null> {
  const [content] = await contentsOf(sql, [{ carePlanId, kind, publisher }]);
  if (content === undefined) throw new Error('an approved version is gone');
  return content;
}
