import { randomUUID } from 'node:crypto';
import type { Patient } from '@medplum/fhirtypes';
import { toPatient } from '../../../mappings/disclosure/to-patient.ts';
import { toEcho } from '../../../mappings/match/to-echo.ts';
import { toMatchBundle } from '../../../mappings/match/to-match-bundle.ts';
import type { Matched } from '../../../mappings/match/to-match-bundle.ts';
import { traitsOf } from '../../../mappings/match/traits-of.ts';
import { isSaidAgain } from '../../decide/certain-match.ts';
import type { Traits } from '../../model/traits.ts';
import { principalOf, reachOf } from '../exchange.ts';
import type { Door, Exchange } from '../exchange.ts';
import { askedMatch } from '../match/asked-match.ts';
import { refuseGuesses } from '../match/no-guesses.ts';
import type { Act } from './act.ts';
import { required, validParametersOf } from './operations.ts';

type Matches = Matched['matches'];

/** The caller's own record, whole: there is nothing to confirm. */
const own = async (exchange: Exchange, door: Door, sent: Traits): Promise<Matches> => {
  const stored = await door.store.matchOwn(principalOf(exchange), sent);
  if (stored?.body.resourceType !== 'Patient') return [];
  return [{ fullUrl: `${exchange.base}/Patient/${stored.id}`, patient: stored.body, confirmation: null }];
};

/** Says that the person is certain, where the caller may see a plan of theirs: in the caller's own words, with what confirms it. */
const find = async (exchange: Exchange, door: Door, patient: Patient, sent: Traits): Promise<Matches> => {
  const principal = principalOf(exchange);
  const found = await door.store.match(principal, sent);
  if (found === null) return [];
  const awaited = { personId: found.personId, nhsNumber: sent.nhsNumber, birthDate: sent.birthDate };
  const confirmation = door.confirmations.seal(principal, awaited, door.now());
  return [{ fullUrl: `urn:uuid:${door.newId()}`, patient: toEcho(patient), confirmation }];
};

/** Shows what the caller may see of the person now. A confirmation that is not one asks for nobody, with the same work and the same trail. */
const confirm = async (exchange: Exchange, door: Door, token: string, again: Traits): Promise<Matches> => {
  const principal = principalOf(exchange);
  const awaited = await door.confirmations.spend(principal, token, door.now());
  const personId = awaited !== null && isSaidAgain(awaited, again) ? awaited.personId : randomUUID();
  const disclosures = await door.store.lookUp(principal, { personId }, true);
  return disclosures.map((disclosure) => ({
    fullUrl: `${exchange.base}/Patient/${disclosure.id}`,
    patient: toPatient(disclosure),
    confirmation: null,
  }));
};

/** Patient/$match (R4): only certain matches. A recipient confirms one before it sees anything of the record. */
export const match: Act = async (exchange, door) => {
  const { patient, confirm: token, warnings } = askedMatch(validParametersOf(exchange, door));
  if (reachOf(exchange) !== 'own') refuseGuesses(patient);
  const sent = traitsOf(patient);
  if (token !== null && sent.nhsNumber === null && sent.birthDate === null)
    throw required('resource', 'says the NHS number or the birth date again');
  const matches =
    reachOf(exchange) === 'own'
      ? await own(exchange, door, sent)
      : token === null
        ? await find(exchange, door, patient, sent)
        : await confirm(exchange, door, token, sent);
  return { status: 200, headers: {}, body: toMatchBundle({ base: exchange.base, matches, warnings }) };
};
