import type { Declared } from '../../../mappings/facts/declared-of.ts';
import { type Sql, statement } from '../pool.ts';

type DeclaredPace = Pick<Declared, 'rate' | 'inFlight'>;

const putDeclared = statement<[string, number | null, number | null], never>(
  'declare-pace',
  `INSERT INTO pace (recipient_id, rate, in_flight) SELECT $1, $2::double precision, $3::integer
    WHERE $2 IS NOT NULL OR $3 IS NOT NULL OR EXISTS (SELECT FROM pace WHERE recipient_id = $1)
   ON CONFLICT (recipient_id) DO UPDATE SET rate = excluded.rate, in_flight = excluded.in_flight`,
);

const least = (values: readonly (number | null)[]): number | null => {
  const given = values.filter((value) => value !== null);
  return given.length === 0 ? null : Math.min(...given);
};

/** Writes what a recipient declares of its pace: its service's word, else the slowest of its addresses'. The pace is the recipient's, over all addresses. */
export async function declarePace(sql: Sql, recipientId: string, service: DeclaredPace, addresses: readonly DeclaredPace[]): Promise<void> {
  const rate = service.rate ?? least(addresses.map((one) => one.rate));
  const inFlight = service.inFlight ?? least(addresses.map((one) => one.inFlight));
  await putDeclared(sql, recipientId, rate, inFlight);
}
