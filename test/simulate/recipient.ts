import type { Place, Sequence } from '../../src/model/copy.ts';
import { compareSequence } from '../../src/model/copy.ts';

/** A message as it crosses the simulated network. */
export interface Message {
  readonly place: Place;
  readonly id: string;
  readonly sequence: Sequence;
  /** Null takes away. */
  readonly effect: string | null;
}

/** A recipient with a store: what it holds for each address and identifier. Remembers message ids for a lifetime. */
export class SimulatedRecipient {
  received = 0;
  readonly #holds = new Map<string, string>();
  readonly #highest = new Map<string, Sequence>();
  readonly #seen = new Map<string, number>();
  readonly #refusesLower: boolean;
  readonly #remembers: number;

  constructor(refusesLower: boolean, remembers: number) {
    this.#refusesLower = refusesLower;
    this.#remembers = remembers;
  }

  receive(message: Message, now: number): 'accepted' | 'refused' {
    this.received++;
    const place = `${message.place.address} ${message.place.identity}`;
    const seenAt = this.#seen.get(message.id);
    if (seenAt !== undefined && now - seenAt <= this.#remembers) return 'accepted';
    const highest = this.#highest.get(place);
    if (this.#refusesLower && highest !== undefined && compareSequence(message.sequence, highest) < 0) return 'refused';
    this.#seen.set(message.id, now);
    this.#highest.set(place, message.sequence);
    if (message.effect === null) this.#holds.delete(place);
    else this.#holds.set(place, message.effect);
    return 'accepted';
  }

  /** What it holds, by place. */
  holds(): ReadonlyMap<string, string> {
    return this.#holds;
  }
}
