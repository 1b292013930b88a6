import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import type { Received } from '../support/fake-recipient.ts';
import type { Lane, Messaging } from '../support/messaging-ground.ts';
import { openMessaging, WORDS } from '../support/messaging-ground.ts';

let it: Messaging;
beforeAll(async () => {
  it = await openMessaging();
}, 60_000);
afterAll(() => it?.close());

const read = (message: Received | undefined) => {
  if (message === undefined) throw new Error('no message came');
  const bundle = JSON.parse(message.bytes);
  const [{ resource: header }, { resource: focus }] = bundle.entry;
  return { bundle, header, focus, text: message.bytes };
};
interface Plan {
  readonly resourceType: string;
  readonly identifier: unknown;
  readonly status: string;
  readonly extension: readonly { url: string; valueString: string }[];
}
type Focus = Plan | { readonly resourceType: 'Bundle'; readonly entry: readonly { readonly resource: Plan }[] };
const planIn = (focus: Focus): Plan => {
  const plan =
    'entry' in focus ? focus.entry.map(({ resource }) => resource).find(({ resourceType }) => resourceType === 'CarePlan') : focus;
  if (plan === undefined) throw new Error('there is no plan in the message');
  return plan;
};
const sequenceOf = (focus: Focus): string => planIn(focus).extension.find(({ url }) => url.endsWith('/sequence'))?.valueString ?? '';
const held = (lane: Lane, words: string): Promise<void> =>
  eventually(() => expect(lane.epr.holds()).toMatchObject([{ text: expect.stringContaining(words) }]));

describe('the form of a FHIR message', () => {
  test('[3a.1] header first, all the parties, its own identifier and time, and nothing that the header does not lead to', async () => {
    const lane = await it.lane();
    await lane.approve();
    await held(lane, WORDS.triggers);
    const { bundle, header } = read(lane.updates()[0]);
    expect(bundle).toMatchObject({
      resourceType: 'Bundle',
      type: 'message',
      identifier: { system: expect.stringMatching(/^https:/), value: bundle.id },
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    expect(header).toMatchObject({
      resourceType: 'MessageHeader',
      eventCoding: { system: 'https://fhir.nhs.uk/CodeSystem/message-event', code: 'document-notification' },
      destination: [{ endpoint: lane.epr.address, receiver: { identifier: { value: lane.caller.ods } } }],
      sender: { identifier: { value: 'BROKER' } },
      source: { endpoint: expect.stringMatching(/^https:/) },
      responsible: { identifier: { value: 'TRUST1' } },
      reason: { coding: [{ code: 'new' }] },
    });
    const urls: string[] = bundle.entry.map(({ fullUrl }: { fullUrl: string }) => fullUrl);
    expect(header.focus.map(({ reference }: { reference: string }) => reference)).toEqual(urls.slice(1));
    expect(urls.every((each) => each.startsWith('urn:uuid:'))).toBe(true);
  }, 30_000);

  test('[3a.4] another version has other ids of its own under the same X-Correlation-ID, and a higher sequence', async () => {
    const lane = await it.lane();
    await lane.approve();
    await held(lane, WORDS.triggers);
    await lane.approve('Crowds upset me');
    await held(lane, 'Crowds upset me');
    const [first, second] = lane.updates();
    const [one, two] = [read(first), read(second)];
    expect(two.header.reason.coding[0].code).toBe('update');
    for (const name of ['id'] as const) {
      expect(two.bundle[name]).not.toBe(one.bundle[name]);
      expect(two.header[name]).not.toBe(one.header[name]);
    }
    expect(second?.headers['x-correlation-id']).toBe(first?.headers['x-correlation-id']);
    expect(second?.headers['x-request-id']).not.toBe(first?.headers['x-request-id']);
    expect([sequenceOf(one.focus), sequenceOf(two.focus)]).toEqual(['1.1', '1.2']);
    // [3a.5] Whole, and no addition to what went before: what did not change is there again.
    expect(two.text).toContain(WORDS['please-do']);
    expect(planIn(two.focus).identifier).toEqual(planIn(one.focus).identifier);
  }, 30_000);

  test('[3a.5] a recipient that has forgotten the ids processes a retry again, and holds one document', async () => {
    const lane = await it.lane({ forgetsIds: true });
    lane.epr.behave({ how: 'lose-answer', times: 2 });
    await lane.approve();
    await eventually(async () => expect((await lane.key()).copies.some(({ state }) => state === 'held')).toBe(true));
    expect(lane.updates().length).toBeGreaterThan(1);
    expect(lane.epr.duplicates()).toBe(0);
    expect(lane.epr.holds()).toHaveLength(1);
  }, 30_000);

  test('[3a.6] the message is defined, for anyone to read: a notification that may be processed again, always to be answered', async () => {
    const lane = await it.lane();
    await lane.approve();
    await held(lane, WORDS.triggers);
    const { header } = read(lane.updates()[0]);
    const found = await it.door.agent.get(`/fhir/MessageDefinition?url=${encodeURIComponent(header.definition)}`);
    expect(found.body.entry).toHaveLength(1);
    expect(found.body.entry[0].resource).toMatchObject({
      resourceType: 'MessageDefinition',
      url: header.definition,
      category: 'notification',
      responseRequired: 'always',
      eventCoding: header.eventCoding,
    });
    const offered = await it.door.agent.get('/fhir/metadata');
    expect(offered.body.messaging).toEqual([{ supportedMessage: [{ mode: 'sender', definition: header.definition }] }]);
  }, 30_000);

  test.each([
    ['sync', 'delete'],
    ['bars', 'update'],
  ] as const)(
    '[3a.7] I2: a recall (%s): same event and identifier, revoked, a higher sequence, no clinical body, reason %s',
    async (mode, reason) => {
      const lane = await it.lane({ mode });
      await lane.approve();
      await held(lane, WORDS.triggers);
      await lane.revoke();
      await eventually(() => expect(lane.epr.holds()).toEqual([]));
      const [update, recall] = [read(lane.updates()[0]), read(lane.recalls()[0])];
      expect(recall.header.eventCoding).toEqual(update.header.eventCoding);
      expect(recall.header.definition).toBe(update.header.definition);
      expect(recall.header.reason.coding[0].code).toBe(reason);
      expect(recall.bundle.entry).toHaveLength(2);
      const tombstone = planIn(recall.focus);
      expect(tombstone).toMatchObject({ resourceType: 'CarePlan', status: 'revoked', identifier: planIn(update.focus).identifier });
      expect(sequenceOf(recall.focus) > sequenceOf(update.focus)).toBe(true);
      // It names what is to be given up, and nothing of what is in it, of why, or of who published it.
      expect(Object.keys(tombstone).sort()).toEqual(
        ['extension', 'id', 'identifier', 'intent', 'meta', 'resourceType', 'status', 'subject', 'supportingInfo'].sort(),
      );
      for (const words of [...Object.values(WORDS), 'no-consent', 'TRUST1']) expect(recall.text).not.toContain(words);
    },
    30_000,
  );
});
