import type { Provenance } from '@medplum/fhirtypes';
import type pg from 'pg';
import { anomaly } from '../model/anomaly.ts';
import { approve, withdraw } from './approve.ts';
import type { DoorStore } from './door.ts';
import { openLookUp } from './look-up.ts';
import { isMigrated } from './migrate.ts';
import { historyOf, readResource } from './resources.ts';
import { readReferences, readReferring } from './search/related.ts';
import { searchResources } from './search/run-search.ts';
import { sortedPage, sortResources } from './search/search-page.ts';
import { write } from './write.ts';

export interface StoreOptions {
  /** Ledger epoch: it comes from outside the database. */
  readonly epoch: number;
  /** Milliseconds, for recipients that declare none. */
  readonly messageLifetime: number;
  /** Called after each commit that wrote a fact: there is a fan-out to do. */
  readonly changed: () => void;
  /** Rejects when the queue's store does not answer. */
  readonly queueAnswers: () => Promise<void>;
}

/** The store as the doors see it, on PostgreSQL. */
export const openStore = (pool: pg.Pool, options: StoreOptions): DoorStore => {
  const told = async <T>(work: Promise<T>): Promise<T> => {
    const answer = await work;
    options.changed();
    return answer;
  };
  return {
    read: (type, id, version) => readResource(pool, type, id, version),
    history: (type, id) => historyOf(pool, type, id),
    search: (search) => searchResources(pool, search),
    sort: (search, owner) => sortResources(pool, search, owner),
    sorted: (id, owner, from, count) => sortedPage(pool, id, owner, from, count),
    named: (references) => readReferences(pool, references),
    referring: (among, params, references, most) => readReferring(pool, among, params, references, most),
    write: (request) => told(write(pool, request, options.messageLifetime)),
    approve: (principal, carePlanId, version, provenance) => {
      if (provenance.resourceType !== 'Provenance') throw anomaly('incorrect', 'is a Provenance', 'Parameters.parameter[1].resource');
      return told(approve(pool, principal, carePlanId, version, provenance as Provenance));
    },
    withdraw: (principal, carePlanId, reason) => told(withdraw(pool, principal, carePlanId, reason)),
    lookUp: openLookUp(pool, options.epoch),
    isReady: async () => {
      await options.queueAnswers();
      return isMigrated(pool);
    },
  };
};
