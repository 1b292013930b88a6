import type { Bundle } from '@medplum/fhirtypes';
import { Line } from '../../log.ts';
import { capabilityStatement } from '../capability-statement.ts';
import { routeOf } from '../exchange.ts';
import { notFound } from '../refusal.ts';
import { askedOf } from '../search/asked.ts';
import type { Act } from './act.ts';

const json = (status: number, value: Readonly<Record<string, string>>) => ({
  status,
  headers: {},
  body: { type: 'application/json; charset=utf-8', text: JSON.stringify(value) },
});

/** The process answers. */
export const live: Act = () => json(200, { status: 'live' });

/** Database, queue and migrations are in order; 503 while they are not, or cannot be asked. */
export const ready: Act = async (exchange, door) => {
  try {
    return (await door.store.isReady()) ? json(200, { status: 'ready' }) : json(503, { status: 'not ready' });
  } catch (fault) {
    door.log(Line.requestFailed, { requestId: exchange.requestId, name: door.newId(), interaction: routeOf(exchange).label, fault });
    return json(503, { status: 'not ready' });
  }
};

/** What Prometheus reads. */
export const metrics: Act = async (_exchange, door) => ({ status: 200, headers: {}, body: await door.exposition() });

/** What this door offers. */
export const capabilities: Act = (exchange) => ({ status: 200, headers: {}, body: capabilityStatement(exchange.base) });

/** One of the broker's definitions by its id. */
export const conformanceRead: Act = (exchange, door) => {
  const { type, id } = routeOf(exchange);
  const found = door.conformance.find(type, id);
  if (found === null) throw notFound();
  return { status: 200, headers: {}, body: found.body };
};

/** The broker's definitions of a type, or the one with a `url`. */
export const conformanceSearch: Act = (exchange, door) => {
  const { type } = routeOf(exchange);
  const { parameters } = askedOf(exchange);
  const url = parameters.find(([name]) => name === 'url')?.[1] ?? null;
  const found = door.conformance.search(type, url);
  const body: Bundle = {
    resourceType: 'Bundle',
    type: 'searchset',
    total: found.length,
    link: [{ relation: 'self', url: `${exchange.base}/${type}${url === null ? '' : `?url=${encodeURIComponent(url)}`}` }],
    ...(found.length === 0
      ? {}
      : {
          entry: found.map((each) => ({
            fullUrl: `${exchange.base}/${type}/${each.id}`,
            resource: each.body,
            search: { mode: 'match' as const },
          })),
        }),
  };
  return { status: 200, headers: {}, body };
};
