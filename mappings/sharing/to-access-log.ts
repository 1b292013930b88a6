import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import { System } from '../../profiles/canonicals.ts';
import type { Access, ToldEvent } from '../../src/model/access-log.ts';
import { EMERGENCY_REASONS, isEmergencyReason } from '../../src/model/emergency.ts';
import { isRecipientKind, type Kind } from '../../src/model/kind.ts';
import { toFhirInstant } from '../time.ts';
import { KIND_WORDS, PURPOSE_WORDS, titles } from './plain-words.ts';

const DID: Readonly<Record<Exclude<ToldEvent, 'emergency'>, string>> = {
  disclose: 'Was sent your plan, or an update of it',
  read: 'Read your plan',
  confirm: 'Read your plan',
  flag: 'Was told that there is a plan',
  'flag-list': 'Was given a list, for use without a connection, that says that there is a plan',
  match: 'Was told that there is a plan',
  inspect: 'Had your plan shown to an auditor',
};

const whoOf = (kind: Kind): string => {
  if (isRecipientKind(kind)) return KIND_WORDS[kind];
  return kind === 'person' ? 'an app that you signed in to' : 'who runs the broker';
};

/** What they saw of it: a flag says that there is a plan, and shows none of it. */
const seenIn = ({ event, headings }: Access): Access['headings'] =>
  event === 'flag' || event === 'flag-list' || event === 'match' ? [] : headings;

const whatOf = (access: Access): string => {
  const { event, shown, kind } = access;
  const headings = seenIn(access);
  if (kind === 'person') return 'You read your plan.';
  const saw = headings.length === 0 ? '.' : `: ${titles(headings)}.`;
  if (event !== 'emergency') return `${DID[event]}${saw}`;
  return shown ? `Asked for your plan in an emergency, and saw it${saw}` : 'Asked for your plan in an emergency, and was shown nothing.';
};

const whyOf = ({ purpose, reason }: Access): string | null => {
  if (reason !== null && isEmergencyReason(reason)) return `${EMERGENCY_REASONS[reason]}.`;
  if (purpose === null) return null;
  const words = PURPOSE_WORDS[purpose];
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
};

const toPart = (access: Access): ParametersParameter => {
  const { id, at, organization, name, kind } = access;
  const why = whyOf(access);
  return {
    name: 'access',
    part: [
      { name: 'event', valueReference: { reference: `AuditEvent/${id}` } },
      { name: 'at', valueInstant: toFhirInstant(at) },
      {
        name: 'organization',
        valueReference: {
          type: 'Organization',
          identifier: { system: System.odsOrganization, value: organization },
          display: `${name ?? organization}, ${whoOf(kind)}`,
        },
      },
      { name: 'kind', valueCode: kind },
      { name: 'what', valueString: whatOf(access) },
      ...(why === null ? [] : [{ name: 'why', valueString: why }]),
      ...seenIn(access).map((heading) => ({ name: 'heading', valueCode: heading })),
    ],
  };
};

/** What `Patient/[id]/$access-log` answers: in plain words, newest first, and where the next page begins. */
export const toAccessLog = (accesses: readonly Access[], next: string | null): Parameters => {
  const parameter = [...accesses.map(toPart), ...(next === null ? [] : [{ name: 'next', valueString: next }])];
  return { resourceType: 'Parameters', ...(parameter.length === 0 ? {} : { parameter }) };
};
