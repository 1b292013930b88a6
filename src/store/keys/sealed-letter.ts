import type { Sql } from '../pool.ts';
import { keysOf } from './keys-of.ts';
import { type Place, seal, unseal } from './sealed-text.ts';

const placeOf = (messageId: string): Place => ['mailbox_letter.sealed', messageId];

/** Seals what came into our mailbox and could not be read, under the broker's own key. */
export const sealLetter = (sql: Sql, messageId: string, text: string): string => seal(keysOf(sql).own, placeOf(messageId), text);

/** Opens it. Throws AlteredText where it is another message's. */
export const openLetter = (sql: Sql, messageId: string, sealed: string): string => unseal(keysOf(sql).own, placeOf(messageId), sealed);
