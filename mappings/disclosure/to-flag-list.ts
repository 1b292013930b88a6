import type { Parameters } from '@medplum/fhirtypes';
import { NEVER_STOPS_CARE } from '../../profiles/canonicals.ts';
import { FLAG_HASH, type FlagList } from '../../src/model/flag-list.ts';
import { toFhirInstant } from '../time.ts';

/** What `Flag/$list` answers: until when it may be used, how an NHS number becomes an entry, and the entries. */
export const toFlagList = ({ id, salt, until, hashes }: FlagList): Parameters => ({
  resourceType: 'Parameters',
  id,
  parameter: [
    { name: 'until', valueInstant: toFhirInstant(until) },
    { name: 'note', valueString: NEVER_STOPS_CARE },
    {
      name: 'function',
      part: [
        { name: 'name', valueCode: 'scrypt' },
        { name: 'cost', valuePositiveInt: FLAG_HASH.cost },
        { name: 'blockSize', valuePositiveInt: FLAG_HASH.blockSize },
        { name: 'parallelization', valuePositiveInt: FLAG_HASH.parallelization },
        { name: 'length', valuePositiveInt: FLAG_HASH.length },
        { name: 'salt', valueBase64Binary: salt },
      ],
    },
    ...hashes.map((valueString) => ({ name: 'entry', valueString })),
  ],
});
