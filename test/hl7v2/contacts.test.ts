import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Encounter } from '@medplum/fhirtypes';
import { AMBER, AMBULANCE, approvePlan, type Caller, NOBODY, type OpenDoor, openDoor, TRUST } from '../http/open-door.ts';
import { contactsOf } from '../inbound/incident.ts';
import { type Adt, adt, adtLines, answered, nextId, said } from './adt.ts';
import { type OpenHl7, openHl7 } from './open-hl7.ts';
import { type SendingSystem, sendingSystem } from './sending-system.ts';

const ED: Caller = { ods: 'ZZ2', kind: 'ed' };

let door: OpenDoor;
let hl7: OpenHl7;
let pas: SendingSystem;
let visit = '';
let count = 0;
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  hl7 = await openHl7(door);
  pas = await sendingSystem(hl7.port);
}, 60_000);
afterAll(async () => {
  pas.destroy();
  await hl7.close();
  await door.close();
});
beforeEach(() => {
  visit = `V${++count}`;
});

/** Minutes into the visit, as a time of HL7 and of FHIR. */
const minute = (at: number): string => `202611201${String(Math.floor(at / 60))}${String(at % 60).padStart(2, '0')}00+0000`;
const fhir = (at: number): string => `2026-11-20T1${Math.floor(at / 60)}:${String(at % 60).padStart(2, '0')}:00+00:00`;
const tell = async (message: Adt): Promise<readonly string[]> =>
  said(await pas.exchange(adt({ visit, number: NOBODY, admitted: minute(0), ...message })));
const contacts = (of = visit, by = ED): Promise<readonly Encounter[]> => contactsOf(door, by, of);
const contact = async (): Promise<readonly unknown[]> =>
  (await contacts()).map(({ status, class: { code }, period }) => [
    status,
    code,
    period?.start,
    ...(period?.end === undefined ? [] : [period.end]),
  ]);

describe('ADT as a crisis contact', () => {
  test('A04, A01, A08, A03: one contact through a visit, with what was said and nothing else', async () => {
    expect(await tell({ event: 'A04', recorded: minute(1) })).toEqual(['AA']);
    expect(await contact()).toEqual([['arrived', 'EMER', fhir(0)]]);
    expect(await tell({ event: 'A01', recorded: minute(30), patientClass: 'I', admitted: minute(30) })).toEqual(['AA']);
    expect(await contact()).toEqual([['in-progress', 'IMP', fhir(30)]]);
    expect(await tell({ event: 'A08', recorded: minute(40), patientClass: 'I', admitted: minute(29) })).toEqual(['AA']);
    expect(await contact()).toEqual([['in-progress', 'IMP', fhir(29)]]);
    expect(await tell({ event: 'A03', recorded: minute(90), patientClass: 'I', admitted: minute(29), discharged: minute(89) })).toEqual([
      'AA',
    ]);
    expect(await contact()).toEqual([['finished', 'IMP', fhir(29), fhir(89)]]);
    const [stored] = await contacts();
    expect(stored).toEqual({
      resourceType: 'Encounter',
      id: expect.any(String),
      meta: expect.objectContaining({ versionId: '4' }),
      identifier: [{ system: 'https://crisis-plan-broker.example/fhir/NamingSystem/visit-number/ZZ2', value: visit }],
      status: 'finished',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
      subject: { type: 'Patient', identifier: { system: 'https://fhir.nhs.uk/Id/nhs-number', value: NOBODY } },
      period: { start: fhir(29), end: fhir(89) },
      serviceProvider: { type: 'Organization', identifier: { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ2' } },
    });
    expect(JSON.stringify(stored)).not.toMatch(/INVENTED|H0001|1990/);
  });

  test('A13 takes a discharge back, A11 an admission', async () => {
    await tell({ event: 'A03', recorded: minute(10), discharged: minute(9) });
    expect(await contact()).toEqual([['finished', 'EMER', fhir(0), fhir(9)]]);
    expect(await tell({ event: 'A13', recorded: minute(12), discharged: minute(9) })).toEqual(['AA']);
    expect(await contact()).toEqual([['in-progress', 'EMER', fhir(0)]]);
    expect(await tell({ event: 'A11', recorded: minute(14) })).toEqual(['AA']);
    expect(await contact()).toEqual([['cancelled', 'EMER', fhir(0)]]);
  });

  test('EVN-6 says when an admission or a discharge was, where PV1 does not; when it was recorded never does', async () => {
    expect(await tell({ event: 'A01', admitted: '', occurred: minute(3), recorded: minute(5) })).toEqual(['AA']);
    expect(await tell({ event: 'A03', admitted: minute(3), occurred: minute(8), recorded: minute(9) })).toEqual(['AA']);
    expect(await contact()).toEqual([['finished', 'EMER', fhir(3), fhir(8)]]);
    for (const event of ['A01', 'A08', 'A03', 'A11', 'A13'])
      expect(await tell({ event, admitted: '', recorded: minute(20) })).toEqual(['AE', '101 PV1^1^44']);
    expect(await tell({ event: 'A03', recorded: minute(20) })).toEqual(['AE', '101 PV1^1^45']);
    expect(await contact()).toEqual([['finished', 'EMER', fhir(3), fhir(8)]]);
  });

  test('the same message again gets the same answer, byte by byte, and no second version; other bytes under its id are AE 205', async () => {
    const message = adt({ visit, number: NOBODY, recorded: minute(1) });
    const first = await pas.exchange(message);
    const stored = await door.stored();
    expect(await pas.exchange(message)).toBe(first);
    const other = message.replace('|E|', '|I|');
    expect(said(await pas.exchange(other))).toEqual(['AE', '205 MSH^1^10']);
    expect(await door.stored()).toBe(stored);
    // Two at once, over two connections.
    const twice = adt({ visit: `${visit}b`, number: NOBODY });
    const second = await sendingSystem(hl7.port);
    const [one, two] = await Promise.all([pas.exchange(twice), second.exchange(twice)]);
    second.destroy();
    expect(one).toBe(two);
    expect(await contacts(`${visit}b`)).toHaveLength(1);
  });

  test('out of order: what is older is taken, and the contact stands as the newer said', async () => {
    expect(await tell({ event: 'A03', recorded: minute(50), discharged: minute(49) })).toEqual(['AA']);
    const stored = await door.stored();
    expect(await pas.exchange(adt({ visit, number: NOBODY, recorded: minute(1), version: '2.5' })).then(said)).toEqual([
      'AA',
      'I 0 EVN^1^2',
    ]);
    expect(await contact()).toEqual([['finished', 'EMER', fhir(0), fhir(49)]]);
    expect(await door.stored()).toBe(stored);
  });

  test('A08 does not say how far a visit is: it opens none again, and hides no discharge that comes late', async () => {
    await tell({ event: 'A11', recorded: minute(10) });
    await tell({ event: 'A08', recorded: minute(20), patientClass: 'I' });
    expect(await contact()).toEqual([['cancelled', 'IMP', fhir(0)]]);
    visit = `${visit}b`;
    await tell({ event: 'A01', recorded: minute(1) });
    await tell({ event: 'A08', recorded: minute(30), admitted: minute(2) });
    // Recorded before the A08, and late on its way.
    expect(await tell({ event: 'A03', recorded: minute(20), discharged: minute(19) })).toEqual(['AA']);
    expect(await contact()).toEqual([['finished', 'EMER', fhir(2), fhir(19)]]);
    await tell({ event: 'A08', recorded: minute(40), admitted: minute(1), discharged: minute(18) });
    expect(await contact()).toEqual([['finished', 'EMER', fhir(1), fhir(18)]]);
  });

  test('the person is known by a verified NHS number alone; else the contact is of somebody not known, and the answer says so', async () => {
    const warned = async (message: Adt): Promise<unknown> => {
      const told = said(await pas.exchange(adt({ visit, version: '2.5.1', recorded: minute(count), ...message })));
      return [told, (await contacts()).map(({ subject }) => subject?.identifier?.value ?? subject?.extension?.[0]?.valueCode)];
    };
    expect(await warned({ number: null })).toEqual([['AA', 'W 0 PID^1^3'], ['unknown']]);
    expect(await warned({ number: AMBER, verified: 'NSTS02' })).toEqual([['AA', 'W 0 PID^1^32'], ['unknown']]);
    expect(await warned({ number: AMBER, verified: '' })).toEqual([['AA', 'W 0 PID^1^32'], ['unknown']]);
    expect(await warned({ number: '9990012343' })).toEqual([['AA', 'W 0 PID^1^3'], ['unknown']]);
    expect(await warned({ number: `${AMBER}^^^NHS^NH~${NOBODY}` })).toEqual([['AA', 'W 0 PID^1^3'], ['unknown']]);
    expect(await warned({ number: '999 001 2342', verified: 'AL~NSTS01' })).toEqual([['AA'], [AMBER]]);
  });

  test('I6: who has a plan here and who has none are answered alike, and the owner of a plan finds one Task', async () => {
    const shape = (ack: string | null, id: string): string => (ack ?? '').replace(id, 'ID').replace(/\d{14}\+0000|\|[0-9A-F]{20}\|/g, '*');
    // Only from v2.5 on does an answer have all that is to be said of a message that was taken.
    for (const version of ['2.4', '2.5.1']) {
      const [known, unknown] = [nextId(), nextId()];
      const a = await pas.exchange(adt({ visit: `${visit}a`, id: known, number: AMBER, version }));
      const b = await pas.exchange(adt({ visit: `${visit}b`, id: unknown, number: NOBODY, version }));
      expect(shape(a, known)).toBe(shape(b, unknown));
      expect(said(a)).toEqual(['AA']);
    }
    await tell({ visit: `${visit}a`, event: 'A03', number: AMBER, recorded: minute(40), discharged: minute(39) });
    const tasks = await door.get(TRUST, '/fhir/Task');
    const [{ id } = { id: '' }] = await contacts(`${visit}a`);
    const focused = (tasks.body.entry ?? []).filter(
      (each: { resource: { focus?: { reference?: string } } }) => each.resource.focus?.reference === `Encounter/${id}`,
    );
    expect(focused).toHaveLength(1);
  });

  test('a visit number belongs to its assigning authority, and to the facility that gave it', async () => {
    const systemOf = async (cx: string): Promise<unknown> => {
      expect(await tell({ visit: cx })).toEqual(['AA']);
      return (await contacts())[0]?.identifier?.[0]?.system;
    };
    const own = 'https://crisis-plan-broker.example/fhir/NamingSystem/visit-number/ZZ2';
    expect(await systemOf(`${visit}^^^A&2.16.840.1.113883.3.999&ISO`)).toBe('urn:oid:2.16.840.1.113883.3.999');
    visit = `${visit}b`;
    expect(await systemOf(`${visit}^^^A&https://pas.example/visits&URI`)).toBe('https://pas.example/visits');
    visit = `${visit}b`;
    expect(await systemOf(`${visit}^^^PAS 1/2`)).toBe(`${own}/PAS%201%2F2`);
    expect(await tell({ visit: `${visit}^^^A&nonsense&ISO` })).toEqual(['AE', '102 PV1^1^19']);
    // Another facility's V1 is another visit.
    await tell({ facility: 'ZZ3', visit: 'SAME' });
    await tell({ facility: 'ZZ2', visit: 'SAME' });
    expect([await contacts('SAME', ED), await contacts('SAME', AMBULANCE)].map((all) => all.length)).toEqual([1, 1]);
  });

  test('times without an offset are those of London; the hour that comes twice is its day', async () => {
    const startOf = async (admitted: string): Promise<unknown> => {
      visit = `${visit}t`;
      expect(await tell({ admitted })).toEqual(['AA']);
      return (await contacts())[0]?.period?.start;
    };
    expect(await startOf('20260701101500')).toBe('2026-07-01T10:15:00+01:00');
    expect(await startOf('202601011015')).toBe('2026-01-01T10:15:00+00:00');
    expect(await startOf('20260101101500.1234-0500')).toBe('2026-01-01T10:15:00.1234-05:00');
    expect(await startOf('20261025013000')).toBe('2026-10-25');
    expect(await startOf('20261025013000+0000')).toBe('2026-10-25T01:30:00+00:00');
    expect(await startOf('20261101')).toBe('2026-11-01');
    expect(await startOf('2026110112')).toBe('2026-11-01');
    for (const wrong of [
      '20260329013000',
      '20260230',
      '20261301',
      '2026110124',
      'yesterday',
      '2026-11-01',
      '202611011060',
      '20261101+2500',
    ])
      expect([wrong, await tell({ admitted: wrong })]).toEqual([wrong, ['AE', '102 PV1^1^44']]);
    expect(await tell({ event: 'A03', admitted: minute(10), discharged: minute(9) })).toEqual(['AE', '102 PV1^1^44']);
  });
});

describe('what is not taken is AE or AR, with its place and code of table 0357, and changes nothing', () => {
  const without = (name: string): string =>
    `${adtLines({ visit, version: '2.5' })
      .filter((line) => !line.startsWith(name))
      .join('\r')}\r`;
  const added = (line: string): string => `${adt({ visit, version: '2.5' })}${line}\r`;
  test.each<readonly [string, () => string, readonly string[]]>([
    ['no MSH-10', () => adt({ id: '' }), ['AE', '101 MSH^1^10']],
    ['a long MSH-10', () => adt({ id: 'x'.repeat(200) }), ['AE', '102 MSH^1^10']],
    ['no version', () => adt({ version: '' }), ['AE', '101 MSH^1^12']],
    ['version 3', () => adt({ version: '3.0' }), ['AR', '203 MSH^1^12']],
    ['no processing id', () => adt({ processing: '' }), ['AE', '101 MSH^1^11']],
    ['a test', () => adt({ processing: 'T' }), ['AR', '202 MSH^1^11']],
    ['a debugging message', () => adt({ processing: 'D' }), ['AR', '202 MSH^1^11']],
    ['processing id X', () => adt({ processing: 'X' }), ['AR', '202 MSH^1^11']],
    ['another facility', () => adt({ facility: 'ZZ9' }), ['AR', '103 MSH^1^4']],
    ['a facility that is none', () => adt({ facility: 'zz2 or so' }), ['AR', '103 MSH^1^4']],
    ['no facility', () => adt({ facility: '' }), ['AE', '101 MSH^1^4']],
    ['a transfer', () => adt({ event: 'A02' }), ['AR', '201 MSH^1^9']],
    ['no event', () => adt({ event: '' }), ['AR', '201 MSH^1^9']],
    ['an event of Object', () => adt({ event: 'constructor' }), ['AR', '201 MSH^1^9']],
    ['a result', () => adt().replace('ADT^', 'ORU^'), ['AR', '200 MSH^1^9']],
    ['an acknowledgement', () => adt().replace('ADT^A01', 'ACK'), ['AR', '200 MSH^1^9']],
    ['a type of Object', () => adt().replace('ADT^A01', 'toString'), ['AR', '200 MSH^1^9']],
    ['no EVN', () => without('EVN'), ['AE', '100 EVN^1']],
    ['no PID', () => without('PID'), ['AE', '100 PID^1']],
    ['no PV1', () => without('PV1'), ['AE', '100 PV1^1']],
    ['two PID', () => added('PID|1||9990012342^^^NHS^NH'), ['AE', '100 PID^2']],
    ['two PV1', () => added('PV1|2|I'), ['AE', '100 PV1^2']],
    ['two MSH', () => added('MSH|^~\\&|X'), ['AE', '100 MSH^2']],
    ['EVN-1 of another event', () => adt().replace('EVN|A01', 'EVN|A11'), ['AE', '103 EVN^1^1']],
    ['no time of the event', () => adt({ recorded: '' }).replace('20261120101501+0000', ''), ['AE', '101 EVN^1^2']],
    ['a day as the time of the event', () => adt({ recorded: '20261120' }), ['AE', '102 EVN^1^2']],
    ['a time to come', () => adt({ recorded: '20991120101500+0000' }), ['AE', '102 EVN^1^2']],
    ['no visit number', () => adt({ visit: '' }), ['AE', '101 PV1^1^19']],
    ['a visit number to delete', () => adt({ visit: '""' }), ['AE', '101 PV1^1^19']],
    ['a visit number without end', () => adt({ visit: 'x'.repeat(3_000) }), ['AE', '102 PV1^1^19']],
    ['no class', () => adt({ patientClass: '' }), ['AE', '101 PV1^1^2']],
    ['a preadmission', () => adt({ patientClass: 'P' }), ['AE', '103 PV1^1^2']],
    ['a class of Object', () => adt({ patientClass: 'valueOf' }), ['AE', '103 PV1^1^2']],
    ['MSH-15 of no table', () => adt({ accept: 'XX' }), ['AE', '103 MSH^1^15']],
    ['a character set that is not read', () => adt({ charset: 'UNICODE UTF-16' }), ['AE', '103 MSH^1^18']],
    ['two character sets', () => adt({ charset: 'ASCII~ISO IR87' }), ['AE', '103 MSH^1^18']],
    ['an escape that is none', () => adt({ visit: 'V\\Q\\1' }), ['AE', '102 PV1^1^19']],
    ['an escape without an end', () => adt({ visit: 'V\\F' }), ['AE', '102 PV1^1^19']],
    ['a control character that is escaped', () => adt({ visit: 'V\\X00\\1' }), ['AE', '102 PV1^1^19']],
    ['a control character', () => adt({ visit: 'V\u00071' }), ['AE', '102 PV1^1^19']],
  ])('%s', async (_, message, expected) => {
    const before = await door.stored();
    expect(said(await pas.exchange(message()))).toEqual(expected);
    expect(await door.stored()).toBe(before);
  });

  test('an answer to a version before 2.5 has its words in MSA-3 and its code in ERR-1; from 2.5 on each has its field', async () => {
    const old = await pas.exchange(adt({ id: 'OLD1', visit: '', version: '2.3' }));
    expect(old?.split('\r').slice(1)).toEqual(['MSA|AE|OLD1|is required', 'ERR|PV1^1^19^101&Required field missing&HL70357', '']);
    const now = await pas.exchange(adt({ id: 'NEW1', visit: '', version: '2.5' }));
    expect(now?.split('\r').slice(1)).toEqual(['MSA|AE|NEW1', 'ERR||PV1^1^19|101^Required field missing^HL70357|E||||is required', '']);
    expect(now?.split('\r')[0]).toMatch(
      /^MSH\|\^~\\&\|CRISIS-PLAN-BROKER\|BROKER\|PAS\|ZZ2\|\d{14}\+0000\|\|ACK\^A01\^ACK\|[0-9A-F]{20}\|P\|2\.5$/,
    );
  });
});

describe('how a message is written', () => {
  test('[3b.10.9] CR LF, LF, other separators, escapes and lower-case facilities are read', async () => {
    const lines = adtLines({ visit: `${visit}\\F\\\\S\\\\T\\\\R\\\\E\\\\X41\\`, number: NOBODY });
    expect(said(await pas.exchange(`${lines.join('\r\n')}\r\n`))).toEqual(['AA']);
    // `|` divides system and value in a search.
    expect(await contacts(`${visit}\\|^&~\\\\A`)).toHaveLength(1);
    expect(said(await pas.exchange(lines.join('\n')))).toEqual(['AE', '205 MSH^1^10']);
    const strange = adt({ visit: `${visit}s`, number: NOBODY, facility: 'zz2' })
      .replaceAll('|', '#')
      .replaceAll('^', '!')
      .replaceAll('&', '$');
    expect(said(await pas.exchange(strange))).toEqual(['AA']);
    expect(await contacts(`${visit}s`)).toHaveLength(1);
    // A note with a line end in it begins no segment.
    expect(said(await pas.exchange(`${adt({ visit: `${visit}n`, number: NOBODY })}NTE|1||two\nPID|lines\r`))).toEqual(['AA']);
  });

  test('[3b.9] names in whatever set hinder nobody where none is named; where one is, the bytes must be in it', async () => {
    const send = async (charset: string, encoding: BufferEncoding): Promise<readonly string[]> => {
      visit = `${visit}c`;
      return said(await pas.exchange(adt({ visit, number: NOBODY, charset, name: 'MÜLLER^ZOË' }), encoding));
    };
    expect(await send('', 'utf8')).toEqual(['AA']);
    expect(await send('', 'latin1')).toEqual(['AA']);
    expect(await send('8859/1', 'latin1')).toEqual(['AA']);
    expect(await send('8859/15', 'latin1')).toEqual(['AA']);
    expect(await send('UNICODE UTF-8', 'utf8')).toEqual(['AA']);
    expect(await send('UNICODE UTF-8', 'latin1')).toEqual(['AE', '102 MSH^1^18']);
    visit = `${visit}-Ü`;
    expect(said(await pas.exchange(adt({ visit, number: NOBODY, charset: 'UNICODE UTF-8' })))).toEqual(['AA']);
    expect(await contacts()).toHaveLength(1);
    expect(said(await pas.exchange(adt({ visit, number: NOBODY }), 'latin1'))).toEqual(['AE', '102 PV1^1^19']);
  });
});

describe('how it is acknowledged', () => {
  const answers = async (accept: string, application16: string, good: boolean): Promise<readonly string[]> => {
    const id = nextId();
    pas.write(Buffer.from(`\u000b${adt({ visit: good ? visit : '', number: NOBODY, id, accept, application16 })}\u001c\r`));
    // One in original mode after it: what comes before its answer is all that was said.
    const last = nextId();
    pas.write(Buffer.from(`\u000b${adt({ visit: `${visit}x`, number: NOBODY, id: last })}\u001c\r`));
    const all: string[] = [];
    for (;;) {
      const ack = await pas.answer();
      if (answered(ack) === last) return all;
      expect(answered(ack)).toBe(id);
      all.push(said(ack)[0] ?? '');
    }
  };

  test.each([
    ['', '', ['AA'], ['AE']],
    ['AL', 'AL', ['CA', 'AA'], ['CE']],
    ['AL', 'NE', ['CA'], ['CE']],
    ['NE', 'AL', ['AA'], ['AE']],
    ['', 'AL', ['AA'], ['AE']],
    ['AL', '', ['CA'], ['CE']],
    ['ER', 'SU', ['AA'], ['CE']],
    ['SU', 'ER', ['CA'], ['AE']],
    ['NE', 'NE', [], []],
  ] as const)('[3b.1] [3b.2] MSH-15 "%s" and MSH-16 "%s"', async (accept, application, good, bad) => {
    expect(await answers(accept, application, true)).toEqual(good);
    expect(await answers(accept, application, false)).toEqual(bad);
  });

  test('what is acknowledged is committed: a store that fails is AR 207, which may be sent again, and holds nothing', async () => {
    let fails = true;
    const failing = await openHl7(door, {
      receive: (message) => (fails ? Promise.reject(new Error('of INVENTED^EXAMPLE')) : door.store.receive(message)),
    });
    const other = await sendingSystem(failing.port);
    const message = adt({ visit, number: NOBODY });
    expect(said(await other.exchange(message))).toEqual(['AR', '207 ']);
    expect(await contacts()).toEqual([]);
    fails = false;
    expect(said(await other.exchange(message))).toEqual(['AA']);
    expect(await contacts()).toHaveLength(1);
    other.destroy();
    await failing.close();
    expect(failing.lines.join()).not.toContain('INVENTED');
  });

  test('messages of tests are taken where it is set', async () => {
    const tests = await openHl7(door, { takesTests: true });
    const other = await sendingSystem(tests.port);
    const ack = await other.exchange(adt({ visit, number: NOBODY, processing: 'T' }));
    expect(said(ack)).toEqual(['AA']);
    expect(ack).toContain('|T|2.4\r');
    other.destroy();
    await tests.close();
  });

  test('a late acknowledgement goes to whoever waits for it, with its sender, and is not acknowledged', async () => {
    const heard: unknown[] = [];
    const wired = await openHl7(door, { acknowledged: async (from, text) => void heard.push([from.organization, from.kind, text]) });
    const other = await sendingSystem(wired.port);
    const ack = 'MSH|^~\\&|PAS|ZZ2|||20261120101500||ACK|ACK1|P|2.5\rMSA|AA|SENT1\r';
    other.write(Buffer.from(`\u000b${ack}\u001c\r`));
    expect(answered(await other.exchange(adt({ visit, number: NOBODY, id: 'AFTER' })))).toBe('AFTER');
    expect(heard).toEqual([['ZZ2', 'ed', ack]]);
    other.write(Buffer.from(`\u000b${ack.replace('ZZ2', 'ZZ9')}\u001c\r`));
    expect(said(await other.answer())).toEqual(['AR', '103 MSH^1^4']);
    expect(heard).toHaveLength(1);
    other.destroy();
    await wired.close();
  });

  test.each([
    ['', '', []],
    ['AL', 'NE', ['CA']],
    ['AL', 'AL', ['CA']],
    ['SU', '', ['CA']],
    ['ER', 'AL', []],
    ['NE', 'AL', []],
  ] as const)(
    '[3b.2] an acknowledgement with MSH-15 "%s" and MSH-16 "%s" gets the CA that it asks for, and no more',
    async (accept, application, expected) => {
      const wired = await openHl7(door, { acknowledged: async () => {} });
      const other = await sendingSystem(wired.port);
      const [id, last] = [nextId(), nextId()];
      const ack = `MSH|^~\\&|PAS|ZZ2|||20261120101500||ACK|${id}|P|2.5|||${accept}|${application}\rMSA|AA|SENT1\r`;
      other.write(Buffer.from(`\u000b${ack}\u001c\r`));
      other.write(Buffer.from(`\u000b${adt({ visit: '', id: last })}\u001c\r`));
      const all: unknown[] = [];
      for (let text = await other.answer(); answered(text) !== last; text = await other.answer()) {
        expect([text?.split('|')[8], answered(text)]).toEqual(['ACK', id]);
        all.push(...said(text));
      }
      expect(all).toEqual(expected);
      other.destroy();
      await wired.close();
    },
  );

  test('what came is counted by event and answer, and by no word of a stranger', async () => {
    const counted = (event: string, answer: string): Promise<number> => hl7.counted('broker_hl7_messages_total', { event, answer });
    const before = await Promise.all([counted('A04', 'AA'), counted('other', 'AR'), counted('A04', 'AE')]);
    await tell({ event: 'A04' });
    await tell({ event: 'A04', visit: '' });
    await tell({ event: 'INVENTED' });
    const after = await Promise.all([counted('A04', 'AA'), counted('other', 'AR'), counted('A04', 'AE')]);
    expect(after.map((value, index) => value - (before[index] ?? 0))).toEqual([1, 1, 1]);
  });
});
