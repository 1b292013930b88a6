import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { readApprovalPolicies } from '../../src/approval-policies.ts';
import { DEFAULT_POLICY } from '../../src/model/approval-policy.ts';

const folder = mkdtempSync(join(tmpdir(), 'policy-'));
afterAll(() => rmSync(folder, { recursive: true }));
const read = (text: string) => {
  const path = join(folder, 'policy.json');
  writeFileSync(path, text);
  return readApprovalPolicies(path);
};

describe('APPROVAL_POLICY', () => {
  test('without a file each publisher has the default', () => expect(readApprovalPolicies(null)('RXX')).toEqual(DEFAULT_POLICY));

  test('a publisher has its own where it is named, and else that of all', () => {
    const policyOf = read('{"default": {"signs": "required"}, "publishers": {"RXX": {"carers": "never"}}}');
    expect(policyOf('RXX')).toEqual({ ...DEFAULT_POLICY, signs: 'required', carers: 'never' });
    expect(policyOf('RYY')).toEqual({ ...DEFAULT_POLICY, signs: 'required' });
    expect(policyOf('constructor')).toEqual({ ...DEFAULT_POLICY, signs: 'required' });
  });

  test.each([
    ['no JSON', 'nonsense', 'is no JSON'],
    ['a word that is none of a rule', '{"default": {"signs": "never"}}', '/default/signs'],
    ['a rule that there is not', '{"publishers": {"RXX": {"police": "may-sign"}}}', '/publishers/RXX'],
    ['no ODS code', '{"publishers": {"the trust": {}}}', '/publishers'],
  ])('%s stops the start in one line that says where', (_what, text, says) => {
    expect(() => read(text)).toThrow(says);
    expect(() => readApprovalPolicies(join(folder, 'none.json'))).toThrow('cannot be read');
  });
});
