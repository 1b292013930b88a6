import type { Content } from '../decide/disclose.ts';
import type { ProjectedWords } from '../decide/project.ts';
import type { DisclosedPerson } from '../model/disclosure.ts';
import type { RecipientKind } from '../model/kind.ts';
import { type Sql, statement } from './pool.ts';

const contentOfVersion = statement<[string, string], { words: ProjectedWords; person: DisclosedPerson; name: string | null }>(
  'content-of-version',
  `SELECT av.projections->$2->'words' AS words, pt.disclosed AS person,
          (SELECT o.body::jsonb->>'name' FROM resource_token t JOIN resource o ON o.type = 'Organization' AND o.id = t.id
            WHERE t.type = 'Organization' AND t.param = 'identifier' AND t.token = 'https://fhir.nhs.uk/Id/ods-organization-code|' || p.publisher LIMIT 1) AS name
     FROM approved_version av JOIN plan p ON p.id = av.plan_id JOIN patient_fact pt ON pt.patient_id = p.patient_id
    WHERE av.care_plan_id = $1`,
);

/** The words of an approved version for one kind, as they were signed, with the person's details and the publisher's name. */
export async function contentOf(sql: Sql, carePlanId: string, kind: RecipientKind, publisher: string): Promise<Content> {
  const [row] = await contentOfVersion(sql, carePlanId, kind);
  if (row === undefined) throw new Error('an approved version is gone');
  return { words: row.words, person: row.person, publisherName: row.name ?? publisher };
}
