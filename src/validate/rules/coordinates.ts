import type { Issue } from '../../model/anomaly.ts';
import type { Rule } from '../rule.ts';
import { walk } from '../walk.ts';

const within = (value: unknown, least: number, most: number): boolean => typeof value === 'number' && value >= least && value <= most;

/** Positions in or round the United Kingdom: published examples swap latitude and longitude (nhs.md section 6). */
export const coordinates: Rule = (resource, at) => {
  const issues: Issue[] = [];
  walk(resource, at, ({ latitude, longitude }, here, key) => {
    if (key !== 'position' || latitude === undefined || longitude === undefined) return;
    const swapped = within(latitude, -9, 2) && within(longitude, 49, 61);
    if (within(latitude, 49, 61) && within(longitude, -9, 2)) return;
    issues.push({ at: here, code: 'value', help: swapped ? 'latitude and longitude are swapped' : 'is not in the United Kingdom' });
  });
  return issues;
};
