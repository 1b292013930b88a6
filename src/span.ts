import { context, ROOT_CONTEXT, type Span, SpanStatusCode, trace } from '@opentelemetry/api';

/** What a span may carry. No key here can hold a person: ids are the broker's own or an operator's, and the rest are its own words. */
export interface SpanKeys {
  /** Id of the HealthcareService. */
  readonly 'broker.recipient.id': string;
  /** Id of a row of the ledger. */
  readonly 'broker.key.id': string;
  readonly 'broker.delivery.id': string;
  readonly 'broker.action': 'update' | 'recall';
  /** The road, or `task` where somebody is asked by one. */
  readonly 'broker.channel': string;
  readonly 'broker.outcome': string;
  readonly 'broker.because': string;
  readonly 'broker.count': number;
}

/** Every span that the broker makes itself; those of the queue are bullmq-otel's, and those of the door have the name of a route. */
export const SpanName = {
  fanOut: 'fan-out',
  slice: 'slice',
  reconcile: 'reconcile',
  look: 'look',
  begin: 'begin',
  deliver: 'deliver',
  settle: 'settle',
  rest: 'rest',
  again: 'nudge again',
} as const;
type SpanName = (typeof SpanName)[keyof typeof SpanName];

const tracer = trace.getTracer('crisis-plan-broker');

/** Marks a span as failed, by the class of the error alone: its text may quote a row. */
export const failed = (span: Span, error: unknown): void => {
  span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
  span.setStatus({ code: SpanStatusCode.ERROR });
};

/** Runs `work` as one span of the trace that is under way; throws on what it throws. Without tracing it is `work` and no more. */
export const inSpan = <T>(name: SpanName, keys: Partial<SpanKeys>, work: () => Promise<T>): Promise<T> =>
  tracer.startActiveSpan(name, { attributes: { ...keys } }, async (span) => {
    try {
      return await work();
    } catch (error) {
      failed(span, error);
      throw error;
    } finally {
      span.end();
    }
  });

/** Adds to the span that is under way. */
export const tell = (keys: Partial<SpanKeys>): void => void trace.getActiveSpan()?.setAttributes({ ...keys });

/** Runs `work` in a trace of its own that refers to the one under way: what is done again and again would be one trace without an end. */
export const inNewTrace = <T>(work: () => Promise<T>): Promise<T> => {
  const before = trace.getActiveSpan();
  if (before === undefined) return work();
  return context.with(ROOT_CONTEXT, () =>
    tracer.startActiveSpan(SpanName.again, { root: true, links: [{ context: before.spanContext() }] }, (span) =>
      work().finally(() => span.end()),
    ),
  );
};
