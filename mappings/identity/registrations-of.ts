import { System } from '../../profiles/canonicals.ts';
import type { Registration } from '../../src/model/user-identity.ts';
import { entriesOf, textOf } from './claims.ts';

/** The registers of professions whose members approve a plan, with the claim by which an identity says that somebody is in it. */
export const REGISTERS = [
  { body: 'gmc', claim: 'gmc_id', system: System.gmc },
  { body: 'nmc', claim: 'nmc_id', system: System.nmc },
  { body: 'hcpc', claim: 'hcpc_id', system: System.hcpc },
  { body: 'gdc', claim: 'gdc_id', system: System.gdc },
  { body: 'gphc', claim: 'gphc_id', system: System.gphc },
] as const;

/** What issuers write where there is no number is none: words, dashes, zeros. */
const NUMBER = /^(?=.*[1-9])(?=.{4,12}$)[A-Z]{0,3}\d[0-9A-Z]*$/;

const entry = (system: string | undefined, value: string | null): readonly Registration[] => {
  const number = value?.toUpperCase().replaceAll(/[\s/-]/g, '') ?? '';
  return system !== undefined && NUMBER.test(number) ? [{ system, value: number }] : [];
};

/**
 * The registrations in a verified id token: `gmc_id`, `nmc_id`, `gdc_id`, `gphc_id` as CIS2 names them, and `hcpc_id` alike; or objects
 * `{ system | body, value }` under `professional_registration`. What is of no register here, and what is no number, is none.
 */
export const registrationsOf = (claims: Readonly<Record<string, unknown>>): readonly Registration[] => {
  const found = [
    ...REGISTERS.flatMap(({ claim, system }) => entry(system, textOf(claims, claim))),
    ...entriesOf(claims, 'professional_registration').flatMap((own) => {
      const named = textOf(own, 'system') ?? textOf(own, 'body') ?? '';
      const register = REGISTERS.find(({ system, body }) => system === named || body === named.toLowerCase());
      return entry(register?.system, textOf(own, 'value'));
    }),
  ];
  return found.filter((one, index) => found.findIndex(({ system, value }) => system === one.system && value === one.value) === index);
};
