import { isObject, objectsOf } from '../json.ts';
import type { Rule } from '../rule.ts';
import { NONE } from '../rule.ts';

const OF_FHIR = /^([a-zA-Z0-9]+|http:\/\/hl7\.org\/fhirpath\/System\.[A-Z][A-Za-z]+)$/;

/** sdf-19: a StructureDefinition of HL7 uses only the types that FHIR defines. */
export const definitionTypes: Rule = {
  object: ({ value, at }) => {
    const { resourceType, url } = value;
    if (resourceType !== 'StructureDefinition' || typeof url !== 'string' || !url.startsWith('http://hl7.org/fhir/StructureDefinition'))
      return NONE;
    return ['snapshot', 'differential'].flatMap((view) => {
      const held = value[view];
      return objectsOf(isObject(held) ? held['element'] : undefined).flatMap(([{ type }, element]) =>
        objectsOf(type)
          .filter(([{ code }]) => typeof code === 'string' && !OF_FHIR.test(code))
          .map(([, index]) => ({
            at: `${at}.${view}.element[${element}].type[${index}].code`,
            code: 'invariant',
            help: 'is a type that FHIR defines (sdf-19)',
          })),
      );
    });
  },
};
