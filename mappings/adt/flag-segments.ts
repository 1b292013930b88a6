import { Code } from '../../profiles/canonicals.ts';
import type { Envelope } from '../../src/model/disclosure.ts';
import { toSequenceText } from '../disclosure/sequence.ts';
import { escapeHl7 } from '../mdm/escape.ts';
import { segment } from '../mdm/segments.ts';
import { toHl7Time } from '../time.ts';
import { flagSubId } from './flag-sub-id.ts';

/** OBX-5 where there is a plan: table 0136, yes. */
const YES = 'Y^Yes^HL70136';
/** The HL7 null: the value that the receiver has is to be taken out. */
const NOTHING = '""';

/**
 * The OBX of a plan's flag, which always says its state: a receiver may take a segment that is left out for a deletion, or for nothing. One that is
 * taken back is the HL7 null with the result status D, and no "No": the broker never says that a person has no plan. The second OBX is the
 * sequence, by which a receiver can refuse what is older.
 */
export const flagSegments = (state: 'active' | 'withdrawn', disclosureId: string, { sequence, sentAt }: Envelope): readonly string[] => {
  const subId = flagSubId(disclosureId);
  const status = state === 'active' ? 'F' : 'D';
  const { code, display } = Code.planFlag;
  const observation = (index: number, type: string, named: string, value: string, result: string): string =>
    segment('OBX', [String(index), type, named, subId, value, '', '', '', '', '', result, '', '', toHl7Time(sentAt)]);
  return [
    observation(1, 'CE', `${escapeHl7(code)}^${escapeHl7(display)}^L`, state === 'active' ? YES : NOTHING, status),
    observation(2, 'ST', 'sequence^Sequence^L', toSequenceText(sequence), 'F'),
  ];
};
