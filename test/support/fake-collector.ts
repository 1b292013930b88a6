import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A value of an attribute as OTLP/JSON writes it. */
interface Value {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}

/** A span as the collector was told of it. */
export interface ToldSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Traces that it refers to. */
  readonly links: readonly string[];
}

interface Sent {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<ToldSpan, 'attributes' | 'parentSpanId' | 'links'> & {
        readonly parentSpanId?: string;
        readonly links?: readonly { readonly traceId: string }[];
        readonly attributes: readonly { readonly key: string; readonly value: Value }[];
      })[];
    }[];
  }[];
}

/** An OpenTelemetry collector that takes traces by OTLP over HTTP, as JSON, and keeps them. */
export interface FakeCollector {
  readonly address: string;
  spans(): readonly ToldSpan[];
  /** All that came, headers too, as it came. */
  heard(): string;
  stop(): Promise<void>;
}

export const startFakeCollector = async (): Promise<FakeCollector> => {
  const spans: ToldSpan[] = [];
  let heard = '';
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    heard += `${request.method} ${request.url}\n${JSON.stringify(request.headers)}\n${text}\n`;
    if (request.method !== 'POST' || request.url !== '/v1/traces') {
      response.writeHead(404).end();
      return;
    }
    for (const { scopeSpans } of (JSON.parse(text) as Sent).resourceSpans)
      for (const scope of scopeSpans)
        for (const { attributes, parentSpanId = '', links = [], ...span } of scope.spans)
          spans.push({
            ...span,
            parentSpanId,
            links: links.map(({ traceId }) => traceId),
            attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0] ?? ''])),
          });
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: () => spans,
    heard: () => heard,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
