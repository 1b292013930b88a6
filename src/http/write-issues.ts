import type { Resource } from '@medplum/fhirtypes';
import type { Issue } from '../model/anomaly.ts';
import type { Stored } from '../store/door.ts';
import { checkChange } from './change-rules.ts';
import { principalOf } from './exchange.ts';
import type { Door, Exchange } from './exchange.ts';
import { unhidden } from './redact-header.ts';
import { refusalsOf, rehearsed } from './rehearsal.ts';
import { checkServesOwn } from './serves-own.ts';
import { writeRules, writingAt } from './write-rules.ts';

/** A write that somebody thinks of: `stored` null is a creation. `isRehearsed` also asks all that is stored, at the price of a write. */
export interface Intended {
  readonly sent: Resource;
  readonly stored: Stored | null;
  readonly isRehearsed: boolean;
}

/** What the door's own rules say of a write, all of them at once. The content has been found in order. */
export const writeIssues = async (exchange: Exchange, door: Door, { sent, stored, isRehearsed }: Intended): Promise<readonly Issue[]> => {
  const before = stored?.body ?? null;
  const over = (): Resource =>
    sent.resourceType === 'Subscription' ? unhidden(sent, before?.resourceType === 'Subscription' ? before : null) : sent;
  const hidden = await refusalsOf(() => void over());
  if (hidden.length > 0) return hidden;
  const resource = over();
  const principal = principalOf(exchange);
  const sameId: readonly Issue[] =
    stored === null || sent.id === stored.id ? [] : [{ at: `${sent.resourceType}.id`, code: 'value', help: 'is the id in the address' }];
  const issues = [
    ...sameId,
    ...writeRules(resource, writingAt(door, principal)),
    ...(await refusalsOf(() => checkChange(resource, before))),
    ...(await refusalsOf(() => checkServesOwn(door.store, principal, resource))),
  ];
  if (issues.length > 0 || !isRehearsed) return issues;
  return rehearsed(door.store, (store) => store.write({ principal, resource, id: stored?.id ?? null, ifMatch: null }));
};
