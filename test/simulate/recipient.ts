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
  holds(now: number): readonly string[];
  /** People take away all that it holds for an address and identifier. */
  remove(place: Place): void;
}

/** A recipient with a store: what it holds for each address and identifier. Remembers message ids for a lifetime. */
export class SimulatedRecipient implements Simulated {
  received = 0;
  readonly #holds = new Map<string, { readonly effect: string; readonly since: number }>();
  readonly #highest = new Map<string, Sequence>();
  readonly #seen = new Map<string, number>();
  readonly #refusesLower: boolean;
  readonly #remembers: number;

  readonly #endsAfter: number;

  /** What it stored ends after `endsAfter`. */
  constructor(refusesLower: boolean, remembers: number, endsAfter = Number.POSITIVE_INFINITY) {
    this.#refusesLower = refusesLower;
    this.#remembers = remembers;
    this.#endsAfter = endsAfter;
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
    else this.#holds.set(place, { effect: message.effect, since: now });
    return 'accepted';
  }

  holds(now: number): readonly string[] {
    return [...this.#holds].filter(([, { since }]) => now - since < this.#endsAfter).map(([place, { effect }]) => `${place} ${effect}`);
  }

  remove({ address, identity }: Place): void {
    this.#holds.delete(`${address} ${identity}`);
  }
}

/** A recipient that files each document by its own id, as HL7 v2 does: a cancelled one that comes late is filed all the same. */
export class FilingRecipient implements Simulated {
  received = 0;
  readonly #documents = new Map<string, { readonly place: string; readonly effect: string; readonly since: number }>();
  readonly #seen = new Map<string, number>();
  readonly #remembers: number;
  readonly #endsAfter: number;

  /** What it stored ends after `endsAfter`. */
  constructor(remembers: number, endsAfter = Number.POSITIVE_INFINITY) {
    this.#remembers = remembers;
    this.#endsAfter = endsAfter;
  }

  receive(message: Message, now: number): 'accepted' {
    this.received++;
    const seenAt = this.#seen.get(message.id);
    if (seenAt !== undefined && now - seenAt <= this.#remembers) return 'accepted';
    this.#seen.set(message.id, now);
    for (const document of message.cancels) this.#documents.delete(document);
    if (message.effect !== null) {
      const place = `${message.place.address} ${message.place.identity}`;
      this.#documents.set(message.id, { place, effect: message.effect, since: now });
    }
    return 'accepted';
  }

  holds(now: number): readonly string[] {
    return [...this.#documents.values()]
      .filter(({ since }) => now - since < this.#endsAfter)
      .map(({ place, effect }) => `${place} ${effect}`);
  }

  remove({ address, identity }: Place): void {
    for (const [id, { place }] of this.#documents) if (place === `${address} ${identity}`) this.#documents.delete(id);
  }
}
