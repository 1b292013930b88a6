import { describe, expect, test } from '@jest/globals';
import { PROTECTED } from '../../src/decide/protections.ts';
import { step } from '../../src/decide/step.ts';
import { DAY } from '../../src/model/instant.ts';
import type { Action, Desired, LastAttempt, Ledger } from '../../src/model/ledger.ts';
import type { Destination } from '../../src/model/recipient.ts';
import { copy, destination, ELSEWHERE, HERE, ledger, LIFETIME, NOW, uncertain } from './sample.ts';

const LATER = NOW + 30_000;
const hold = (digest = 'digest-1', until: number | null = null): Desired => ({
  hold: digest,
  place: HERE,
  headings: ['please-do'],
  purpose: 'ETREAT',
  until,
});
const nothing = (until: number | null = null): Desired => ({ nothing: true, because: 'no-consent', until });
const freeze = (until: number): Desired => ({ freeze: true, because: 'consent-undecidable', until });
const last = (change: Partial<LastAttempt> = {}): LastAttempt => ({
  id: 'last',
  kind: 'update',
  place: HERE,
  effect: 'digest-1',
  since: NOW - 10_000,
  sequence: { epoch: 1, count: 1 },
  documentId: 'document-last',
  documents: [],
  outcome: 'unknown',
  ...change,
});
const go = (want: Desired, state: Ledger, change: Partial<Destination> = {}): Action => step(want, state, NOW, destination(change));
const kindOf = (action: Action): string =>
  action.kind === 'rest' ? 'rest' : `${action.kind} ${action.place.identity === HERE.identity ? 'here' : 'elsewhere'}`;

const FILES = { channel: 'hl7v2-mllp' } as const;
const END = 10 * LIFETIME;
const ENDS = { recallForm: 'expires', copiesEndAfter: END } as const;

const recallLost = uncertain('r', 2, LATER, { effect: null, headings: [] });

describe('step: what follows from what should be held and what may be held', () => {
  const rows: readonly (readonly [string, Desired, Ledger, Partial<Destination>, string])[] = [
    // Something is wanted.
    ['nothing is there: update', hold(), ledger(), {}, 'update here'],
    ['it is held: rest', hold(), ledger([copy('a', 1)]), {}, 'rest'],
    ['other content is held: update', hold('digest-2'), ledger([copy('a', 1)]), {}, 'update here'],
    ['it may be held: update', hold(), ledger([uncertain('a', 1, LATER)]), {}, 'update here'],
    [
      'it is held, and other content may arrive: update',
      hold(),
      ledger([copy('b', 2), uncertain('a', 1, LATER, { effect: 'digest-2' })]),
      {},
      'update here',
    ],
    ['it is held, and a recall may arrive: update', hold(), ledger([copy('b', 3), recallLost]), {}, 'update here'],
    ['it is held, and the same may arrive again: rest', hold(), ledger([copy('b', 2), uncertain('a', 1, LATER)]), {}, 'rest'],
    [
      'other content that waits to be overruled: rest',
      hold(),
      ledger([copy('b', 2), uncertain('a', 1, LATER, { effect: 'digest-2', acceptedSince: true })]),
      {},
      'rest',
    ],
    [
      'other content whose wait is over: update',
      hold(),
      ledger([copy('b', 2), uncertain('a', 1, NOW, { effect: 'digest-2', acceptedSince: true })]),
      {},
      'update here',
    ],
    [
      'a recall whose wait is over: update',
      hold(),
      ledger([copy('b', 3), { ...recallLost, againAt: NOW, acceptedSince: true }]),
      {},
      'update here',
    ],
    // Nothing is wanted.
    ['nothing there, nothing wanted: rest', nothing(), ledger(), {}, 'rest'],
    ['held and not wanted: recall', nothing(), ledger([copy('a', 1)]), {}, 'recall here'],
    ['perhaps held and not wanted: recall', nothing(), ledger([uncertain('a', 1, LATER)]), {}, 'recall here'],
    ['a recall in doubt alone asks for nothing', nothing(), ledger([recallLost]), {}, 'rest'],
    [
      'recalled, and waiting to be recalled again: rest',
      nothing(),
      ledger([uncertain('a', 1, LATER, { acceptedSince: true })]),
      {},
      'rest',
    ],
    ['recalled, and the wait is over: recall', nothing(), ledger([uncertain('a', 1, NOW, { acceptedSince: true })]), {}, 'recall here'],
    // Another identity or address first.
    ['I2: another identity first', hold(), ledger([copy('a', 1, { place: ELSEWHERE })]), {}, 'recall elsewhere'],
    [
      'I2: another address first',
      hold(),
      ledger([copy('a', 1, { place: { ...HERE, address: 'https://old.example' } })]),
      {},
      'recall here',
    ],
    [
      'I2: another identity, though the right one is held',
      hold(),
      ledger([copy('b', 2), copy('a', 1, { place: ELSEWHERE })]),
      {},
      'recall elsewhere',
    ],
    [
      'another identity that waits does not hold the new one back',
      hold(),
      ledger([uncertain('a', 1, LATER, { place: ELSEWHERE, acceptedSince: true })]),
      {},
      'update here',
    ],
    ['a recall in doubt elsewhere does not either', hold(), ledger([{ ...recallLost, place: ELSEWHERE }]), {}, 'update here'],
    // Freeze.
    ['I11: frozen: nothing is sent', freeze(LATER), ledger(), {}, 'rest'],
    ['I11: frozen: nothing is recalled', freeze(LATER), ledger([copy('a', 1)]), {}, 'rest'],
    ['I11: frozen: not even elsewhere', freeze(LATER), ledger([copy('a', 1, { place: ELSEWHERE })]), {}, 'rest'],
    // A destination where replacing does not hide the old.
    ['replacing does not hide: recall first', hold('digest-2'), ledger([copy('a', 1)]), { replaceHidesOld: false }, 'recall here'],
    ['replacing does not hide, and a recall is in doubt: update', hold(), ledger([recallLost]), { replaceHidesOld: false }, 'update here'],
    ['replacing does not hide, nothing there: update', hold(), ledger(), { replaceHidesOld: false }, 'update here'],
    // Where a document is filed by its own id.
    [
      'hl7: the same words under another id may lie there too: the one is replaced and the other cancelled',
      hold(),
      ledger([copy('b', 2), uncertain('a', 1, LATER)]),
      { channel: 'hl7v2-mllp' },
      'update here',
    ],
    [
      'hl7: the same words under the same id are one document',
      hold(),
      ledger([copy('b', 2), uncertain('a', 1, LATER, { documentId: 'document-b' })]),
      { channel: 'hl7v2-mllp' },
      'rest',
    ],
    [
      'hl7: of a flag there are not two, whatever the ids',
      hold(),
      ledger([copy('b', 2), uncertain('a', 1, LATER)]),
      { channel: 'hl7v2-mllp', hl7v2: { messageForm: 'adt-a31-flag' } },
      'rest',
    ],
    [
      'hl7: where replacing does not hide, the second document is recalled first',
      hold(),
      ledger([copy('b', 2), uncertain('a', 1, LATER)]),
      { channel: 'hl7v2-mllp', replaceHidesOld: false },
      'recall here',
    ],
    [
      'a FHIR server: the same words under another id may lie there too, and are taken away',
      hold(),
      ledger([copy('b', 2), uncertain('a', 1, LATER)]),
      { channel: 'fhir-rest' },
      'update here',
    ],
    [
      'hl7: where nothing was acknowledged, no id is the other one',
      hold(),
      ledger([uncertain('b', 2, LATER), uncertain('a', 1, LATER)]),
      { channel: 'hl7v2-mllp', replaceHidesOld: false },
      'update here',
    ],
    // A place that only reads.
    ['pull: nothing is pushed', hold(), ledger(), { channel: 'pull' }, 'rest'],
    ['pull: what was read and stands is left', hold(), ledger([uncertain('a', 1, LATER)]), { channel: 'pull' }, 'rest'],
    [
      'pull: what was read and changed is recalled',
      hold('digest-2'),
      ledger([uncertain('a', 1, LATER)]),
      { channel: 'pull' },
      'recall here',
    ],
    ['pull: what was read and is over is recalled', nothing(), ledger([uncertain('a', 1, LATER)]), { channel: 'pull' }, 'recall here'],
    ['pull: a recall in doubt is not answered by pushing', hold(), ledger([recallLost]), { channel: 'pull' }, 'rest'],
    // A destination that no message calls back.
    ['I2: by hand: people are asked', nothing(), ledger([copy('a', 1)]), { recallForm: 'manual' }, 'recall here'],
    [
      'by hand: a document is replaced as anywhere',
      hold('digest-2'),
      ledger([copy('a', 1)]),
      { ...FILES, recallForm: 'manual' },
      'update here',
    ],
    [
      'I2: by hand: a document in doubt cannot be replaced, so people take it away first',
      hold('digest-2'),
      ledger([uncertain('a', 1, LATER)]),
      { ...FILES, recallForm: 'manual' },
      'recall here',
    ],
    [
      'by hand: the same words twice take nothing from anybody',
      hold(),
      ledger([copy('b', 2), uncertain('a', 1, LATER)]),
      { ...FILES, recallForm: 'manual' },
      'rest',
    ],
    ['I2: no way at all: people are asked', nothing(), ledger([copy('a', 1)]), { open: false, recallForm: 'none' }, 'recall here'],
    ['I2: by an end that is not said: people are asked', nothing(), ledger([copy('a', 1)]), { recallForm: 'expires' }, 'recall here'],
    ['I2: by time: it ends by itself', nothing(), ledger([copy('a', 1, { endsAt: LATER })]), ENDS, 'rest'],
    ['I2: by time: once it has ended the chase does', nothing(), ledger([copy('a', 1, { endsAt: NOW })]), ENDS, 'recall here'],
    [
      'I2: by time: not before the last of a place has',
      nothing(),
      ledger([copy('b', 2, { endsAt: LATER }), copy('a', 1, { endsAt: NOW })]),
      ENDS,
      'rest',
    ],
    ['I2: by time: what was sent before that was agreed has no end yet', nothing(), ledger([copy('a', 1)]), ENDS, 'recall here'],
    [
      'by time: another identity that ends does not hold the new one back',
      hold(),
      ledger([copy('a', 1, { place: ELSEWHERE, endsAt: LATER })]),
      ENDS,
      'update here',
    ],
    ['I3: by time: it is held, and not half over', hold(), ledger([copy('a', 1, { endsAt: NOW + END })]), ENDS, 'rest'],
    [
      'I3: by time: it is renewed before it ends',
      hold(),
      ledger([copy('a', 1, { endsAt: NOW + LIFETIME + END / 2 })]),
      ENDS,
      'update here',
    ],
    [
      'by time: a document that stays beside the new one ends by itself',
      hold(),
      ledger([copy('b', 2, { endsAt: NOW + END }), uncertain('a', 1, NOW - 1, { effect: 'digest-2', acceptedSince: true, endsAt: LATER })]),
      { ...ENDS, ...FILES },
      'rest',
    ],
    // A closed destination.
    ['closed: nothing new', hold(), ledger(), { open: false }, 'rest'],
    ['closed: no update either', hold('digest-2'), ledger([copy('a', 1)]), { open: false }, 'rest'],
    ['I2: closed: the duty to recall stays', nothing(), ledger([copy('a', 1)]), { open: false }, 'recall here'],
    ['I2: closed: elsewhere too', hold(), ledger([copy('a', 1, { place: ELSEWHERE })]), { open: false }, 'recall elsewhere'],
  ];
  test.each(rows)('%s', (_, want, state, change, expected) => {
    expect(kindOf(go(want, state, change))).toBe(expected);
  });
});

describe('step: until when it may rest', () => {
  const lookAt = (want: Desired, state: Ledger, change: Partial<Destination> = {}): number | null => {
    const action = go(want, state, change);
    if (action.kind !== 'rest') throw new Error(action.kind);
    return action.lookAt;
  };
  const waiting = uncertain('a', 1, LATER, { effect: 'digest-2', acceptedSince: true });
  const rows: readonly (readonly [string, Desired, Ledger, number | null])[] = [
    ['nothing is owed', nothing(), ledger(), null],
    ['time alone changes the answer', nothing(LATER), ledger(), LATER],
    ['never null while a copy exists', hold(), ledger([copy('a', 1)]), NOW + DAY],
    ['a copy, and an end', hold('digest-1', LATER), ledger([copy('a', 1)]), LATER],
    ['a re-assertion is owed', hold(), ledger([copy('b', 2), waiting]), LATER],
    ['a re-assertion elsewhere is owed', nothing(), ledger([{ ...waiting, place: ELSEWHERE }]), LATER],
    [
      'the earliest of several',
      hold('digest-1', LATER + 5),
      ledger([copy('b', 3), waiting, { ...waiting, id: 'c', againAt: LATER - 5 }]),
      LATER - 5,
    ],
    ['a freeze ends', freeze(LATER), ledger([copy('a', 1)]), LATER],
  ];

  test('what ends by time is looked at when it is renewed, and when it has ended', () => {
    const copies = ledger([copy('a', 1, { endsAt: NOW + END })]);
    expect(lookAt(hold(), copies, ENDS)).toBe(NOW + END - LIFETIME - END / 2);
    expect(lookAt(nothing(), copies, ENDS)).toBe(NOW + END);
  });
  test.each(rows)('%s', (_, want, state, expected) => {
    expect(lookAt(want, state)).toBe(expected);
  });

  test('a recall in doubt that is not said again asks for no look of its own', () => {
    expect(lookAt(hold(), ledger([recallLost]), { channel: 'pull' })).toBe(NOW + DAY);
    expect(lookAt(hold(), ledger([recallLost]), { open: false })).toBe(NOW + DAY);
  });

  test('without the look at expiry an end is overslept', () => {
    expect(step(hold('digest-1', LATER), ledger([copy('a', 1)]), NOW, destination(), { ...PROTECTED, lookAtExpiry: false })).toMatchObject({
      lookAt: NOW + DAY,
    });
  });
});

describe('step: what an action names', () => {
  test('an update replaces the newest document that was acknowledged, and cancels the others, newest first', () => {
    const state = ledger([
      copy('a', 1, { effect: 'digest-0' }),
      uncertain('c', 3, LATER, { effect: 'digest-2' }),
      copy('b', 2, { effect: 'digest-0' }),
    ]);
    expect(go(hold(), state)).toMatchObject({
      kind: 'update',
      effect: 'digest-1',
      headings: ['please-do'],
      parent: 'document-b',
      stale: ['document-c', 'document-a'],
    });
  });
  test('what was never acknowledged is no parent', () => {
    expect(go(hold(), ledger([uncertain('c', 3, LATER, { effect: 'digest-2' })]))).toMatchObject({ parent: null, stale: ['document-c'] });
  });
  test('a first update has no parent, nor has the first after a recall', () => {
    expect(go(hold(), ledger())).toMatchObject({ parent: null, stale: [] });
    expect(go(hold(), ledger([recallLost]))).toMatchObject({ parent: null, stale: [] });
  });
  test('a recall names every document that may lie there, newest first, once, and none from elsewhere', () => {
    const state = ledger([
      copy('a', 1),
      uncertain('a2', 1, LATER, { documentId: 'document-a' }),
      copy('b', 2),
      copy('x', 3, { place: ELSEWHERE }),
      recallLost,
    ]);
    expect(go(nothing(), state)).toMatchObject({ kind: 'recall', place: HERE, documents: ['document-b', 'document-a'] });
  });
  test('what was read has no document', () => {
    expect(go(nothing(), ledger([copy('a', 1, { documentId: '' })]))).toMatchObject({ kind: 'recall', documents: [] });
  });
  test('where no message cancels a document of HL7 v2, none is cancelled with an update', () => {
    const state = ledger([copy('b', 2, { effect: 'digest-0' }), uncertain('a', 1, LATER, { acceptedSince: true })]);
    expect(go(hold(), state, FILES)).toMatchObject({ kind: 'update', parent: 'document-b', stale: ['document-a'] });
    for (const change of [{ recallForm: 'manual' }, { recallForm: 'task' }, ENDS] as const)
      expect(go(hold(), state, { ...FILES, ...change })).toMatchObject({ kind: 'update', parent: 'document-b', stale: [] });
  });
  test('I2: an old and a new number never stand in one message', () => {
    expect(go(hold(), ledger([copy('a', 1, { place: ELSEWHERE })]))).toMatchObject({ place: ELSEWHERE, documents: ['document-a'] });
  });
});

describe('step: ids repeat only for a retry straight after the same action', () => {
  const doubt = uncertain('last', 1, LATER);
  const retried = (want: Desired, state: Ledger): string | null => {
    const action = go(want, state);
    return action.kind === 'rest' ? 'rest' : (action.retryOf?.id ?? null);
  };
  const recalled = last({ kind: 'recall', effect: null, documents: ['document-a'], sequence: { epoch: 1, count: 2 } });
  const contrary = uncertain('o', 1, NOW, { effect: 'digest-2', acceptedSince: true });
  const rows: readonly (readonly [string, Desired, Ledger, string | null])[] = [
    ['the same update after an unknown', hold(), ledger([doubt], { last: last() }), 'last'],
    ['never acted on', hold(), ledger([]), null],
    ['a message’s lifetime after the first with its ids', hold(), ledger([doubt], { last: last({ since: NOW - LIFETIME }) }), 'last'],
    ['later than that: they may be forgotten', hold(), ledger([doubt], { last: last({ since: NOW - LIFETIME - 1 }) }), null],
    ['after a refusal', hold(), ledger([], { last: last({ outcome: 'refused' }) }), null],
    ['after an acceptance', hold(), ledger([copy('b', 2), contrary], { last: last({ outcome: 'accepted' }) }), null],
    ['other content', hold('digest-2'), ledger([doubt], { last: last() }), null],
    ['another place', hold(), ledger([], { last: last({ place: ELSEWHERE }) }), null],
    ['after a recall', hold(), ledger([recallLost], { last: recalled }), null],
    [
      'said again because an attempt can no longer arrive: new ids',
      hold(),
      ledger([doubt, { ...contrary, againAt: NOW }], { last: last({ since: NOW - 10_000 }) }),
      null,
    ],
    [
      'the retry of what was said again',
      hold(),
      ledger([doubt, { ...contrary, againAt: NOW - 20_000 }], { last: last({ since: NOW - 10_000 }) }),
      'last',
    ],
    [
      'the other attempt could no longer arrive when this was first said: the same ids',
      hold(),
      ledger([doubt, { ...contrary, againAt: NOW - 10_000 }], { last: last() }),
      'last',
    ],
    [
      'the other attempt may still arrive: the same ids',
      hold(),
      ledger([doubt, { ...contrary, againAt: LATER, acceptedSince: false }], { last: last() }),
      'last',
    ],
    [
      'an earlier attempt with the same content that can no longer arrive takes nothing from it: the same ids',
      hold(),
      ledger([doubt, uncertain('o', 1, NOW - 1)], { last: last() }),
      'last',
    ],
    ['the same recall after an unknown', nothing(), ledger([copy('a', 1), recallLost], { last: recalled }), 'last'],
    ['a recall of other documents', nothing(), ledger([copy('a', 1), copy('b', 2), recallLost], { last: recalled }), null],
    [
      'a recall of as many, but others',
      nothing(),
      ledger([copy('a', 1), copy('b', 2)], { last: { ...recalled, documents: ['document-a', 'document-c'] } }),
      null,
    ],
    [
      'a recall of fewer documents',
      nothing(),
      ledger([copy('a', 1)], { last: { ...recalled, documents: ['document-a', 'document-b'] } }),
      null,
    ],
    ['a recall elsewhere', nothing(), ledger([copy('a', 1, { place: ELSEWHERE })], { last: recalled }), null],
  ];
  test.each(rows)('%s', (_, want, state, expected) => {
    expect(retried(want, state)).toBe(expected);
  });

  test.each([
    ['a reader', destination({ channel: 'pull', address: 'pull:' })],
    ['a closed address', destination({ open: false })],
    ['people', destination({ recallForm: 'manual' })],
  ])('a Task to %s is the same one until it is answered, however long that takes', (_, to) => {
    const state = ledger([copy('a', 1), recallLost], { last: { ...recalled, since: NOW - 100 * LIFETIME } });
    expect(step(nothing(), state, NOW, to)).toMatchObject({ kind: 'recall', retryOf: { id: 'last' } });
    expect(step(nothing(), state, NOW, destination())).toMatchObject({ kind: 'recall', retryOf: null });
  });
});
