import { randomUUID } from 'node:crypto';
import type { Projected } from '../../src/decide/project.ts';
import type { DisclosedPerson } from '../../src/model/disclosure.ts';
import type { Ledger } from '../../src/model/ledger.ts';
import type { RecipientKind } from '../../src/model/kind.ts';
import type { Person } from '../../src/model/person.ts';
import { keysOf } from '../../src/store/keys/keys-of.ts';
import { personKey } from '../../src/store/keys/person-keys.ts';
import { openDetails, openPerson, sealDetails, sealPerson } from '../../src/store/keys/sealed-facts.ts';
import { sealNumber } from '../../src/store/keys/sealed-number.ts';
import { openState, type SealedLedger, sealState } from '../../src/store/keys/sealed-state.ts';
import { openBytes, openWords, sealBytes, type SealedProjection, sealProjections } from '../../src/store/keys/sealed-version.ts';
import type { Sql } from '../../src/store/pool.ts';
import { TEMPLATE_NUMBER } from './template.ts';

/** The template's rows as the broker wrote them, opened. */
export interface Template {
  readonly person: Omit<Person, 'id'>;
  readonly details: DisclosedPerson;
  readonly words: { readonly bytes: string; readonly projections: Readonly<Record<string, Projected>> } | null;
  readonly state: Ledger | null;
}

/** Opens the template: its words where they are asked for, and its key at a destination. */
export const openTemplate = async (sql: Sql, words: boolean, destination: string | null): Promise<Template> => {
  const key = await keysOf(sql).keyOf(await personKey(sql, 'template'));
  const { rows: facts } = await sql.query(`SELECT facts, disclosed FROM patient_fact WHERE patient_id = 'template'`);
  const { rows: versions } = await sql.query<{ bytes: string; projections: Readonly<Record<string, SealedProjection>> }>(
    `SELECT bytes, projections FROM approved_version WHERE care_plan_id = 'plan'`,
  );
  const { rows: keys } = await sql.query<{ id: string; state: SealedLedger }>(
    `SELECT k.id, k.state FROM ledger_key k JOIN plan p ON p.id = k.plan_id AND p.patient_id = 'template' WHERE k.destination_id = $1`,
    [destination],
  );
  const [version] = versions;
  const [read] = keys;
  const projections = Object.entries(version?.projections ?? {}).map(([kind, { projection, words: sealed }]) => [
    kind,
    { projection, words: openWords(key, 'plan', kind as RecipientKind, sealed) },
  ]);
  return {
    person: openPerson(key, 'template', facts[0].facts),
    details: openDetails(key, 'template', facts[0].disclosed),
    words:
      words && version !== undefined
        ? { bytes: openBytes(key, 'plan', version.bytes), projections: Object.fromEntries(projections) }
        : null,
    state: read === undefined ? null : openState(key, read.id, read.state),
  };
};

/** What is filled for each number: the template's rows with their number, sealed under a key of their own. */
export const sealedRows = async (sql: Sql, template: Template, numbers: readonly string[], from: number): Promise<string> => {
  const keys = keysOf(sql);
  const withNumber = <T>(value: T, number: string): T => JSON.parse(JSON.stringify(value).replaceAll(TEMPLATE_NUMBER, number)) as T;
  const rows: object[] = [];
  for (const [at, number] of numbers.entries()) {
    const [patient, person, key_id] = [`bench-${from + at}`, randomUUID(), randomUUID()];
    const { wrapped, kekId } = await keys.make();
    const key = await keys.keyOf(wrapped);
    rows.push({
      patient,
      person,
      plan: randomUUID(),
      blind: keys.index.number(number),
      sealed_number: sealNumber(sql, person, number),
      wrapped,
      kek_id: kekId,
      facts: sealPerson(key, patient, withNumber(template.person, number)),
      disclosed: sealDetails(key, patient, withNumber(template.details, number)),
      birth_index: keys.index.birthDate(template.details.birthDate),
      key_id,
      state: template.state === null ? null : sealState(key, key_id, withNumber(template.state, number)),
      bytes: template.words === null ? null : sealBytes(key, `plan-${patient}`, template.words.bytes),
      projections: template.words === null ? null : sealProjections(key, `plan-${patient}`, template.words.projections),
    });
  }
  return JSON.stringify(rows);
};
