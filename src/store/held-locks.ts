import type { LockScope } from './policy-locks.ts';
import { coversScope, joinScopes, markChanged, NO_LOCKS, takePolicyLocks } from './policy-locks.ts';
import { type Sql, statement } from './pool.ts';
import { clock } from './versions.ts';
import { StartOver } from './without-races.ts';

/** Every lock that a transaction of several writes needs, by name. */
export interface LockNames {
  /** What nobody else may decide at the same time: conditional writes of one organisation on one type. */
  readonly conditions: readonly string[];
  readonly policy: LockScope;
  /** `Type/id`. */
  readonly resources: readonly string[];
}

export const NO_NAMES: LockNames = { conditions: [], policy: NO_LOCKS, resources: [] };

const union = (a: readonly string[], b: readonly string[]): readonly string[] => [...new Set([...a, ...b])].sort();

const joined = (a: LockNames, b: LockNames): LockNames => ({
  conditions: union(a.conditions, b.conditions),
  policy: joinScopes(a.policy, b.policy),
  resources: union(a.resources, b.resources),
});

// Class 5 is the resource (src/store/resources.ts), class 6 a condition: each set in order of its hash.
const takeNamed = statement<[number, readonly string[]], { now: Date }>(
  'take-named-locks',
  // And the time once all of them are had.
  `WITH taken AS MATERIALIZED (
     SELECT pg_advisory_xact_lock($1, hash) FROM (SELECT DISTINCT hashtext(name) AS hash FROM unnest($2::text[]) name ORDER BY 1) locks)
   SELECT clock_timestamp() AS now FROM (SELECT count(*) FROM taken) had`,
);
const tryAll = statement<[string], { all: boolean | null }>(
  'try-locks',
  `SELECT bool_and(pg_try_advisory_xact_lock(class, hashtext(name))) AS all FROM jsonb_to_recordset($1) AS wanted(class integer, name text)`,
);

interface Named {
  readonly class: number;
  readonly name: string;
}
/** Classes in the order in which every transaction waits for them. */
const ORDER: readonly number[] = [6, 1, 2, 3, 5];

const listed = ({ conditions, policy, resources }: LockNames): readonly Named[] => [
  ...conditions.map((name) => ({ class: 6, name })),
  ...policy.persons.map((name) => ({ class: 1, name })),
  ...policy.pairs.map((name) => ({ class: 2, name })),
  ...policy.recipients.map((name) => ({ class: 3, name })),
  ...resources.map((name) => ({ class: 5, name })),
];
const keyOf = (one: Named): string => `${one.class} ${one.name}`;
const placeOf = (one: Named): number => ORDER.indexOf(one.class);

const isOfPersons = ({ pairs, recipients }: LockScope): boolean => pairs.length + recipients.length === 0;

/**
 * The locks of one transaction. It waits for those that come after all that it holds, in the order of every transaction: conditions,
 * persons, pairs, recipients, resources. To wait for any other could be to wait for somebody who waits for it: where another has it,
 * the transaction starts over and takes all of them first.
 */
export class HeldLocks {
  readonly #sql: Sql;
  #held: LockNames = NO_NAMES;
  /** The same by key: a transaction of 500 writes asks a thousand times whether it has a lock. */
  #keys: ReadonlySet<string> = new Set();
  /** The place in the order of the last of them. */
  #last = -1;
  #now: Date | null = null;
  #changed: readonly LockScope[] = [];

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * Answers whether there were any that it did not hold already: only then can something have changed meanwhile. Throws `StartOver` with
   * every name where one of them is another's at this moment, and cannot be waited for.
   */
  async take(wanted: Partial<LockNames>): Promise<boolean> {
    const missing = listed({ ...NO_NAMES, ...wanted }).filter((one) => !this.#keys.has(keyOf(one)));
    if (missing.length === 0) return false;
    const all = joined(this.#held, { ...NO_NAMES, ...wanted });
    this.#now = null;
    if (Math.min(...missing.map(placeOf)) > this.#last) await this.#wait(missing);
    else {
      const [answer] = await tryAll(this.#sql, JSON.stringify(missing));
      if (answer?.all !== true) throw new StartOver(all);
    }
    this.#held = all;
    this.#keys = new Set([...this.#keys, ...missing.map(keyOf)]);
    this.#last = Math.max(this.#last, ...missing.map(placeOf));
    return true;
  }

  /** The database's time, not before the last of these locks was had. */
  async now(): Promise<Date> {
    this.#now ??= await clock(this.#sql);
    return this.#now;
  }

  /** Says that facts under these locks have changed. They are marked at the end of the transaction. */
  changed(scope: LockScope): void {
    this.#changed = [...this.#changed, scope];
  }

  /** Marks what has changed, and leaves the durable rows from which the fan-out goes; answers whether there is one to do after the commit. */
  async markChanged(): Promise<boolean> {
    // Only persons share a row: what concerns a few plans goes before what concerns many, and bumps no more keys than it must.
    const ofPersons = this.#changed.filter(isOfPersons);
    const others = this.#changed.filter((scope) => !isOfPersons(scope));
    for (const scope of ofPersons.length === 0 ? others : [joinScopes(...ofPersons), ...others]) await markChanged(this.#sql, scope);
    return this.#changed.length > 0;
  }

  /** Work of which nothing is left where it throws: what it wrote is undone, and the locks that it took with it. */
  async orUndone<T>(work: () => Promise<T>): Promise<T> {
    const before = [this.#held, this.#keys, this.#last, this.#changed] as const;
    await this.#sql.query('SAVEPOINT part');
    try {
      const answer = await work();
      await this.#sql.query('RELEASE SAVEPOINT part');
      return answer;
    } catch (failure) {
      // PostgreSQL gives back what was locked since the savepoint.
      await this.#sql.query('ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part');
      [this.#held, this.#keys, this.#last, this.#changed] = before;
      this.#now = null;
      throw failure;
    }
  }

  covers(scope: LockScope): boolean {
    return coversScope(this.#held.policy, scope);
  }

  async #wait(missing: readonly Named[]): Promise<void> {
    const of = (place: number): readonly string[] => missing.filter((one) => one.class === place).map(({ name }) => name);
    const policy = { persons: of(1), pairs: of(2), recipients: of(3) };
    if (of(6).length > 0) await takeNamed(this.#sql, 6, of(6));
    if (policy.persons.length + policy.pairs.length + policy.recipients.length > 0) await takePolicyLocks(this.#sql, policy);
    if (of(5).length > 0) this.#now = (await takeNamed(this.#sql, 5, of(5)))[0]?.now ?? null;
  }
}
