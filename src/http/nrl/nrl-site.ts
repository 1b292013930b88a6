import type { Coding } from '@medplum/fhirtypes';
import { Code, System } from '../../../profiles/canonicals.ts';

/** What the NRL's sources leave open, and where who runs the broker decides. */
export interface NrlSite {
  /** Code system of the errors. */
  readonly errorCodeSystem: string;
  /** Practice setting of each pointer. */
  readonly practiceSetting: Coding;
}

/** As the specification of 2026 has it (nhs.md section 1), and as its examples of crisis plans do. */
export const NRL_STANDARD: NrlSite = { errorCodeSystem: System.spineError, practiceSetting: Code.adultMentalHealth };

/** The same from settings: `practiceSetting` is a SNOMED CT code, a bar, and its display. */
export const nrlSiteOf = (errorCodeSystem: string, practiceSetting: string): NrlSite => {
  const [code = '', ...display] = practiceSetting.split('|');
  return { errorCodeSystem, practiceSetting: { system: System.snomed, code, display: display.join('|').trim() } };
};
