import { Hl7Message } from '@medplum/core';
import { Hl7Client, ReturnAckCategory } from '@medplum/hl7';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Caller, NOBODY, type OpenDoor, openDoor } from '../http/open-door.ts';
import { contactsOf } from '../inbound/incident.ts';
import { adt } from './adt.ts';
import { type OpenHl7, openHl7 } from './open-hl7.ts';

// A client that nobody here wrote: what it sends is taken, and what it is answered it reads.
const ED: Caller = { ods: 'ZZ2', kind: 'ed' };

let door: OpenDoor;
let hl7: OpenHl7;
let client: Hl7Client;
beforeAll(async () => {
  door = await openDoor();
  hl7 = await openHl7(door);
  client = new Hl7Client({ host: '127.0.0.1', port: hl7.port });
}, 60_000);
afterAll(async () => {
  await client.close();
  await hl7.close();
  await door.close();
});

const send = async (said: Parameters<typeof adt>[0], returnAck?: ReturnAckCategory): Promise<Hl7Message> =>
  client.sendAndWait(Hl7Message.parse(adt({ number: NOBODY, ...said })), {
    timeoutMs: 20_000,
    ...(returnAck === undefined ? {} : { returnAck }),
  });
const read = (ack: Hl7Message) => ({
  type: ack.getSegment('MSH')?.getField(9).toString(),
  code: ack.getSegment('MSA')?.getField(1).toString(),
  answers: ack.getSegment('MSA')?.getField(2).toString(),
  at: ack.getSegment('ERR')?.getField(2).toString(),
  error: ack.getSegment('ERR')?.getField(3).getComponent(1),
});

test('@medplum/hl7: AA, AE and AR, over one connection', async () => {
  expect(read(await send({ id: 'P1', visit: 'P1' }))).toEqual({ type: 'ACK^A01^ACK', code: 'AA', answers: 'P1' });
  expect(read(await send({ id: 'P2', visit: '', version: '2.5' }))).toEqual({
    type: 'ACK^A01^ACK',
    code: 'AE',
    answers: 'P2',
    at: 'PV1^1^19',
    error: '101',
  });
  expect(read(await send({ id: 'P3', visit: 'P3', event: 'A02', version: '2.5' }))).toMatchObject({
    code: 'AR',
    answers: 'P3',
    error: '201',
  });
  expect(await contactsOf(door, ED, 'P1')).toHaveLength(1);
  expect(await contactsOf(door, ED, 'P3')).toHaveLength(0);
});

test('@medplum/hl7: in enhanced mode the first of the two, or the application’s', async () => {
  const both = { accept: 'AL', application16: 'AL' };
  expect(read(await send({ ...both, id: 'P4', visit: 'P4' }, ReturnAckCategory.FIRST)).code).toBe('CA');
  expect(read(await send({ ...both, id: 'P5', visit: 'P5' }, ReturnAckCategory.APPLICATION))).toMatchObject({ code: 'AA', answers: 'P5' });
});
