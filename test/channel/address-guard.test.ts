import { describe, expect, test } from '@jest/globals';
import { AddressForbidden, createAddressGuard } from '../../src/channel/address-guard.ts';
import { openChannels } from '../../src/channel/open-channels.ts';
import { startFakeFhirRecipient } from '../support/fake-fhir-recipient.ts';
import { startFakeMllpRecipient } from '../support/fake-mllp-recipient.ts';
import { envelope, mdmParcel, target, updateParcel, within } from './samples.ts';

const guard = createAddressGuard([]);

describe('the address guard', () => {
  test.each([
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '::7f00:1',
    '3fff::1',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '::ffff:10.0.0.1',
    '169.254.169.254',
    'fe80::1',
    'fe80::1%lo',
    'fd00::1',
    'fec0::1',
    '0.0.0.0',
    '::',
    '100.64.0.1',
    '224.0.0.1',
    'ff02::1',
    '255.255.255.255',
    '198.18.0.1',
    '192.0.2.1',
    '240.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::1',
    'no-address',
    '',
  ])('%s is never reached', (address) => expect(guard.permits(address, true)).toBe(false));

  test.each(['9.9.9.9', '2a00:1450:4009::1'])('%s is reached over TLS, and not over plain text', (address) => {
    expect(guard.permits(address, true)).toBe(true);
    expect(guard.permits(address, false)).toBe(false);
  });

  test('an allow list opens what it names, also over plain text and mapped into IPv6, and nothing beside it', () => {
    const open = createAddressGuard(['10.1.0.0/16', 'fd00:1::/32']);
    expect(['10.1.2.3', '::ffff:10.1.2.3', 'fd00:1::5'].map((each) => open.permits(each, false))).toEqual([true, true, true]);
    expect(['10.2.0.1', 'fd00:2::5', '127.0.0.1'].map((each) => open.permits(each, true))).toEqual([false, false, false]);
  });

  test('an allow list that is none is refused when it is read', () =>
    expect(() => createAddressGuard(['10.0.0.0'])).toThrow(/OUTBOUND_ALLOW/));

  test.each(['localhost', '127.1', '0x7f.1', '2130706433', '[::1]'])('the name %s is judged by what it resolves to', async (host) => {
    await expect(guard.resolveAllowed(host, true)).rejects.toBeInstanceOf(AddressForbidden);
  });

  test('nothing reaches a recipient behind a forbidden address, by name or number, over any road', async () => {
    const [epr, ed] = [await startFakeFhirRecipient(), await startFakeMllpRecipient()];
    const channels = openChannels([]);
    const port = new URL(epr.address).port;
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1']) {
      for (const scheme of ['http', 'https']) {
        const address = `${scheme}://${host}:${port}/fhir`;
        const forbidden = { kind: 'refused', because: 'address-forbidden', retry: true };
        expect(await channels['fhir-messaging'].send(target(address), updateParcel(address, envelope(1)), within(1_000))).toEqual(
          forbidden,
        );
        expect(await channels.subscription.send(target(address), updateParcel(address, envelope(1)), within(1_000))).toEqual(forbidden);
      }
    }
    expect(await channels['hl7v2-mllp'].send(target(ed.address), mdmParcel(envelope(1)), within(1_000))).toMatchObject({
      because: 'address-forbidden',
    });
    expect(
      await channels['hl7v2-mllp'].send(target(ed.address.replace('127.0.0.1', 'localhost')), mdmParcel(envelope(1)), within(1_000)),
    ).toMatchObject({ because: 'address-forbidden' });
    expect([...epr.received(), ...ed.received()]).toEqual([]);
    await Promise.all([channels.close(), epr.stop(), ed.stop()]);
  });
});
