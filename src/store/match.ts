import type { Patient } from '@medplum/fhirtypes';
import type pg from 'pg';
import { traitsOf } from '../../mappings/match/traits-of.ts';
import { type Candidate, type Certain, oneCertain } from '../decide/certain-match.ts';
import { decidedBy } from '../decide/decided-by.ts';
import { isRecipientKind } from '../model/kind.ts';
import { holds } from '../model/ledger.ts';
import type { Principal } from '../model/principal.ts';
import type { Traits } from '../model/traits.ts';
import { type BeginRead, openBeginRead } from './begin-read.ts';
import type { Stored } from './door.ts';
import { decide, EMPTY_MATCH_MS, oneOfEachPlan, refused, untilItStands } from './look-up.ts';
import { byPerson } from './seen-rows.ts';
import { keysOf } from './keys/keys-of.ts';
import { type BodyRow, bodyColumns, openRows } from './keys/sealed-body.ts';
import { type Sql, statement } from './pool.ts';
import { readResource } from './resources.ts';
import { sameMoment } from './same-moment.ts';

/** A Patient with whose it is. */
interface RecordRow extends BodyRow {
  readonly person_id: string;
  readonly restricted: boolean;
}

const recordsLike = statement<[string | null, string | null, string | null], RecordRow>(
  'records-like',
  // Each road along its index: by verified number, by birth date.
  `SELECT ${bodyColumns('r')}, pt.person_id, (pt.facts->>'restricted')::boolean AS restricted
     FROM (SELECT o.patient_id FROM person pe JOIN patient_fact o ON o.person_id = pe.id WHERE pe.nhs_number = $1
           UNION SELECT o.patient_id FROM patient_fact o WHERE o.birth_index = $2) found
     JOIN patient_fact pt ON pt.patient_id = found.patient_id JOIN resource r ON r.type = 'Patient' AND r.id = pt.patient_id
    WHERE $3::text IS NULL OR pt.owner = $3`,
);
const leaveTrail = statement<[string, string, string | null, string | null, string | null], never>(
  'trail-of-match',
  `INSERT INTO audit (event, organization, kind, caller, person_id, because) VALUES ('match', $1, $2, $3, $4, $5)`,
);

/** Records under the number or the birth date that was sent, one's own or all. */
const recordsOf = (sql: Sql, { nhsNumber, birthDate }: Traits, owner: string | null): Promise<readonly RecordRow[]> => {
  const { index } = keysOf(sql);
  const number = nhsNumber === null ? null : index.number(nhsNumber);
  return recordsLike(sql, number, birthDate === null ? null : index.birthDate(birthDate), owner);
};

/** The one person who is certainly meant by what was sent, whoever's record says so. */
export const certainlyMeant = async (sql: Sql, sent: Traits): Promise<Certain> =>
  oneCertain(sent, await candidatesOf(sql, await recordsOf(sql, sent, null), (row) => row?.person_id ?? ''));

/** Those that can still be read. */
const candidatesOf = async (
  sql: Sql,
  rows: readonly RecordRow[],
  idOf: (row: RecordRow | undefined, patient: Stored) => string,
): Promise<readonly Candidate[]> => {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const patients = await openRows(sql, rows);
  return patients.map((patient) => ({ id: idOf(byId.get(patient.id), patient), traits: traitsOf(patient.body as Patient) }));
};

/** Whatever the answer was, one that holds nobody is given at the same moment after the question (I6). */
async function atTheSameMoment<T>(work: () => Promise<T | null>): Promise<T | null> {
  const startedAt = performance.now();
  const answer = await work();
  if (answer === null) await sameMoment(startedAt, EMPTY_MATCH_MS);
  return answer;
}

/**
 * Finds the one person who is certainly meant, and says so only where the caller may see a plan of theirs now. It is decided under the
 * policy locks like a read, and on record before it is answered; it discloses nothing, so it leaves no copy.
 */
export const openMatch = (pool: pg.Pool): ((principal: Principal, sent: Traits) => Promise<{ readonly personId: string } | null>) => {
  const beginRead = openBeginRead(pool);
  return (principal, sent) =>
    atTheSameMoment(async () => {
      const found = await certainlyMeant(pool, sent);
      if (!isRecipientKind(principal.kind)) throw new Error('only a recipient looks for a person elsewhere');
      if ('because' in found) {
        await leaveTrail(pool, principal.organization, principal.kind, principal.user, null, found.because);
        return null;
      }
      return (await untilItStands(() => mayFind(pool, beginRead, principal, found.id))) ? { personId: found.id } : null;
    });
};

/** Whether this caller may see a plan of the person: every gate but the traced number, which a match goes without. */
async function mayFind(sql: Sql, beginRead: BeginRead, principal: Principal, personId: string): Promise<boolean | 'changed'> {
  const { organization, kind, user } = principal;
  const decided = oneOfEachPlan((await byPerson(sql, personId, organization, kind)).map((row) => decide(row, true)));
  const seen = decided.map(({ row, facts, want, now }) => ({
    ...refused(row, decidedBy(facts, want, now)),
    until: want.until,
    ...(holds(want) ? { purpose: want.purpose } : { because: want.because }),
  }));
  if (!(await beginRead({ trail: { event: 'match', organization, kind, caller: user }, seen }))) return 'changed';
  return decided.some(({ want }) => holds(want));
}

/** The caller's own Patient who is certainly meant. Several records of its own are no match, and a restricted person is found by nobody. */
export const matchOwn = (pool: pg.Pool, principal: Principal, sent: Traits): Promise<Stored | null> =>
  atTheSameMoment(async () => {
    const { organization, kind, user } = principal;
    const rows = await recordsOf(pool, sent, organization);
    const found = oneCertain(sent, await candidatesOf(pool, rows, (_row, patient) => patient.id));
    const row = 'id' in found ? rows.find((each) => each.id === found.id) : undefined;
    const because = 'because' in found ? found.because : row?.restricted === true ? 'restricted' : null;
    await leaveTrail(pool, organization, kind, user, row?.person_id ?? null, because);
    return row === undefined || because !== null ? null : readResource(pool, 'Patient', row.id);
  });
