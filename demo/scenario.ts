import { setTimeout as sleep } from 'node:timers/promises';
import type { Encounter } from '@medplum/fhirtypes';
import type { Cast } from './cast.ts';
import { until } from './cast.ts';
import { agreementWithEd, example, nhsNumber, patient } from './examples.ts';
import type { Holding, Recipient } from './scenario-words.ts';

/** One step of the play: what happens, and what each should hold after it. Written by hand: nothing here was computed by the broker. */
export interface Step {
  readonly name: string;
  /** One sentence for whoever watches. */
  readonly title: string;
  readonly should: Readonly<Record<Recipient, Holding>>;
  /** Plays the step; answers what else is to be checked once everyone agrees. */
  play(cast: Cast): Promise<readonly Check[]>;
}

/** Something besides the stores that must be so: a sentence, and whether it is. */
export interface Check {
  readonly sentence: string;
  holds(): Promise<boolean>;
}

const heard = (cast: Cast, recipient: Recipient): Promise<readonly string[]> => cast.programs[recipient].ask('GET', '/heard');
const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';
/** A number of the test range that belongs to nobody here. */
const NOBODY = '9990000018';
const flags = (number: string): Record<string, string> => ({ 'patient.identifier': `${NHS_NUMBER}|${number}` });
/** Longer than any delivery that is still under way. */
const QUIET_MS = 700;

const v1: Step = {
  name: 'approve v1',
  title: 'The trust approves the plan: it is pushed to the EPR and the ED, police are told and read, dispatch looks it up.',
  should: { epr: 'v1 (epr headings)', ed: 'v1 (ed headings)', ambulance: 'v1 (ambulance headings)', police: 'v1 (police headings)' },
  play: async (cast) => {
    await cast.approve(1);
    return [];
  },
};

const v2: Step = {
  name: 'approve v2, nothing new for police',
  title: 'A new version changes only what police may not see: police hear nothing.',
  should: { epr: 'v2 (epr headings)', ed: 'v2 (ed headings)', ambulance: 'v2 (ambulance headings)', police: 'v1 (police headings)' },
  play: async (cast) => {
    const before = await heard(cast, 'police');
    await cast.approve(2);
    return [
      {
        sentence: 'police heard nothing',
        holds: async () => {
          await sleep(QUIET_MS);
          return (await heard(cast, 'police')).length === before.length;
        },
      },
    ];
  },
};

const v3: Step = {
  name: 'approve v3, new for police',
  title: 'A new version changes what police may see: they are told, and read it.',
  should: { epr: 'v3 (epr headings)', ed: 'v3 (ed headings)', ambulance: 'v3 (ambulance headings)', police: 'v3 (police headings)' },
  play: async (cast) => {
    const before = await heard(cast, 'police');
    await cast.approve(3);
    return [{ sentence: 'police were told', holds: async () => (await heard(cast, 'police')).length > before.length }];
  },
};

const silence: Step = {
  name: 'ED stops answering and comes back',
  title: 'While v4 is delivered the ED takes it and answers nothing; the ledger does not know. Then the ED answers again.',
  should: { epr: 'v4 (epr headings)', ed: 'v4 (ed headings)', ambulance: 'v4 (ambulance headings)', police: 'v3 (police headings)' },
  play: async (cast) => {
    await cast.programs.ed.ask('POST', '/behave', { stall: true, store: true });
    await cast.approve(4);
    const uncertain = await until(async () => {
      const key = (await cast.ledger()).find(({ recipient }) => recipient.kind === 'ed');
      return key?.last?.outcome === 'unknown' && key.copies.some(({ state }) => state === 'uncertain');
    }, 30_000);
    const { unanswered } = await cast.programs.ed.ask<{ unanswered: number }>('GET', '/behave');
    await cast.programs.ed.ask('POST', '/behave', { resume: true });
    return [
      { sentence: 'while the ED was silent, the ledger said that it may hold v4 or not', holds: async () => uncertain && unanswered > 0 },
    ];
  },
};

const AFTER_SILENCE = { epr: 'v4 (epr headings)', ed: 'v4 (ed headings)', ambulance: 'v4 (ambulance headings)' } as const;

const revoked: Step = {
  name: 'consent for police revoked',
  title: 'A new Consent denies police: what they hold is recalled, and to them it is as if there were no plan.',
  should: { ...AFTER_SILENCE, police: 'nothing' },
  play: async (cast) => {
    const [held] = await cast.programs.police.ask<readonly { plan: string }[]>('GET', '/store');
    await cast.publisher.put(example('consent-without-police'));
    return [
      {
        sentence: 'police who ask again are answered as for somebody who has no plan',
        holds: async () => {
          const refused = await cast.police.post('Flag/_search', flags(cast.number));
          const absent = await cast.police.post('Flag/_search', flags(NOBODY));
          const read = await cast.police.get(`CarePlan/${held?.plan}`);
          const never = await cast.police.get('CarePlan/00000000-0000-4000-8000-000000000000');
          return (
            [refused.status, absent.status, read.status, never.status].join() === '200,200,404,404' &&
            refused.text === absent.text &&
            read.text === never.text
          );
        },
      },
    ];
  },
};

const given: Step = {
  name: 'consent for police given again',
  title: 'Another Consent supersedes both: police are told, read, and hold it again.',
  should: { ...AFTER_SILENCE, police: 'v3 (police headings)' },
  play: async (cast) => {
    await cast.publisher.put(example('consent-with-police-again'));
    return [];
  },
};

const AGREED_FOR_MS = 2_000;

const ranOut: Step = {
  name: 'agreement with the ED runs out',
  title: 'The agreement between trust and ED ends two seconds from now, by the clock: nobody does anything, and the plan is recalled.',
  should: { epr: 'v4 (epr headings)', ed: 'nothing', ambulance: 'v4 (ambulance headings)', police: 'v3 (police headings)' },
  play: async (cast) => {
    const end = Date.now() + AGREED_FOR_MS;
    const agreement = agreementWithEd();
    await cast.operator.put({ ...agreement, applies: { ...agreement.applies, end: new Date(end).toISOString() } });
    await sleep(AGREED_FOR_MS / 2);
    const heldBefore = await cast.store('ed');
    const early = Date.now() < end;
    return [{ sentence: 'the ED held it until the agreement ended', holds: async () => early && heldBefore === 'v4 (ed headings)' }];
  },
};

const AFTER_AGREEMENT = ranOut.should;

const contact: Step = {
  name: 'crisis contact, told twice',
  title: 'The ambulance service tells of a crisis contact, and tells it once more: one Encounter, and one Task for the trust.',
  should: AFTER_AGREEMENT,
  play: async (cast) => {
    const encounter = example<Encounter>('contact');
    const first = await cast.ambulance.post('Encounter', encounter);
    const again = await cast.ambulance.post('Encounter', encounter);
    return [
      {
        sentence: 'the second time it is answered 200, with the first Location',
        holds: async () => first.status === 201 && again.status === 200 && first.location !== null && first.location === again.location,
      },
      {
        sentence: 'the trust finds exactly one Task, and reads the Encounter that it is about',
        holds: async () => {
          const tasks = JSON.parse((await cast.publisher.get('Task?code=crisis-contact')).text);
          const focus: unknown = tasks.entry?.[0]?.resource?.focus?.reference;
          return tasks.total === 1 && typeof focus === 'string' && (await cast.publisher.get(focus)).status === 200;
        },
      },
    ];
  },
};

const corrected: Step = {
  name: 'NHS number corrected',
  title: 'The trust corrects the NHS number: copies under the old one are recalled first. Police were never sent one, and hear nothing.',
  should: {
    epr: 'v4 (epr headings), new number',
    ed: 'nothing',
    ambulance: 'v4 (ambulance headings), new number',
    police: 'v3 (police headings)',
  },
  play: async (cast) => {
    const [epr, police] = [await heard(cast, 'epr'), await heard(cast, 'police')];
    await cast.publisher.put(patient('patient-corrected'));
    cast.number = nhsNumber('patient-corrected');
    return [
      {
        sentence: 'the EPR was asked to give up the old copy before it was sent the new one',
        holds: async () => (await heard(cast, 'epr')).slice(epr.length).join() === 'delete,new',
      },
      {
        sentence: 'police heard nothing',
        holds: async () => {
          await sleep(QUIET_MS);
          return (await heard(cast, 'police')).length === police.length;
        },
      },
    ];
  },
};

const withdrawn: Step = {
  name: 'plan withdrawn',
  title: 'The trust withdraws the plan: everyone who may hold it is asked to give it up.',
  should: { epr: 'nothing', ed: 'nothing', ambulance: 'nothing', police: 'nothing' },
  play: async (cast) => {
    const { status, text } = await cast.publisher.post('CarePlan/plan-v4/$withdraw', example('withdraw'));
    if (status !== 200) throw new Error(`$withdraw: ${status} ${text}`);
    return [];
  },
};

/** The play, in order. */
export const SCENARIO: readonly Step[] = [v1, v2, v3, silence, revoked, given, ranOut, contact, corrected, withdrawn];
