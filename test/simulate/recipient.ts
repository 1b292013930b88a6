import type { Place, Sequence } from '../../src/model/copy.ts';
import { compareSequence } from '../../src/model/copy.ts';

/** A message as it crosses the simulated network. */
export interface Message {
  readonly place: Place;
  readonly id: string;
  readonly sequence: Sequence;
  /** Null takes away. */
  readonly effect: string | null;
  /** Documents that it cancels before it files its own, or that it takes away. */
  readonly cancels: readonly string[];
}

/** What a simulated recipient is. */
export interface Simulated {
  received: number;
  receive(message: Message, now: number): 'accepted' | 'refused';
  /** What it holds: place and effect, as often as it holds them. */
  holds(): readonly string[];
}

/** A recipient with a store: what it holds for each address and identifier. Remembers message ids for a lifetime. */
export class SimulatedRecipient implements Simulated {
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

  holds(): readonly string[] {
    return [...this.#holds].map(([place, effect]) => `${place} ${effect}`);
  }
}

/** A recipient that files each document by its own id, as HL7 v2 does: a cancelled one that comes late is filed all the same. */
export class FilingRecipient implements Simulated {
  received = 0;
  readonly #documents = new Map<string, string>();
  readonly #seen = new Map<string, number>();
  readonly #remembers: number;

  constructor(remembers: number) {
    this.#remembers = remembers;
  }

  receive(message: Message, now: number): 'accepted' {
    this.received++;
    const seenAt = this.#seen.get(message.id);
    if (seenAt !== undefined && now - seenAt <= this.#remembers) return 'accepted';
    this.#seen.set(message.id, now);
    for (const document of message.cancels) this.#documents.delete(document);
    if (message.effect !== null) this.#documents.set(message.id, `${message.place.address} ${message.place.identity} ${message.effect}`);
    return 'accepted';
  }

  holds(): readonly string[] {
    return [...this.#documents.values()];
  }
}
