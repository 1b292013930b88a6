import { Counter, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

/** Counts one answered request. The label is a route of the table and its type: never an address, so that it holds no person (I8). */
export type CountRequest = (label: string, status: number, millis: number) => void;

/** Registers the door's metrics: requests by route and status, and their durations in seconds. */
export const requestMetrics = (registry: Registry): CountRequest => {
  const requests = new Counter({
    name: 'broker_http_requests_total',
    help: 'Requests answered by the FHIR door',
    labelNames: ['route', 'status'] as const,
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'broker_http_request_seconds',
    help: 'Time from the first byte of a request to its answer',
    labelNames: ['route'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  return (route, status, millis) => {
    requests.inc({ route, status });
    seconds.observe({ route }, millis / 1_000);
  };
};
