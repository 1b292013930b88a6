import { anomaly } from '../model/anomaly.ts';

/** Headers that belong to the exchange itself, or that the broker sets. */
const OURS: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'proxy-authorization',
  'proxy-connection',
  'content-type',
  'x-request-id',
  'x-correlation-id',
]);

/** Reads `Subscription.channel.header` lines (`Name: value`). Throws `incorrect` with the place, never with the line: it may be a secret. */
export const toChannelHeaders = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line, index): [string, string] => {
      const at = `Subscription.channel.header[${index}]`;
      const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):[ \t]*([\t\x20-\x7e]{0,4000}?)[ \t]*$/.exec(line) ?? [];
      if (name === undefined || value === undefined) throw anomaly('incorrect', 'must read "Name: value" in plain characters', at);
      if (OURS.has(name.toLowerCase())) throw anomaly('incorrect', 'that header is set by the broker', at);
      return [name.toLowerCase(), value];
    }),
  );
