import { toFlagList } from '../../../mappings/disclosure/to-flag-list.ts';
import { toOperationOutcome } from '../../../mappings/outcome/to-operation-outcome.ts';
import { etagOf, isUnchanged } from '../etag.ts';
import { principalOf } from '../exchange.ts';
import type { Act } from './act.ts';

const SOONEST_S = 1;
const LATEST_S = 60;

/** Flag/$list: of whom this caller holds a plan flag, for matching without a connection. While it is built, 202 and when to come back (R4 async). */
export const flagList: Act = async (exchange, door) => {
  const answer = await door.store.flagList(principalOf(exchange));
  if ('buildsFor' in answer) {
    const after = Math.min(LATEST_S, Math.max(SOONEST_S, Math.ceil(answer.buildsFor / 1_000)));
    const help = 'the list is being built: ask again at the same address';
    return {
      status: 202,
      headers: { 'Retry-After': String(after), 'Content-Location': `${exchange.base}/Flag/$list` },
      body: toOperationOutcome({ category: 'busy', issues: [{ at: null, code: 'informational', help, severity: 'information' }] }),
    };
  }
  const { list } = answer;
  const headers = { ETag: etagOf(list.version) };
  return isUnchanged(exchange.request.headers['if-none-match'], list.version)
    ? { status: 304, headers, body: null }
    : { status: 200, headers, body: toFlagList(list) };
};
