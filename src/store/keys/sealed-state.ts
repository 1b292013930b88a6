import type { KeyObject } from 'node:crypto';
import type { Copy, Place as CopyPlace } from '../../model/copy.ts';
import type { Ledger } from '../../model/ledger.ts';
import { type Place, seal, unseal } from './sealed-text.ts';

/** A ledger as its row holds it: each identity by its place in a list, which is sealed. */
export type SealedLedger = Ledger & { readonly sealed?: string };

/** No identifier: it lies open. */
const NONE = '-';

const placeOf = (keyId: string): Place => ['ledger_key.state', keyId];

const withIdentities = (ledger: Ledger, identityOf: (identity: string) => string): Ledger => {
  const moved = (place: CopyPlace): CopyPlace => ({ ...place, identity: identityOf(place.identity) });
  const copies = ledger.copies.map((copy): Copy => ({ ...copy, place: moved(copy.place) }));
  return { ...ledger, copies, last: ledger.last === null ? null : { ...ledger.last, place: moved(ledger.last.place) } };
};

/** Seals the identities that copies were sent under. A key that was destroyed seals nothing: then there is none. */
export const sealState = (key: KeyObject | null, keyId: string, ledger: Ledger): SealedLedger => {
  const places = [...ledger.copies.map(({ place }) => place), ...(ledger.last === null ? [] : [ledger.last.place])];
  const identities = [...new Set(places.map(({ identity }) => identity))].filter((identity) => identity !== NONE);
  if (identities.length === 0 || key === null) return ledger;
  const numbered = withIdentities(ledger, (identity) => (identity === NONE ? NONE : `#${identities.indexOf(identity)}`));
  return { ...numbered, sealed: seal(key, placeOf(keyId), JSON.stringify(identities)) };
};

/** Opens it; what an older version left lies open. Throws AlteredText. */
export const openState = (key: KeyObject | null, keyId: string, { sealed, ...ledger }: SealedLedger): Ledger => {
  if (sealed === undefined || key === null) return ledger;
  const identities = JSON.parse(unseal(key, placeOf(keyId), sealed)) as readonly string[];
  return withIdentities(ledger, (identity) => (identity === NONE ? NONE : (identities[Number(identity.slice(1))] ?? identity)));
};
