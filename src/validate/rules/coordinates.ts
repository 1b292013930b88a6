import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

const within = (value: unknown, least: number, most: number): boolean => typeof value === 'number' && value >= least && value <= most;

/** Positions in or round the United Kingdom: published examples swap latitude and longitude (nhs.md section 6). */
export const coordinates: Rule = {
  object: ({ value: { latitude, longitude }, at, key }) => {
    if (key !== 'position' || latitude === undefined || longitude === undefined) return NONE;
    if (within(latitude, 49, 61) && within(longitude, -9, 2)) return NONE;
    const swapped = within(latitude, -9, 2) && within(longitude, 49, 61);
    return [{ at, code: 'value', help: swapped ? 'latitude and longitude are swapped' : 'is not in the United Kingdom' }];
  },
};
