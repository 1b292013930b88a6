import type { Principal } from '../model/principal.ts';
import type { Traits } from '../model/traits.ts';
import type { Confirming } from './confirming.ts';
import type { Stored } from './door.ts';

/** What the doors need of the store to find a person. */
export interface MatchDoor {
  /**
   * The person who is certainly meant, where this recipient may see a plan of theirs now; null alike where nobody is, where several are, and
   * where it may not, after the same time. Nothing is disclosed by it; each attempt is on record before it answers.
   */
  match(principal: Principal, sent: Traits): Promise<{ readonly personId: string } | null>;
  /** The caller's own Patient who is certainly meant; null for none, several, and one that is restricted. On record before it answers. */
  matchOwn(principal: Principal, sent: Traits): Promise<Stored | null>;
  /** By what confirmations of matches are sealed and spent, whichever process is asked. */
  readonly confirming: Confirming;
}
