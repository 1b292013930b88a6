import type { Resource } from '@medplum/fhirtypes';
import { Anomaly } from '../model/anomaly.ts';
import type { Issue } from '../model/anomaly.ts';
import type { Stored } from '../store/door.ts';
import { checkChange } from './change-rules.ts';
import { principalOf } from './exchange.ts';
import type { Door, Exchange } from './exchange.ts';
import { unhidden } from './redact-header.ts';
import { checkServesOwn } from './serves-own.ts';
import { writeRules } from './write-rules.ts';

/** What a check throws, as issues. */
const told = async (check: () => Promise<void> | void): Promise<readonly Issue[]> => {
  try {
    await check();
    return [];
  } catch (error) {
    if (error instanceof Anomaly && error.category !== 'fault') return error.issues;
    throw error;
  }
};

/** What the door's own rules say of a write, all of them at once: `stored` null is a creation. The content has been found in order. */
export const writeIssues = async (exchange: Exchange, door: Door, sent: Resource, stored: Stored | null): Promise<readonly Issue[]> => {
  const before = stored?.body ?? null;
  const resource = sent.resourceType === 'Subscription' ? unhidden(sent, before?.resourceType === 'Subscription' ? before : null) : sent;
  const principal = principalOf(exchange);
  const sameId: readonly Issue[] =
    stored === null || sent.id === stored.id ? [] : [{ at: `${sent.resourceType}.id`, code: 'value', help: 'is the id in the address' }];
  return [
    ...sameId,
    ...writeRules(resource, { principal, guard: door.guard, plainSomewhere: door.config.outboundAllow.length > 0 }),
    ...(await told(() => checkChange(resource, before))),
    ...(await told(() => checkServesOwn(door.store, principal, resource))),
  ];
};
