import { definitions } from '../definitions.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

/** Extensions that HL7 defines with R4 hold the type of value that their definition gives them; the structure check takes any. */
export const coreExtensions: Rule = {
  object: ({ value, at, type }) => {
    const { url } = value;
    if (type !== 'Extension' || typeof url !== 'string') return NONE;
    const values = definitions().coreExtensions.get(url);
    if (values === undefined) return NONE;
    const given = Object.keys(value).find((name) => /^value[A-Z]/.test(name));
    if (given === undefined || values.includes(given)) return NONE;
    return [
      { at: `${at}.value`, code: 'extension', help: values.length === 0 ? 'has no value of its own' : `has a ${values.join(' or ')}` },
    ];
  },
};
