import { compareSequence } from '../../src/model/copy.ts';
import { fromSequenceText } from '../../mappings/disclosure/sequence.ts';
import type { Behaviour, FakeOptions, Held, How, Received } from './fake-recipient.ts';

/** The store and the mood that the fake recipients share; each gives it messages in one shape. */
export class FakeStore {
  readonly #options: FakeOptions;
  /** By person, then by document: what lies here may be much. */
  readonly #documents = new Map<string, Map<string, Held>>();
  readonly #highest = new Map<string, string>();
  readonly #answers = new Map<string, 'stored' | 'lower'>();
  readonly #received: Received[] = [];
  #duplicates = 0;
  #behaviour: Behaviour = { how: 'normal' };
  #left = Number.POSITIVE_INFINITY;

  constructor(options: FakeOptions) {
    this.#options = options;
  }

  holds = (): readonly Held[] => [...this.#documents.values()].flatMap((of) => [...of.values()]);
  has = (person: string, document: string): boolean => this.#documents.get(person)?.has(document) ?? false;
  received = (): readonly Received[] => [...this.#received];
  duplicates = (): number => this.#duplicates;

  /** Whether it answers a message with a refusal by its own nature: a repeat, a recall. */
  refuses({ id, kind }: Pick<Received, 'id' | 'kind'>): boolean {
    return (this.#options.refusesRepeats === true && this.#answers.has(id)) || (this.#options.refusesRecalls === true && kind === 'recall');
  }

  behave = (behaviour: Behaviour): void => {
    this.#behaviour = behaviour;
    this.#left = behaviour.times ?? Number.POSITIVE_INFINITY;
  };

  /** Takes note of a message, and says how it is to be treated. */
  note(message: Omit<Received, 'at'>): { readonly how: How; readonly delayMs: number } {
    this.#received.push({ at: Date.now(), ...message });
    if (this.#left <= 0) return { how: 'normal', delayMs: 0 };
    this.#left -= 1;
    return { how: this.#behaviour.how, delayMs: this.#behaviour.delayMs ?? 0 };
  }

  /** Does what a message asks of its person's documents, once for each id; a repeated id is answered as the first time and changes nothing. */
  apply(
    message: Received | Omit<Received, 'at'>,
    change: { readonly put: Held | null; readonly remove: (held: Held) => boolean },
  ): 'stored' | 'lower' {
    const known = this.#answers.get(message.id);
    if (known !== undefined && this.#options.forgetsIds !== true) {
      this.#duplicates += 1;
      return known;
    }
    const answer = this.#isLower(message) ? 'lower' : 'stored';
    this.#answers.set(message.id, answer);
    if (answer === 'stored') {
      const { put, remove } = change;
      const own = this.#documents.get(message.person) ?? new Map<string, Held>();
      const keeps = message.kind === 'recall' && this.#options.keepsRecalled === true;
      if (!keeps) for (const held of [...own.values()]) if (remove(held)) own.delete(held.document);
      if (put !== null) own.set(put.document, put);
      this.#documents.set(message.person, own);
    }
    return answer;
  }

  /** Whether an update may take an older document away. */
  get hidesOld(): boolean {
    return this.#options.replaceHidesOld ?? true;
  }

  // Messages of one parcel share a sequence: only what is lower than the highest is refused.
  #isLower({ person, plan, sequence }: Pick<Received, 'person' | 'plan' | 'sequence'>): boolean {
    if (this.#options.refusesLowerSequence !== true) return false;
    const key = `${person} ${plan}`;
    const [now, before] = [fromSequenceText(sequence), fromSequenceText(this.#highest.get(key) ?? '')];
    if (now === null) throw new Error('a message came without a sequence');
    if (before !== null && compareSequence(now, before) < 0) return true;
    this.#highest.set(key, sequence);
    return false;
  }
}
