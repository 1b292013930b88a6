import { createHash } from 'node:crypto';
import { fromAdt, inMessage } from '../../mappings/adt/from-adt.ts';
import type { VisitTold } from '../../mappings/adt/from-adt.ts';
import { headOf } from '../../mappings/adt/head.ts';
import { notKnown } from '../../mappings/adt/person.ts';
import type { V2Message } from '../../mappings/adt/read-v2.ts';
import { toAcks } from '../../mappings/adt/to-acks.ts';
import { Anomaly } from '../model/anomaly.ts';
import type { Issue } from '../model/anomaly.ts';
import { CLOCK_AHEAD } from '../model/instant.ts';
import type { Principal } from '../model/principal.ts';
import type { Hl7Door } from './door.ts';

const NUMBER = 'Encounter.subject.identifier';

/** Between the acknowledgements of one message as they are kept: it stands in none of them. */
const BETWEEN = '\n';

/** The visit against its profile. A number that is none names nobody; anything else that is wrong refuses the message. */
const sound = (told: VisitTold, { validate }: Hl7Door): VisitTold => {
  const errorsOf = (contact: unknown): readonly Issue[] => validate(contact).filter(({ severity }) => (severity ?? 'error') === 'error');
  const errors = errorsOf(told.contact);
  if (errors.length === 0) return told;
  if (!errors.every(({ at }) => at?.startsWith(NUMBER))) throw new Anomaly('incorrect', errors.map(inMessage));
  const { subject, warnings } = notKnown('PID^1^3', 'the NHS number cannot be used');
  return { ...told, contact: { ...told.contact, subject }, warnings };
};

const OLDER: Issue = {
  at: 'EVN^1^2',
  severity: 'information',
  help: 'a newer message of this contact was taken before: the contact stands as that one said',
};

/** What the store finds in a contact is told in terms of the message, too. */
const inItsTerms = (failure: unknown): unknown =>
  failure instanceof Anomaly
    ? new Anomaly(
        failure.category,
        failure.issues.map((issue) => (issue.at?.startsWith('Encounter') === true ? inMessage(issue) : issue)),
      )
    : failure;

/**
 * Takes an ADT message as a crisis contact, and answers its acknowledgements: the contact is committed by then. One that came before is answered as it was
 * then. `bytes` is the message as it came.
 */
export const takeContact = async (message: V2Message, bytes: string, principal: Principal, door: Hl7Door): Promise<readonly string[]> => {
  const head = headOf(message);
  const { contact, says, saidAt, warnings } = sound(fromAdt(message), door);
  if (saidAt > door.now() + CLOCK_AHEAD) throw new Anomaly('incorrect', { at: 'EVN^1^2', hl7: '102', help: 'has not come yet' });
  const ids: [string, string] = [shortId(door), shortId(door)];
  const text = await door
    .receive({
      principal,
      // An id of FHIR has neither a space nor `|`: one of HL7 v2 is never taken for it.
      identity: `MSH-10 ${head.sender.application}|${head.controlId}`,
      identityAt: 'MSH^1^10',
      digest: createHash('sha256').update(bytes, 'latin1').digest('hex'),
      requestId: null,
      correlationId: null,
      saidAt,
      contact,
      says,
      repeated: 'first-answer',
      answer: (taken) =>
        toAcks(
          head,
          { failure: null, warnings: taken === 'older' ? [OLDER, ...warnings] : warnings },
          { ids, at: door.now(), broker: door.operatorOds },
        ).join(BETWEEN),
    })
    .catch((failure: unknown) => {
      throw inItsTerms(failure);
    });
  return text === '' ? [] : text.split(BETWEEN);
};

/** MSH-10 of an answer: 20 characters, the most that v2.5 allows. */
export const shortId = ({ newId }: Hl7Door): string => newId().replaceAll('-', '').slice(0, 20).toUpperCase();
