import { CONVERSATION, NEEDS_RECALL } from '../../../mappings/check/conversation.ts';
import { codeOf } from '../../../mappings/check/read-as-declared.ts';
import { meaningOf } from '../../../mappings/mdm/from-ack.ts';
import type { Parcel } from '../../channel/channel.ts';
import { cancelsByMessage } from '../../decide/recall-road.ts';
import type { Outcome } from '../../model/ledger.ts';
import type { Said, Scenario, Tried } from '../../model/recipient-check.ts';
import type { Acknowledgement } from '../../model/recipient.ts';
import { beginScenario, type ClaimedCheck } from '../../store/recipient-checks.ts';
import type { World } from '../ports-on.ts';
import { type Addressee, sendParcel } from '../send-parcel.ts';
import { testDocument, testParcel } from './test-parcel.ts';

/** What a check needs of the world. */
export type CheckWorld = Pick<World, 'pool' | 'channels' | 'sender' | 'sendTimeout' | 'responseUrl'>;

/** Whom a check talks to. */
type Checked = Omit<Addressee, 'reason' | 'heard'>;

/** A table by which each code is told as it came: its meaning is read afterwards. */
const AS_IT_CAME: readonly Acknowledgement[] = (['AA', 'AE', 'AR', 'CA', 'CE', 'CR'] as const).map((code) => ({
  code,
  error: null,
  means: 'refused',
}));
/** Milliseconds within which an answer is dropped: the first that is long enough for the message to be written. */
const DROP_AFTER: readonly number[] = [10, 40, 160, 640];

/** Says every line of a scenario, and what came back. Null where the lease was lost before the wire. */
export async function tryScenario(world: CheckWorld, claimed: ClaimedCheck, to: Checked, scenario: Scenario): Promise<Tried | null> {
  if (NEEDS_RECALL.includes(scenario) && !cancelsByMessage(to.destination)) return { skipped: 'not-asked-by-message' };
  const lines = CONVERSATION[scenario];
  const named = [...new Set(lines.filter(({ action }) => action === 'update').flatMap(({ documents }) => documents))];
  if (
    !(await beginScenario(
      world.pool,
      claimed,
      named.map((name) => testDocument(claimed, name)),
    ))
  )
    return null;
  const now = Date.now();
  const said: Said[] = [];
  const parcels = new Map<number, Parcel>();
  for (const line of lines) {
    const documents = scenario === 'clean-up' ? claimed.documents : line.documents.map((name) => testDocument(claimed, name));
    if (line.action === 'recall' && documents.length === 0) continue;
    // The same place in the run is the same message: a repeat has its bytes.
    const parcel = parcels.get(line.count) ?? testParcel(claimed, line, documents, world.sender, now);
    parcels.set(line.count, parcel);
    const startedAt = performance.now();
    const outcome =
      line.part === 'dropped'
        ? await dropped(world, to, parcel)
        : await send(world, to, parcel, world.sendTimeout, scenario === 'clean-up');
    said.push({ part: line.part, action: line.action, ...asItCame(outcome, line.action), ms: Math.round(performance.now() - startedAt) });
  }
  return { said };
}

const send = (world: CheckWorld, to: Checked, parcel: Parcel, timeoutMs: number, isRead = false): Promise<Outcome> => {
  const startedAt = performance.now();
  const limits = { msLeft: () => startedAt + world.sendTimeout - performance.now(), timeoutMs };
  // Of several messages in one parcel the table has to say which were taken; of one, the code is kept as it came.
  const destination = isRead ? to.destination : { ...to.destination, acknowledgements: AS_IT_CAME };
  return sendParcel(world, { ...to, destination, reason: parcel.kind === 'recall' ? 'delete' : 'new' }, parcel, limits);
};

/** Writes a message and goes before it is answered. What was not written yet is written again; what was answered sooner is answered. */
async function dropped(world: CheckWorld, to: Checked, parcel: Parcel): Promise<Outcome> {
  let outcome: Outcome = { kind: 'unknown', because: 'timeout' };
  for (const timeoutMs of DROP_AFTER) {
    outcome = await send(world, to, parcel, timeoutMs);
    const isUnwritten = outcome.kind === 'refused' && (outcome.because === 'not-connected' || outcome.because === 'abandoned');
    if (!isUnwritten) return outcome;
  }
  return outcome;
}

const asItCame = (outcome: Outcome, action: Said['action']): Pick<Said, 'outcome' | 'answer'> => {
  if (outcome.kind === 'accepted') return { outcome: 'accepted', answer: outcome.level };
  const found = codeOf({ answer: outcome.because });
  if (found === null) return { outcome: outcome.kind, answer: outcome.because };
  return { outcome: meaningOf(found.code, found.error === null ? [] : [found.error], [], action), answer: outcome.because };
};
