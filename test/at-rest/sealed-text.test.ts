import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { blindIndexOf } from '../../src/store/keys/blind-index.ts';
import { keyEncryptionOf } from '../../src/store/keys/key-encryption.ts';
import { seal, unseal } from '../../src/store/keys/sealed-text.ts';
import { sealState, openState } from '../../src/store/keys/sealed-state.ts';
import { emptyLedger } from '../../src/decide/attempt.ts';
import { readBy } from '../../src/decide/read-by.ts';

const key = createSecretKey(randomBytes(32));
const SHORT = '{"nhsNumber":"9990000018"}';
const LONG = `{"div":"${'Speak slowly, please. Zoë \u2028 '.repeat(100)}"}`;

/** The same text with one bit of its bytes turned. */
const flipped = (sealed: string, at: number): string => {
  const bytes = Buffer.from(sealed.slice(3), 'base64');
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return sealed.slice(0, 3) + bytes.toString('base64');
};

describe('a sealed text', () => {
  test.each([
    ['short', SHORT],
    ['long', LONG],
    ['empty', ''],
  ])('opens to the same bytes, and no two are alike: %s', (_name, text) => {
    const [one, two] = [seal(key, ['table.column', 'row'], text), seal(key, ['table.column', 'row'], text)];
    expect(one).not.toBe(two);
    expect([unseal(key, ['table.column', 'row'], one), unseal(key, ['table.column', 'row'], two)]).toEqual([text, text]);
    expect(one).not.toContain('9990000018');
  });

  test('I9: of another row, column or key does not open', () => {
    const sealed = seal(key, ['resource.body', 'CarePlan', 'one', '1'], LONG);
    for (const place of [
      ['resource.body', 'CarePlan', 'two', '1'],
      ['resource.body', 'CarePlan', 'one', '2'],
      ['resource.body', 'Composition', 'one', '1'],
      ['approved_version.bytes', 'CarePlan', 'one', '1'],
      ['resource.body', 'CarePlan', 'one'],
    ] as const)
      expect(() => unseal(key, place, sealed)).toThrow('does not open');
    expect(() => unseal(createSecretKey(randomBytes(32)), ['resource.body', 'CarePlan', 'one', '1'], sealed)).toThrow('does not open');
  });

  test('does not open with any of its bits turned, cut off, or with a shorter tag', () => {
    const place = ['table.column', 'row'] as const;
    for (const text of [SHORT, LONG]) {
      const sealed = seal(key, place, text);
      const length = Buffer.from(sealed.slice(3), 'base64').length;
      for (let at = 0; at < length; at += 1) expect(() => unseal(key, place, flipped(sealed, at))).toThrow('does not open');
      for (const cut of ['', sealed.slice(0, 3), sealed.slice(0, 19), sealed.slice(0, -4)])
        expect(() => unseal(key, place, cut)).toThrow('does not open');
      // What it was is told by its first letters: another way of reading it is no other text.
      expect(() => unseal(key, place, (text === SHORT ? 'd1.' : 's1.') + sealed.slice(3))).not.toThrow(text);
    }
  });
});

describe('a wrapped key', () => {
  test('opens under its own key-encryption key alone, and not when altered', async () => {
    const [one, other] = [keyEncryptionOf(randomBytes(32)), keyEncryptionOf(randomBytes(32))];
    const plain = randomBytes(32);
    const wrapped = await one.wrap(plain);
    expect(await one.unwrap(wrapped)).toEqual(plain);
    await expect(other.unwrap(wrapped)).rejects.toThrow();
    wrapped.writeUInt8(wrapped.readUInt8(5) ^ 1, 5);
    await expect(one.unwrap(wrapped)).rejects.toThrow();
    expect(one.id).not.toBe(other.id);
    expect(() => keyEncryptionOf(randomBytes(16))).toThrow('32 bytes');
  });
});

describe('the blind index', () => {
  const index = blindIndexOf(Buffer.alloc(32, 1));
  test('is the same for the same number, and says nothing of it without the secret', () => {
    expect(index.number('9990000018')).toBe(index.number('9990000018'));
    expect(index.number('9990000018')).not.toBe(index.number('9990000026'));
    expect(blindIndexOf(Buffer.alloc(32, 2)).number('9990000018')).not.toBe(index.number('9990000018'));
    expect(index.birthDate('9990000018')).not.toBe(index.number('9990000018'));
  });

  test('takes the place of each NHS number in a text, however it is written, and of nothing else', () => {
    const blind = index.number('9990000018');
    const system = 'https://fhir.nhs.uk/Id/nhs-number|';
    expect(index.text(`${system}9990000018`)).toBe(system + blind);
    expect(index.text('9990000018')).toBe(blind);
    expect(index.text('999 000 0018')).toBe(blind);
    expect(index.text('https://pds.example/Patient/9990000018')).toBe(`https://pds.example/Patient/${blind}`);
    for (const same of [
      system,
      'https://fhir.nhs.uk/Id/nhs-number|9990000017',
      'Patient/9990000018aa',
      'Patient/3f2504e0-4f89-11d3-9a0c-9990000018aa',
      '01632960001',
      '99900000180',
    ])
      expect(index.text(same)).toBe(same);
  });
});

describe('a ledger at rest', () => {
  const read = { id: 'r', place: { address: 'pull:', identity: '9990000018' }, effect: 'd', headings: [], at: 1, lifetime: 1 };
  test('holds no identity, and is the same once it is opened', () => {
    const police = { ...read, place: { address: 'pull:', identity: '-' } };
    const ledger = readBy(readBy(readBy(emptyLedger(1), read, 1), { ...police, effect: 'e' }, 1), { ...read, effect: 'f' }, 1);
    const stored = sealState(key, 'key', ledger);
    expect(JSON.stringify(stored)).not.toContain('9990000018');
    expect(openState(key, 'key', JSON.parse(JSON.stringify(stored)))).toEqual(ledger);
    expect(() => openState(key, 'another', stored)).toThrow('does not open');
  });
});
