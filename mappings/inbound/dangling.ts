import type { Issue } from '../../src/model/anomaly.ts';
import type { Entry } from './entries.ts';

const ELSEWHERE = /^https?:\/\//;
/** BaRS keeps the number of the person's journey in a reference to an EpisodeOfCare that no message carries. */
const JOURNEY = /^Bundle\.entry\[\d+\]\.resource\.episodeOfCare\[\d+\]$/;

/**
 * References that lead nowhere: inside a message a resource is named by its `urn:uuid`. A relative one has no base to stand on, for a
 * `urn:uuid` is none (R4 bundle, resolving references); what is elsewhere on the web is left to stand, and `#id` is the validator's.
 */
export const danglingReferences = (entries: readonly Entry[]): readonly Issue[] => {
  const urls = new Set(entries.map(({ url }) => url));
  const issues: Issue[] = [];
  const look = (value: unknown, at: string): void => {
    if (Array.isArray(value)) value.forEach((each: unknown, index) => look(each, `${at}[${index}]`));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    for (const [name, each] of Object.entries(value)) {
      if (name !== 'reference' || typeof each !== 'string') look(each, `${at}.${name}`);
      else if (!urls.has(each) && !each.startsWith('#') && !ELSEWHERE.test(each) && !JOURNEY.test(at))
        issues.push({ at: `${at}.reference`, code: 'not-found', help: 'names nothing in this message' });
    }
  };
  for (const { resource, at } of entries) look(resource, at);
  return issues;
};
