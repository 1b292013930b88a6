import type pg from 'pg';
import { type Chase, chases } from './store/chases.ts';

const PAGE = 200;

/** A chase as it is printed: when it began as people read it. */
type Printed = Omit<Chase, 'since'> & { readonly since: string };

/**
 * `chase list`: every recall that is owed and that nobody has answered, the oldest first. Ids only. It ends none: that is a person's word, with their sign-in, at the
 * door (`HealthcareService/[id]/$end-chase`); whoever may run commands has none.
 */
export async function listChases(pool: pg.Pool): Promise<readonly Printed[]> {
  const all: Printed[] = [];
  let page = await chases(pool, { count: PAGE });
  for (;;) {
    all.push(...page.chases.map((chase) => ({ ...chase, since: new Date(chase.since).toISOString() })));
    if (page.next === null) return all;
    page = await chases(pool, { after: page.next, count: PAGE });
  }
}
