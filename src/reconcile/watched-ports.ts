import type { RecallLevel } from '../model/ledger.ts';
import { inSpan, SpanName, tell } from '../span.ts';
import type { Claim, Look, Ports } from './ports.ts';

/** One exchange with a destination, for the figures. No recipient and nobody else is named. */
export interface Delivered {
  /** The road, or `task` where somebody is asked by one. */
  readonly channel: string;
  readonly action: 'update' | 'recall';
  readonly outcome: 'accepted' | 'refused' | 'unknown';
  /** How far the acknowledgement reaches; null where there was none. */
  readonly level: RecallLevel | null;
  readonly seconds: number;
}

/** The ports, watched: each call is a span, and each exchange is told to `onDelivered`. What they do is the same. */
export const watched = <L extends Look>(ports: Ports<L>, onDelivered: (delivered: Delivered) => void): Ports<L> => {
  const keys = ({ keyId, recipientId }: Claim) => ({ 'broker.key.id': keyId, 'broker.recipient.id': recipientId });
  return {
    ...ports,
    look: (claim) => inSpan(SpanName.look, keys(claim), () => ports.look(claim)),
    begin: (claim, ...rest) => inSpan(SpanName.begin, keys(claim), () => ports.begin(claim, ...rest)),
    deliver: (claim, look, attempt) => {
      const { channel: declared, open } = look.facts.destination;
      const channel = declared === 'pull' || !open ? 'task' : declared;
      const action = attempt.action.kind;
      const named = { ...keys(claim), 'broker.delivery.id': attempt.id, 'broker.channel': channel, 'broker.action': action };
      return inSpan(SpanName.deliver, named, async () => {
        const startedAt = performance.now();
        const outcome = await ports.deliver(claim, look, attempt);
        const seconds = (performance.now() - startedAt) / 1_000;
        tell({ 'broker.outcome': outcome.kind, ...('because' in outcome ? { 'broker.because': outcome.because } : {}) });
        onDelivered({ channel, action, outcome: outcome.kind, level: outcome.kind === 'accepted' ? outcome.level : null, seconds });
        return outcome;
      });
    },
    settle: (claim, ...rest) => inSpan(SpanName.settle, keys(claim), () => ports.settle(claim, ...rest)),
    rest: (claim, ...rest) => inSpan(SpanName.rest, keys(claim), () => ports.rest(claim, ...rest)),
  };
};
