import { Line } from '../../log.ts';
import { routeOf } from '../exchange.ts';
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
