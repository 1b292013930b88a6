import type { Extension as Declaration } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import { cancelsByMessage } from '../../src/decide/recall-road.ts';
import type { RecipientCheck, Said, Scenario } from '../../src/model/recipient-check.ts';
import { SCENARIOS } from '../../src/model/recipient-check.ts';
import type { Destination } from '../../src/model/recipient.ts';
import { codeOf, readAsDeclared } from './read-as-declared.ts';

/** Something that was seen, and is not what is declared. `extension` is the declaration; null where it is the address itself. */
export interface Contradiction {
  readonly scenario: Scenario;
  readonly extension: string | null;
  readonly help: string;
}

/** What a profile should say by what was seen. */
export interface Proposal {
  readonly scenario: Scenario;
  /** The extension of the Endpoint that says so. */
  readonly declare: Declaration;
}

export interface Judged {
  readonly contradictions: readonly Contradiction[];
  readonly proposals: readonly Proposal[];
  /** Scenarios that were tried, and of which nothing is known: nobody answered. */
  readonly unanswered: readonly Scenario[];
}

const acknowledgement = (code: string, error: string | null, means: Said['outcome']): Declaration => ({
  url: Extension.acknowledgement,
  extension: [
    { url: 'code', valueCode: code },
    ...(error === null ? [] : [{ url: 'error', valueString: error }]),
    { url: 'means', valueCode: means },
  ],
});

type Read = Said & { readonly means: Said['outcome'] };

/**
 * What a conversation shows of a recipient, held against its profile as it is declared now. What cannot be seen from outside (what a clinician's screen
 * shows, whether a repeat was filed twice) is judged by nobody here.
 */
export const judge = (tried: RecipientCheck['tried'], destination: Destination): Judged => {
  const found = (scenario: Scenario): readonly Read[] => {
    const it = tried[scenario];
    return it === undefined || 'skipped' in it ? [] : it.said.map((said) => ({ ...said, means: readAsDeclared(said, destination) }));
  };
  const part = (scenario: Scenario, name: Said['part']): Read | undefined => found(scenario).find((said) => said.part === name);
  const contradictions: Contradiction[] = [];
  const proposals: Proposal[] = [];
  const contradicts = (scenario: Scenario, extension: string | null, help: string): void =>
    void contradictions.push({ scenario, extension, help });
  const proposes = (scenario: Scenario, declare: Declaration): void => void proposals.push({ scenario, declare });

  const took = (scenario: Scenario): boolean => part(scenario, 'first')?.means === 'accepted';

  // What it should take: by its own table, and by its own word that the address is one. What it does with a second message is known of one that takes a first.
  for (const scenario of ['new', 'replace'] as const) {
    const said = part(scenario, scenario === 'new' ? 'first' : 'second');
    if (said?.means !== 'refused' || (scenario === 'replace' && !took('replace'))) continue;
    if (said.outcome === 'accepted')
      contradicts(scenario, Extension.acknowledgement, `it took a document and answered ${said.answer}, which its table calls refused`);
    else if (scenario === 'new') contradicts(scenario, null, `it refuses a document (${said.answer})`);
    else contradicts(scenario, Extension.replaceHidesOld, `it refuses a document that replaces another (${said.answer})`);
  }

  const recall = part('recall', 'recall');
  if (recall?.means === 'refused' && took('recall') && cancelsByMessage(destination)) {
    contradicts('recall', Extension.recallForm, `it refuses the recall that it declares (${recall.answer})`);
    proposes('recall', { url: Extension.recallForm, valueCode: destination.recallForm === 'mdm-t11' ? 'mdm-t10-notice' : 'manual' });
  }
  // How the recall of what it never had is answered is told, and proposes nothing: a row of the table would count for updates too.

  // Ids repeat after an answer that was lost: whoever refuses them has to be sent everything twice.
  for (const scenario of ['duplicate', 'dropped-answer'] as const) {
    const repeat = part(scenario, 'repeat');
    if (repeat?.means === 'refused' && took(scenario === 'duplicate' ? 'duplicate' : 'new'))
      contradicts(
        scenario,
        Extension.messageLifetime,
        `it refuses the same message said again (${repeat.answer}): it does not know its ids`,
      );
  }

  const late = part('reordered', 'late');
  if (late?.means === 'accepted' && destination.refusesLowerSequence)
    contradicts('reordered', Extension.refusesLowerSequence, 'it took a document of a lower sequence, after its recall');
  const before = part('reordered', 'recall');
  if (late !== undefined && before?.means === 'accepted' && late.means !== 'unknown') {
    const refuses = late.means === 'refused';
    if (refuses !== destination.refusesLowerSequence) proposes('reordered', { url: Extension.refusesLowerSequence, valueBoolean: refuses });
  }

  const another = SCENARIOS.find((scenario) => found(scenario).some(({ answer }) => answer === 'answer-to-another'));
  if (another !== undefined) contradicts(another, null, 'it answers a message with the id of another');

  const broken = part('bad-message', 'broken');
  if (broken?.means === 'accepted') {
    const code = codeOf(broken);
    const isStated = code !== null && destination.acknowledgements.some((row) => row.code === code.code && row.means === 'accepted');
    if (isStated)
      contradicts(
        'bad-message',
        Extension.acknowledgement,
        `it answers ${broken.answer} to what nobody can file, and declares that this means accepted`,
      );
    if (broken.answer === 'application') contradicts('bad-message', null, 'it answers ok to a message that has nothing in it');
    if (code !== null) proposes('bad-message', acknowledgement(code.code, null, 'unknown'));
  }

  const unanswered = SCENARIOS.filter((scenario) => found(scenario).some((said) => said.part !== 'dropped' && said.means === 'unknown'));
  return { contradictions, proposals, unanswered };
};
