import { Code, System } from '../../profiles/canonicals.ts';
import type { NrlWrite } from './parcel.ts';

/** What is searched for: the producer's own pointers to this person's plans, from a page on. In a body, for no address of ours holds a person (I8). */
export const toNrlSearch = ({ nhsNumber }: Pick<NrlWrite, 'nhsNumber'>, pageToken?: string): string =>
  JSON.stringify({
    'subject:identifier': `${System.nhsNumber}|${nhsNumber}`,
    type: `${Code.crisisPlan.system}|${Code.crisisPlan.code}`,
    ...(pageToken === undefined ? {} : { 'next-page-token': pageToken }),
  });
