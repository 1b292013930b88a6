import type pg from 'pg';
import type { Config } from './config.ts';
import { credentialTexts } from './endpoint-credential.ts';
import { Anomaly } from './model/anomaly.ts';
import { CannotStart } from './model/cannot-start.ts';
import {
  type EndpointShown,
  moveEndpoint,
  removeEndpointCredential,
  rotateEndpointCredential,
  setEndpointCredential,
  shownEndpoint,
} from './store/change-endpoint.ts';
import type { ShownCredential } from './store/credentials.ts';
import type { CredentialTexts } from './store/read-credential.ts';
import { openWrite } from './store/write.ts';

/** What the command line says, by the names of its options; keys and certificates are files. */
export interface EndpointOptions extends CredentialTexts {
  readonly address?: string | undefined;
  readonly 'no-credential'?: boolean | undefined;
}

const STANDING: Readonly<Record<ShownCredential['standing'], string>> = {
  prepared: 'prepared: used once the Endpoint has this address',
  'in-use': 'in use',
  left: 'left: for recalls, until nothing lies at this address',
};

const printed = ({ id, recipientId, address, credentials }: EndpointShown): object => ({
  endpoint: id,
  service: recipientId,
  address,
  credentials: credentials.map((each) => ({
    address: each.address,
    standing: STANDING[each.standing],
    version: each.version,
    since: each.since.toISOString(),
    ...each.shown,
  })),
});

const change = async (
  pool: pg.Pool,
  config: Config,
  name: string,
  endpointId: string,
  options: EndpointOptions,
): Promise<EndpointShown> => {
  const who = { organization: config.operatorOds, user: 'command line' };
  const { address } = options;
  const asked = { endpointId, address, credential: await credentialTexts(options) };
  switch (name) {
    case 'endpoint credential set':
      return setEndpointCredential(pool, who, asked);
    case 'endpoint credential rotate':
      return rotateEndpointCredential(pool, who, asked);
    case 'endpoint credential remove':
      return removeEndpointCredential(pool, who, endpointId, address);
    case 'endpoint move': {
      // The running broker finds the fan-out by its sweep.
      const write = openWrite(pool, { messageLifetime: config.messageLifetimeMs, changed: () => {} });
      return moveEndpoint(pool, write, who, asked, options['no-credential'] === true);
    }
    default: // endpoint credential show
      return shownEndpoint(pool, endpointId);
  }
};

/**
 * `endpoint credential set | show | rotate | remove` and `endpoint move`: what is printed, as JSON without any secret. Throws CannotStart with one line
 * why not, which says nothing of what a file holds.
 */
export const endpointCommand = async (
  pool: pg.Pool,
  config: Config,
  name: string,
  id: string,
  options: EndpointOptions,
): Promise<object> => {
  try {
    return printed(await change(pool, config, name, id, options));
  } catch (fault) {
    if (!(fault instanceof Anomaly)) throw fault;
    const said = fault.issues.map(({ at, help }) => (at === null ? help : /^[a-z-]+$/.test(at) ? `--${at} ${help}` : `${at} ${help}`));
    throw new CannotStart(said.join('; '));
  }
};
