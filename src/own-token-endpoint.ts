import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAddressGuard } from './channel/address-guard.ts';
import { createGuardedFetch } from './channel/guarded-fetch.ts';
import type { Config } from './config.ts';
import { createTokenCheck } from './http/access/token-check.ts';
import { createTokenDoor } from './http/access/token-door.ts';
import { KEY_LIMITS } from './http/access/token-provider.ts';
import { type Log, Line } from './log.ts';
import { withDatabase } from './own-database.ts';
import { openAccess } from './store/access/access.ts';

/** Runs `work` on a token endpoint of this process alone, which has the broker's database: `origin` is the broker's, `at` where it is reached. */
export const withTokenEndpoint = <T>(config: Config, log: Log, work: (origin: string, at: string) => Promise<T>): Promise<T> =>
  withDatabase(config, log, async (pool) => {
    const origin = config.publicUrl ?? `http://127.0.0.1:${config.port === 0 ? 80 : config.port}`.replace(/:80$/, '');
    const site = { publicUrl: origin, behindProxy: false };
    const fetchKeys = createGuardedFetch(createAddressGuard(config.outboundAllow), KEY_LIMITS);
    const door = createTokenDoor({
      store: openAccess(pool),
      site,
      fetchKeys,
      check: createTokenCheck(openAccess(pool), site),
      operatorOds: config.operatorOds,
      faulty: (fault) => log(Line.fault, { name: 'token', fault }),
    });
    const server = createServer((request, response) => void door(request, response, '/oauth/token'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      return await work(origin, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
