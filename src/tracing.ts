import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { Line, type Log } from './log.ts';

/** Where spans go, and how many. */
export interface TracingOptions {
  /** `OTEL_EXPORTER_OTLP_ENDPOINT`: `/v1/traces` is added to it. */
  readonly endpoint: string;
  /** Share of the traces that begin here; those that a caller began are as the caller says. */
  readonly ratio: number;
  /** `service.name`: which of the broker's programs this is. */
  readonly program: string;
}

/** What BullMQ does all day long, whether there is work or not: traces of nothing. */
const HOUSEKEEPING = /^(?:getNextJob|extendLocks|moveStalledJobsToWait|startStalledCheckTimer|trimEvents)\b/;

/** A sampler that leaves those out, and asks another about the rest. */
const withoutHousekeeping = (other: Sampler): Sampler => ({
  shouldSample: (parent, traceId, name, ...rest) =>
    HOUSEKEEPING.test(name) ? { decision: SamplingDecision.NOT_RECORD } : other.shouldSample(parent, traceId, name, ...rest),
  toString: () => `WithoutHousekeeping{${other.toString()}}`,
});

/** An exporter that says when its spans are not taken, and when they are again: without words, for an address may stand in them. */
const saying = (exporter: SpanExporter, log: Log): SpanExporter => {
  let isTaken = true;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const now = result.code === ExportResultCode.SUCCESS;
        if (now !== isTaken) log(now ? Line.collectorTakes : Line.collectorRefuses);
        isTaken = now;
        // What is dropped is told above; the SDK would print it.
        done({ code: ExportResultCode.SUCCESS });
      }),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
};

/**
 * Sends spans to an OpenTelemetry collector by OTLP over HTTP, as JSON. Nothing waits for it: what it does not take is dropped. Answers what sends the
 * last spans and ends. Only the trace context is carried on, never a baggage: that is what anybody wrote into it.
 */
export const startTracing = ({ endpoint, ratio, program }: TracingOptions, log: Log): { close(): Promise<void> } => {
  const exporter = saying(new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces`, timeoutMillis: 5_000 }), log);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': program }),
    sampler: withoutHousekeeping(
      new ParentBasedSampler({ root: ratio === 1 ? new AlwaysOnSampler() : new TraceIdRatioBasedSampler(ratio) }),
    ),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: 1_000, exportTimeoutMillis: 5_000 })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return {
    async close() {
      await provider.shutdown();
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
};
