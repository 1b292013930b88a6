import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';

const tracer = trace.getTracer('crisis-plan-broker');
/** W3C Trace Context, 3.2: version 00, and ids that are not all zeros. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** A trace that the caller has begun. Its `tracestate` and `baggage` hold what anybody writes into them, and are not read: they would go on into the queue. */
const begunBy = (traceparent: string | string[] | undefined): Context => {
  const [, traceId, spanId, flags] = (typeof traceparent === 'string' && TRACEPARENT.exec(traceparent)) || [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
};

/** The span of one request. */
export interface RequestSpan {
  /** Runs the pipeline inside it. */
  run<T>(work: () => T): T;
  /** Ends it: by the label of its route, as in the metrics, never an address. */
  end(label: string, method: string, status: number): void;
}

/** Opens the span of a request, as part of the trace that `traceparent` names. */
export const openRequestSpan = (traceparent: string | string[] | undefined): RequestSpan => {
  const parent = begunBy(traceparent);
  const span = tracer.startSpan('request', { kind: SpanKind.SERVER }, parent);
  return {
    run: (work) => context.with(trace.setSpan(parent, span), work),
    end(label, method, status) {
      span.updateName(label);
      span.setAttributes({ 'http.route': label, 'http.request.method': method, 'http.response.status_code': status });
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
};
