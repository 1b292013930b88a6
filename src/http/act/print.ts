import type { Binary, CarePlan, Organization, Patient } from '@medplum/fhirtypes';
import { fromCarePlan } from '../../../mappings/facts/from-care-plan.ts';
import { toPrintedPlan } from '../../../mappings/print/to-printed-plan.ts';
import { System } from '../../../profiles/canonicals.ts';
import { anomaly } from '../../model/anomaly.ts';
import { ALL, searchAmong } from '../../store/search/search.ts';
import { codedText } from '../../store/search/token-text.ts';
import { drawPdf } from '../draw-pdf.ts';
import type { Door } from '../exchange.ts';
import { principalOf, reachOf } from '../exchange.ts';
import type { Act } from './act.ts';
import { onlyAsked } from './agreement.ts';
import { readOwn } from './read.ts';

/** The name under which an organisation is registered; its ODS code where it is not. */
const nameOf = async (door: Door, ods: string): Promise<string> => {
  const identified = { is: 'token', param: 'identifier', anyOf: [codedText(System.odsOrganization, ods)] } as const;
  const { rows } = await door.store.search(searchAmong('Organization', ALL, [identified], 1));
  return (rows[0]?.body as Organization | undefined)?.name ?? ods;
};

/** CarePlan/[id]/$print: the whole plan as a PDF in a Binary, for its person and its publisher: whoever leaves takes it along (G24). */
export const print: Act = async (exchange, door) => {
  onlyAsked(exchange.query, []);
  const stored = await readOwn(exchange, door);
  const plan = stored.body as CarePlan;
  const { patientId } = fromCarePlan(plan);
  const patient = (await door.store.named([`Patient/${patientId}`])).find(({ owner }) => owner === stored.owner)?.body as
    | Patient
    | undefined;
  if (patient === undefined) throw anomaly('conflict', 'names no Patient of its publisher', 'CarePlan.subject');
  const signed = await door.store.planOnPaper(stored.owner, stored.id);
  if (reachOf(exchange) === 'self') await door.store.readByPerson(principalOf(exchange), 'CarePlan', [stored.id]);
  const now = door.now();
  const pdf = await drawPdf(
    toPrintedPlan({ ...signed, carePlan: { ...signed.carePlan, status: plan.status } }, patient, await nameOf(door, stored.owner), now),
    new Date(now),
  );
  const body: Binary = { resourceType: 'Binary', contentType: 'application/pdf', data: pdf.toString('base64') };
  return { status: 200, headers: {}, body };
};
