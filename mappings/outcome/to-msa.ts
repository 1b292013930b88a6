import { escapeHl7 } from '../mdm/escape.ts';
import { segment } from '../mdm/segments.ts';
import { CATEGORY_TABLE } from './category-table.ts';
import type { Failure } from './to-operation-outcome.ts';

/** MSA and ERR segments, each ended by CR: `failure` null is AA. `controlId` is MSH-10 of the message that is answered, unescaped. */
export const toMsa = (failure: Failure | null, controlId: string): string => {
  if (failure === null) return `${segment('MSA', ['AA', escapeHl7(controlId)])}\r`;
  const { msa, error } = CATEGORY_TABLE[failure.category];
  const errors = failure.issues.map(({ at, help }) =>
    segment('ERR', ['', escapeHl7(at ?? ''), `${error}^${failure.category}^HL70357`, 'E', '', '', '', escapeHl7(help)]),
  );
  return [segment('MSA', [msa, escapeHl7(controlId)]), ...errors].map((each) => `${each}\r`).join('');
};
