import { type AdvanceDecision, type LegalProxy, PROXIES, type Refusal } from '../../src/model/refusal.ts';

const sentence = (text: string): string => (/[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);

const ofDecision = ({ treatment, circumstances, madeOn, lifeSustaining, document }: AdvanceDecision): readonly string[] => [
  `Advance decision to refuse treatment, made on ${madeOn}.`,
  sentence(`Refuses: ${treatment}`),
  ...(circumstances === null ? [] : [sentence(`When: ${circumstances}`)]),
  lifeSustaining === null
    ? 'It does not refuse life-sustaining treatment.'
    : sentence(
        `It refuses life-sustaining treatment, even if life is at risk: in writing, signed on ${lifeSustaining.signedOn}, witnessed on ${lifeSustaining.witnessedOn} by ${lifeSustaining.witness}`,
      ),
  ...(document === null ? [] : [sentence(`The document: ${document}`)]),
];

const ofProxy = ({ proxy, name, registration, from, until, telecom }: LegalProxy): readonly string[] => [
  sentence(`${PROXIES[proxy]}: ${name}`),
  ...(telecom.length === 0 ? [] : [sentence(telecom.map(({ system, value }) => `${system} ${value}`).join(', '))]),
  ...(registration === null ? [] : [sentence(`Office of the Public Guardian number ${registration}`)]),
  sentence(until === null ? `Since ${from}` : `From ${from} to ${until}`),
];

/** A refusal or a proxy in one line, for whoever reads nothing but the words. */
export const refusalLine = (refusal: Refusal): string =>
  (refusal.is === 'advance-decision' ? ofDecision(refusal) : ofProxy(refusal)).join(' ');
