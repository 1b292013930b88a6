import type { Said } from '../../src/model/recipient-check.ts';
import type { Destination } from '../../src/model/recipient.ts';
import { meaningOf } from '../mdm/from-ack.ts';

const CODE = /^(AA|AE|AR|CA|CE|CR)(?:-([A-Za-z0-9]{1,10}))?$/;

/** MSA-1 and ERR-3 of an answer over MLLP; null where it was none. */
export const codeOf = ({ answer }: Pick<Said, 'answer'>): { readonly code: string; readonly error: string | null } | null => {
  const [, code, error] = CODE.exec(answer) ?? [];
  return code === undefined ? null : { code, error: error ?? null };
};

/** What the recipient itself answered with a refusal; every other one is the broker's own: it could not connect, or was not let. */
const THEIR_REFUSAL = /^(http-\d{3}|fatal-error)$/;

/** What an answer means by the recipient's own table, as it is declared now: a declaration that is put right needs no second conversation. */
export const readAsDeclared = (said: Said, { acknowledgements }: Pick<Destination, 'acknowledgements'>): Said['outcome'] => {
  const found = codeOf(said);
  if (found === null) return said.outcome === 'refused' && !THEIR_REFUSAL.test(said.answer) ? 'unknown' : said.outcome;
  return meaningOf(found.code, found.error === null ? [] : [found.error], acknowledgements, said.action);
};
