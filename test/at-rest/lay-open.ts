import type pg from 'pg';
import { deflateRawSync } from 'node:zlib';
import { keysOf } from '../../src/store/keys/keys-of.ts';
import { openNumber } from '../../src/store/keys/sealed-number.ts';
import { openDetails, openPerson } from '../../src/store/keys/sealed-facts.ts';
import { openParcel } from '../../src/store/keys/sealed-parcel.ts';
import { openBody } from '../../src/store/keys/sealed-body.ts';
import { openState } from '../../src/store/keys/sealed-state.ts';
import { openBytes, openWords } from '../../src/store/keys/sealed-version.ts';

/** Turns a database into one that the version before sealing wrote: every column in clear, as it wrote them, and no keys but the broker's own. */
export const layOpen = async (pool: pg.Pool): Promise<void> => {
  const all = async (text: string) => (await pool.query(text)).rows;
  const key = async (wrapped: string) => keysOf(pool).keyOf(wrapped);
  const WRAPPED = '(SELECT k.wrapped FROM person_key k WHERE k.id = p.patient_id) AS wrapped';
  const numbers = new Map<string, string>();
  for (const { id, nhs_number, sealed_number } of await all('SELECT * FROM person WHERE nhs_number IS NOT NULL')) {
    const number = openNumber(pool, id, sealed_number) ?? '';
    numbers.set(nhs_number, number);
    await pool.query('UPDATE person SET nhs_number = $2, sealed_number = NULL WHERE id = $1', [id, number]);
  }
  for (const { encounter_id, nhs_number } of await all('SELECT * FROM contact WHERE nhs_number IS NOT NULL'))
    await pool.query('UPDATE contact SET nhs_number = $2 WHERE encounter_id = $1', [encounter_id, numbers.get(nhs_number)]);
  for (const token of await all(`SELECT * FROM resource_token WHERE token LIKE '%~%'`)) {
    const [system, blind] = token.token.includes('|') ? token.token.split('|') : [null, token.token];
    const number = numbers.get(blind);
    if (number === undefined) throw new Error('the number of a token is not known');
    await pool.query('UPDATE resource_token SET token = $4 WHERE type = $1 AND param = $2 AND serial = $3 AND token = $5', [
      token.type,
      token.param,
      token.serial,
      system === null ? number : `${system}|${number}`,
      token.token,
    ]);
  }
  for (const row of await all(`SELECT p.*, ${WRAPPED} FROM patient_fact p`)) {
    const patient = openPerson(await key(row.wrapped), row.patient_id, row.facts);
    const details = openDetails(await key(row.wrapped), row.patient_id, row.disclosed);
    await pool.query('UPDATE patient_fact SET facts = $2, disclosed = $3, birth_index = NULL WHERE patient_id = $1', [
      row.patient_id,
      patient,
      details,
    ]);
  }
  for (const table of ['resource', 'resource_version']) {
    for (const row of await all(
      `SELECT r.*, (SELECT k.wrapped FROM person_key k WHERE k.id = r.sealed_by) AS wrapped FROM ${table} r WHERE sealed_by IS NOT NULL`,
    ))
      await pool.query(`UPDATE ${table} SET body = $4, sealed_by = NULL WHERE type = $1 AND id = $2 AND version = $3`, [
        row.type,
        row.id,
        row.version,
        JSON.stringify(await openBody(pool, row)),
      ]);
  }
  await pool.query('ALTER TABLE approved_version DISABLE TRIGGER approved_version_never_changes');
  for (const row of await all(`SELECT v.*, ${WRAPPED} FROM approved_version v JOIN plan p ON p.id = v.plan_id`)) {
    const projections: Record<string, object> = {};
    for (const [kind, one] of Object.entries<{ projection: object; words: never }>(row.projections))
      projections[kind] = {
        projection: one.projection,
        words: openWords(await key(row.wrapped), row.care_plan_id, kind as never, one.words),
      };
    await pool.query('UPDATE approved_version SET bytes = $2, projections = $3 WHERE care_plan_id = $1', [
      row.care_plan_id,
      openBytes(await key(row.wrapped), row.care_plan_id, row.bytes),
      projections,
    ]);
  }
  await pool.query('ALTER TABLE approved_version ENABLE TRIGGER approved_version_never_changes');
  for (const row of await all(
    `SELECT d.id, d.parcel, ${WRAPPED} FROM delivery d JOIN ledger_key l ON l.id = d.key_id JOIN plan p ON p.id = l.plan_id WHERE d.parcel IS NOT NULL`,
  )) {
    const { bytes, ...rest } = (await openParcel(pool, row.wrapped, row.id, row.parcel)) as { bytes: string };
    await pool.query('UPDATE delivery SET parcel = $2 WHERE id = $1', [
      row.id,
      { ...rest, deflated: deflateRawSync(bytes, { level: 1 }).toString('base64') },
    ]);
  }
  for (const row of await all(`SELECT l.id, l.state, ${WRAPPED} FROM ledger_key l JOIN plan p ON p.id = l.plan_id`))
    await pool.query('UPDATE ledger_key SET state = $2 WHERE id = $1', [row.id, openState(await key(row.wrapped), row.id, row.state)]);
  await pool.query('ALTER TABLE person_key DISABLE TRIGGER person_key_stays_destroyed');
  await pool.query(`DELETE FROM person_key WHERE id NOT LIKE '%:'`);
  await pool.query('ALTER TABLE person_key ENABLE TRIGGER person_key_stays_destroyed');
  await pool.query('DELETE FROM sealing');
};
