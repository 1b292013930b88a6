import { Extension, System } from '../../../profiles/canonicals.ts';
import type { Issue } from '../../model/anomaly.ts';
import { dutyMissing } from '../../model/agreement.ts';
import type { JsonObject } from '../json.ts';
import { isObject, listOf, objectsOf } from '../json.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

/** What tells one party from another: the end of a literal reference, or an identifier. */
const nameOf = (reference: unknown): string | null => {
  if (!isObject(reference)) return null;
  const { reference: literal, identifier } = reference;
  if (typeof literal === 'string') return literal.split('/_history/')[0]?.split('/').slice(-2).join('/') ?? null;
  return isObject(identifier) && typeof identifier['value'] === 'string' ? `${identifier['system']}|${identifier['value']}` : null;
};

const extensionIn = (contract: JsonObject, url: string): JsonObject | undefined =>
  objectsOf(contract['extension']).find(([each]) => each['url'] === url)?.[0];

const codesIn = (concept: unknown): readonly unknown[] => (isObject(concept) ? objectsOf(concept['coding']).map(([{ code }]) => code) : []);

const missing = (contract: JsonObject, at: string): Issue[] => {
  const here = (url: string): string => `${at}.extension.where(url='${url}')`;
  const law = extensionIn(contract, Extension.agreementJurisdiction)?.['valueCoding'];
  const isOurs = isObject(law) && law['system'] === System.countrySubdivision && law['code'] === 'GB-EAW';
  return [
    ...(extensionIn(contract, Extension.reviewDate) === undefined
      ? [{ at: here(Extension.reviewDate), code: 'required', help: 'names the day on which the agreement is reviewed' } as const]
      : []),
    ...(isOurs
      ? []
      : [
          {
            at: here(Extension.agreementJurisdiction),
            code: 'required',
            help: `is the law of England and Wales (${System.countrySubdivision}#GB-EAW)`,
          } as const,
        ]),
    ...(extensionIn(contract, Extension.dpia) === undefined
      ? [{ at: here(Extension.dpia), code: 'required', help: 'names the data protection impact assessment by its reference' } as const]
      : []),
  ];
};

const unsigned = (contract: JsonObject, term: JsonObject, at: string): Issue[] => {
  const signed = new Set(objectsOf(contract['signer']).map(([signer]) => nameOf(signer['party'])));
  const parties = isObject(term['offer']) ? objectsOf(term['offer']['party']) : [];
  return parties.flatMap(([party, index]) =>
    listOf(party['reference']).flatMap((reference, nth): Issue[] => {
      const name = nameOf(reference);
      if (name !== null && signed.has(name)) return [];
      const help = 'has not signed: Contract.signer.party names each party, as it stands here, with the time of its signature';
      return [{ at: `${at}.offer.party[${index}].reference[${nth}]`, code: 'required', help }];
    }),
  );
};

const dutyless = (term: JsonObject, at: string): Issue[] => {
  const duties = objectsOf(term['securityLabel']).flatMap(([label]) => objectsOf(label['control']).map(([coding]) => coding));
  const purposes = objectsOf(term['action']).flatMap(([action]) => codesIn(action['intent']));
  const why = dutyMissing(
    duties.map(({ system, code }) => `${system}|${code}`),
    purposes.includes('crisis-response'),
  );
  return why === null ? [] : [{ at: `${at}.securityLabel.control`, code: 'required', help: why }];
};

/**
 * An agreement that is executed lets special category data out: it is signed for each party, and, where it inherits none of them, names the day of its review, its jurisdiction and its
 * DPIA, and in each term the recipients' duty on reuse. What it lacks is said as a warning: the operator who stores it as executed vouches for the
 * paper, and a stored one goes on. One that is negotiated, or has ended, need not.
 */
export const executedAgreement: Rule = {
  object: ({ value, at, resource }) => {
    if (resource !== 'root' || value['resourceType'] !== 'Contract' || value['status'] !== 'executed') return NONE;
    // What inherits has them of its framework.
    const inherits = value['instantiatesCanonical'] !== undefined;
    const lacks = [
      ...(inherits ? [] : missing(value, at)),
      ...objectsOf(value['term']).flatMap(([term, index]) => {
        const here = `${at}.term[${index}]`;
        return [...unsigned(value, term, here), ...(inherits ? [] : dutyless(term, here))];
      }),
    ];
    return lacks.map((issue) => ({ ...issue, severity: 'warning' }));
  },
};
