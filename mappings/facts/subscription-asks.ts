import type { Extension as ElementExtension, Subscription } from '@medplum/fhirtypes';
import { BACKPORT, Extension } from '../../profiles/canonicals.ts';
import type { Issue } from '../../src/model/anomaly.ts';
import { isOdsCode } from '../../src/model/ods-code.ts';
import type { SubscriptionAsks } from '../../src/model/recipient.ts';

/** What the primitives of a Subscription carry beside their values. */
interface WithPrimitives {
  readonly _criteria?: Carries;
  readonly channel?: Carries & { readonly _type?: Carries; readonly _payload?: Carries };
}
interface Carries {
  readonly extension?: readonly ElementExtension[];
}

/** R5 elements said by cross-version extensions, which this form of the backport does not read (IG, R4 conformance). */
const CROSS_VERSION = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-Subscription';
/** The one filter of the topic: whose plans. */
const FILTER = /^(?:CarePlan\?)?publisher=([^&=]+)$/;
const MOST_SECONDS = 86_400;
const MOST_TIMEOUT_S = 60;
const LEAST_HEARTBEAT_S = 10;

const whole = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;

/**
 * Reads what a Subscription asks for by the extensions of the backport; `issues` says what is not offered, with its place. An unknown
 * extension of the backport is refused: whoever sends one would wait for what never comes.
 */
export const subscriptionAsks = (subscription: Subscription): { readonly asks: SubscriptionAsks; readonly issues: readonly Issue[] } => {
  const { _criteria, channel } = subscription as WithPrimitives;
  const issues: Issue[] = [];
  const refuse = (at: string, help: string): void => void issues.push({ at, code: 'not-supported', help });
  const asks: { -readonly [key in keyof SubscriptionAsks]: SubscriptionAsks[key] } = {};
  let publishers: readonly string[] | null = null;

  const places: readonly (readonly [string, Carries | undefined])[] = [
    ['Subscription', subscription as Carries],
    ['Subscription.criteria', _criteria],
    ['Subscription.channel', channel],
    ['Subscription.channel.type', channel?._type],
    ['Subscription.channel.payload', channel?._payload],
  ];
  for (const [place, element] of places)
    for (const [index, { url, ...value }] of (element?.extension ?? []).entries()) {
      const at = `${place}.extension[${index}]`;
      if (url.startsWith(CROSS_VERSION)) refuse(at, 'is an element of R5: say it by the extensions of the backport');
      if (!url.startsWith(BACKPORT)) continue;
      switch (`${place} ${url}`) {
        // Every Subscription says it: it stands beside what is asked for (fromSubscription).
        case `Subscription.channel.payload ${Extension.backportPayloadContent}`:
          break;
        case `Subscription.criteria ${Extension.backportFilterCriteria}`: {
          const named = FILTER.exec(value.valueString ?? '')?.[1]?.split(',');
          if (named === undefined || !named.every(isOdsCode))
            refuse(`${at}.value`, 'is the filter of the topic: CarePlan?publisher=ODS codes between commas');
          // Several are all to be true.
          else publishers = publishers === null ? named : named.filter((each) => publishers?.includes(each));
          break;
        }
        case `Subscription.channel ${Extension.backportHeartbeatPeriod}`:
          if (whole(value.valueUnsignedInt, LEAST_HEARTBEAT_S, MOST_SECONDS)) asks.heartbeat = value.valueUnsignedInt * 1_000;
          else refuse(`${at}.value`, `is ${LEAST_HEARTBEAT_S} to ${MOST_SECONDS} seconds`);
          break;
        case `Subscription.channel ${Extension.backportTimeout}`:
          if (whole(value.valueUnsignedInt, 1, MOST_TIMEOUT_S)) asks.timeout = value.valueUnsignedInt * 1_000;
          else refuse(`${at}.value`, `is 1 to ${MOST_TIMEOUT_S} seconds`);
          break;
        // Each notification is of one plan: no number from 1 up is exceeded.
        case `Subscription.channel ${Extension.backportMaxCount}`:
          if (!whole(value.valuePositiveInt, 1, 2 ** 31)) refuse(`${at}.value`, 'is 1 or more');
          break;
        default:
          refuse(at, 'is not offered');
      }
    }
  return { asks: publishers === null ? asks : { ...asks, publishers }, issues };
};
