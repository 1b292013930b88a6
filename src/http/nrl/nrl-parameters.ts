import { Code, System } from '../../../profiles/canonicals.ts';
import { refusal } from '../../validate/rules/nhs-number.ts';
import { invalidParameter, NrlRefusal } from './nrl-refusal.ts';

/** A consumer's search, read. */
export interface NrlSearch {
  readonly nhsNumber: string;
  /** Whether type and category ask for crisis plans among others: otherwise nothing matches, whoever it is. */
  readonly ofPlans: boolean;
  /** ODS code of the custodian; null for any. */
  readonly custodian: string | null;
  readonly countOnly: boolean;
}

const KNOWN = ['subject:identifier', 'type', 'category', 'custodian:identifier', '_summary', 'next-page-token'];

const escapeFree = (text: string): boolean => !text.includes('\0') && text.isWellFormed() && text.length <= 1_024;

/** Whether one of the codes asked for, between commas, is this one. Another system than SNOMED CT is refused: pointers have none. */
const asksFor = (name: string, text: string, wanted: string): boolean => {
  const choices = text.split(',').map((each) => each.split('|'));
  if (choices.some((each) => each.length !== 2 || each[1] === '')) throw invalidParameter(name, 'is system|code');
  if (choices.some(([system]) => system !== System.snomed))
    throw new NrlRefusal(400, 'INVALID_CODE_SYSTEM', 'code-invalid', `http.${name}`, `the system is ${System.snomed}`);
  return choices.some(([, code]) => code === wanted);
};

const subjectOf = (text: string): string => {
  const number = new RegExp(`^${System.nhsNumber.replaceAll('.', '\\.')}\\|(\\d+)$`).exec(text)?.[1];
  if (number === undefined) throw invalidParameter('subject:identifier', `is ${System.nhsNumber}|, and the NHS number`);
  const why = refusal(number);
  if (why !== null) throw new NrlRefusal(400, 'INVALID_NHS_NUMBER', 'invalid', 'http.subject:identifier', `the NHS number ${why}`);
  return number;
};

const custodianOf = (text: string): string => {
  const [system, ods, ...more] = text.split('|');
  if (system !== System.odsOrganization || ods === undefined || !/^[A-Za-z0-9]{1,12}$/.test(ods) || more.length > 0)
    throw invalidParameter('custodian:identifier', `is ${System.odsOrganization}|, and the ODS code`);
  return ods.toUpperCase();
};

/** Reads the parameters of a search, from an address or a form. Throws a refusal of the NRL's for what is not known, missing, doubled or wrong. */
export const readNrlSearch = (parameters: URLSearchParams): NrlSearch => {
  const sent = new Map<string, string>();
  for (const [name, value] of parameters) {
    // What a stranger calls a parameter may be anything, a number of a person too: it is not said again.
    if (!KNOWN.includes(name)) throw invalidParameter('query', `a parameter is not known here: there are ${KNOWN.join(', ')}`);
    if (sent.has(name)) throw invalidParameter(name, 'stands once');
    if (!escapeFree(value)) throw invalidParameter(name, 'holds what is not text, or too much of it');
    sent.set(name, value);
  }
  const subject = sent.get('subject:identifier');
  if (subject === undefined) throw invalidParameter('subject:identifier', 'is required');
  const nhsNumber = subjectOf(subject);
  const [type, category, custodian, summary] = ['type', 'category', 'custodian:identifier', '_summary'].map((name) => sent.get(name));
  if (summary !== undefined && summary !== 'count') throw invalidParameter('_summary', 'is count');
  // All that there is for a person stands on one page, so that no answer gives a token.
  if (sent.has('next-page-token')) throw invalidParameter('next-page-token', 'is none that was given: there is one page');
  const isType = type === undefined || asksFor('type', type, Code.crisisPlan.code);
  const isCategory = category === undefined || asksFor('category', category, Code.carePlan.code);
  return {
    nhsNumber,
    ofPlans: isType && isCategory,
    custodian: custodian === undefined ? null : custodianOf(custodian),
    countOnly: summary === 'count',
  };
};
