import type { Composition } from '@medplum/fhirtypes';
import { anomaly } from '../../src/model/anomaly.ts';
import type { Section } from '../../src/model/disclosure.ts';
import { headingOf } from './codes-of.ts';
import { present } from './present.ts';

/** Reads the words of a plan, section by section, in their order. Throws `incorrect` for a missing, unknown or repeated heading or a missing text. */
export const fromComposition = (composition: Composition): Section[] => {
  const seen = new Set<string>();
  return (composition.section ?? []).map((section, index) => {
    const at = `Composition.section[${index}]`;
    const heading = present(headingOf(section.code), `${at}.code`);
    if (seen.has(heading)) throw anomaly('incorrect', 'a heading stands once', `${at}.code`);
    seen.add(heading);
    return { heading, div: present(section.text?.div, `${at}.text.div`) };
  });
};
