import type { Span, Telemetry } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';

/** A span that keeps the class of an error, and not its words: the store's may quote a row. */
const withoutWords = (span: Span): Span => {
  span.recordException = (error) => span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
  return span;
};

/**
 * What BullMQ does, as spans of the trace that is under way. A job carries the ids of its trace (W3C `traceparent`) in its options, and nothing beside.
 * Nudges of one recipient are one job, so the trace of a job is that of the nudge that it was made of: the others' ends where they were added.
 */
export const queueTelemetry = (): Telemetry => {
  const otel = new BullMQOtel({ tracerName: 'crisis-plan-broker queue' }) as Telemetry;
  const { tracer } = otel;
  return { ...otel, tracer: { startSpan: (name, options, context) => withoutWords(tracer.startSpan(name, options, context)) } };
};
