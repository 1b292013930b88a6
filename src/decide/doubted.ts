import type { Copy, Place } from '../model/copy.ts';
import { carriesContent } from '../model/copy.ts';
import type { Ledger } from '../model/ledger.ts';

/** What a subscriber says that it may have missed. */
export interface Missed {
  /** Id of the copy, where none is left. */
  readonly id: string;
  /** Where it was told. */
  readonly place: Place;
  /** Whether it was told of content before that may be lying there still. */
  readonly wasTold: boolean;
}

/**
 * The ledger once a subscriber says that it does not know what it was told. What it was believed to hold is uncertain, and is said again; what it was believed
 * to have given up, it may hold. What follows is decided as after any change.
 */
export function doubted(ledger: Ledger, { id, place, wasTold }: Missed): Ledger {
  const last = ledger.last?.outcome === 'open' ? ledger.last : null;
  const told = ledger.copies.some(carriesContent);
  const copies = ledger.copies.map(
    (copy): Copy => (carriesContent(copy) && copy.state === 'held' ? { ...copy, state: 'uncertain' } : copy),
  );
  if (told || !wasTold) return { ...ledger, copies, last };
  const again: Copy = {
    id,
    place: ledger.last?.place ?? place,
    // Of no effect that anything has now: it is replaced, or taken back.
    effect: '-',
    headings: [],
    documentId: '',
    sequence: ledger.sequence,
    state: 'uncertain',
    againAt: null,
    acceptedSince: false,
  };
  return { ...ledger, copies: [...copies, again], last };
}
