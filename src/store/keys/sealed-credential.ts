import { createHash } from 'node:crypto';
import type { Credential } from '../../model/credential.ts';
import type { Sql } from '../pool.ts';
import { keysOf } from './keys-of.ts';
import { type Place, seal, unseal } from './sealed-text.ts';

/** What a credential is for. It opens for all of this at once, or not at all. */
export interface CredentialOf {
  readonly version: string;
  readonly endpointId: string;
  readonly recipientId: string;
  readonly address: string;
}

// As a hash, for an address may hold anything; each part told from the next.
const placeOf = (of: CredentialOf): Place => [
  'endpoint_credential.sealed',
  createHash('sha256')
    .update(JSON.stringify([of.version, of.endpointId, of.recipientId, of.address]))
    .digest('hex'),
];

/** Seals a credential under the broker's own key, for one Endpoint, recipient and address. */
export const sealCredential = (sql: Sql, of: CredentialOf, credential: Credential): string =>
  seal(keysOf(sql).own, placeOf(of), JSON.stringify(credential));

/** Opens it. Throws AlteredText where it is not what was sealed for exactly these. */
export const openCredential = (sql: Sql, of: CredentialOf, sealed: string): Credential =>
  JSON.parse(unseal(keysOf(sql).own, placeOf(of), sealed)) as Credential;
