import { createHash } from 'node:crypto';

/**
 * OBX-4 of a plan's flag: 20 characters (the most that HL7 v2.5 allows), made of the id under which the recipient knows the plan, so that the flags
 * of two plans of one person are told apart.
 */
export const flagSubId = (disclosureId: string): string =>
  createHash('sha256').update(disclosureId).digest('hex').slice(0, 20).toUpperCase();
