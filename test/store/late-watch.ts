import type pg from 'pg';

/** Sees content that is begun, pushed or read, although a fact under which it was decided is over when it commits. */
export interface LateWatch {
  /** How often, since the last time that it was asked. */
  count(): Promise<number>;
}

/**
 * Watches with a trigger that PostgreSQL runs at each commit of an audit row, with a snapshot of its own: by then a fact that has
 * committed is seen. The order of commits decides, and no clock.
 */
export async function watchLate(pool: pg.Pool): Promise<LateWatch> {
  await pool.query(`
    CREATE TABLE begun_too_late (audit_id bigint);
    GRANT ALL ON begun_too_late TO PUBLIC;
    CREATE FUNCTION watch_late() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      stands text;
    BEGIN
      SELECT concat_ws('.', pe.epoch,
                       coalesce((SELECT epoch FROM pair WHERE publisher = p.publisher AND recipient_ods = r.ods), 0), r.epoch) INTO stands
        FROM plan p, person pe, ledger_key k JOIN recipient r ON r.id = k.recipient_id
       WHERE p.id = NEW.plan_id AND pe.id = NEW.person_id AND k.id = NEW.key_id;
      IF stands IS DISTINCT FROM NEW.stamp THEN
        INSERT INTO begun_too_late VALUES (NEW.id);
      END IF;
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER watch_late AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW WHEN (NEW.digest IS NOT NULL) EXECUTE FUNCTION watch_late();`);
  return {
    count: async () => {
      const { rows } = await pool.query<{ n: string }>(
        'WITH gone AS (DELETE FROM begun_too_late RETURNING 1) SELECT count(*) AS n FROM gone',
      );
      return Number(rows[0]?.n ?? 0);
    },
  };
}
