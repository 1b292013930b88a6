import type { ContactFacts } from '../../../mappings/facts/from-encounter.ts';
import { keysOf } from '../keys/keys-of.ts';
import { type Sql, statement } from '../pool.ts';

/** One number of a contact, as it is stored: `system|value`, an NHS number in it by its blind index. */
export const numberText = (sql: Sql, { system, value }: ContactFacts['identifier']): string =>
  keysOf(sql).index.text(`${system ?? ''}|${value}`);

const dropNumbers = statement<[string, string[]], never>(
  'drop-other-numbers',
  'DELETE FROM contact_other_number WHERE encounter_id = $1 AND NOT identifier = ANY($2)',
);
const addNumbers = statement<[string, string[]], never>(
  'add-other-numbers',
  'INSERT INTO contact_other_number (encounter_id, identifier) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING',
);
/** Two contacts of different persons are two, whatever their numbers say: a number is a claim of its sender. */
const toldByOthers = statement<[string], { encounter_id: string }>(
  'told-by-others',
  `SELECT c.encounter_id FROM contact mine JOIN contact c ON (c.sender, c.kind) <> (mine.sender, mine.kind)
    WHERE mine.encounter_id = $1 AND (c.nhs_number IS NULL OR mine.nhs_number IS NULL OR c.nhs_number = mine.nhs_number)
      AND c.encounter_id IN (
        SELECT other.encounter_id FROM contact_other_number n JOIN contact other ON other.identifier = n.identifier WHERE n.encounter_id = $1
        UNION SELECT n.encounter_id FROM contact_other_number n WHERE n.identifier = mine.identifier)`,
);
/** The one told first is the contact. Always the later to the earlier, so that no two ever say "the other". */
const sayTheSame = statement<[string[]], never>(
  'say-the-same',
  `UPDATE contact SET same_as = first.encounter_id
     FROM (SELECT encounter_id, told_at FROM contact WHERE encounter_id = ANY($1) ORDER BY told_at, encounter_id LIMIT 1) first
    WHERE contact.encounter_id = ANY($1) AND contact.encounter_id <> first.encounter_id AND contact.same_as IS NULL`,
);

/**
 * Notes the numbers under which other services tell of a contact, and answers the ids of their Encounters, if they did: the receiver of a
 * referral tells of the very contact that it was sent. Each is a part of one contact.
 */
export async function toldElsewhere(sql: Sql, encounterId: string, { others }: ContactFacts): Promise<readonly string[]> {
  const numbers = others.map((each) => numberText(sql, each));
  await dropNumbers(sql, encounterId, numbers);
  if (numbers.length > 0) await addNumbers(sql, encounterId, numbers);
  const found = (await toldByOthers(sql, encounterId)).map(({ encounter_id }) => encounter_id);
  if (found.length > 0) await sayTheSame(sql, [encounterId, ...found]);
  return found;
}
