import * as body from '../support/bodies.ts';
import type { Caller } from '../support/access.ts';
import type { DoorClient } from '../support/door-client.ts';

/** What the scenario itself says of one person between two changes: kept by hand, never asked of the broker. */
export interface State {
  /** When the change that led here was first asked for, and when the one that ended it was answered with 200. */
  readonly from: number;
  until: number;
  readonly number: string;
  /** Words that only this person's version has. */
  readonly marker: string;
  readonly mayHold: ReadonlySet<Kind>;
}

/** The kinds in reach that consent may be given for; a crisis line is in reach too, with an agreement, and never gets one. */
export const ASKED_FOR = ['epr', 'ed', 'ambulance', 'police'] as const;
export type Kind = (typeof ASKED_FOR)[number];
export const TRUST: Caller = { ods: 'TRUST1', kind: 'publisher' };

interface Now {
  readonly number: string;
  readonly version: number;
  readonly mayHold: ReadonlySet<Kind>;
}

/** One person of the kill test: changes are asked for over the public API, and each leaves a state here. */
export class Person {
  readonly states: State[] = [];
  readonly #name: string;
  readonly #client: DoorClient;
  readonly #reach: readonly string[];
  #now: Now;
  #consents: readonly { readonly id: string; readonly options: body.ConsentOptions }[] = [];
  #withdrawn = false;

  constructor(serial: number, number: string, client: DoorClient, reach: readonly string[]) {
    this.#name = `p${serial}`;
    this.#client = client;
    this.#reach = reach;
    this.#now = { number, version: 0, mayHold: new Set() };
  }

  get isOver(): boolean {
    return this.#withdrawn;
  }
  get mayHold(): ReadonlySet<Kind> {
    return this.#now.mayHold;
  }
  /** The state that stands. */
  get last(): State {
    const state = this.states.at(-1);
    if (state === undefined) throw new Error('nothing was published yet');
    return state;
  }

  /** Patient, consent for these kinds, and a first approved version. */
  async publish(kinds: readonly Kind[]): Promise<void> {
    await this.#put(body.patient(this.#name, this.#now.number));
    await this.#put(this.#consent({ kinds }));
    await this.approveNext(new Set(kinds));
  }

  /** A new version, with words of its own. */
  async approveNext(mayHold = this.#now.mayHold): Promise<void> {
    const version = this.#now.version + 1;
    const id = `${this.#name}-v${version}`;
    await this.#put(
      body.composition(`${id}-words`, this.#name, {
        'please-do': `Marker ${id}. Speak slowly please`,
        'who-to-ring': 'Ring the crisis team, day and night: 01632 960001',
      }),
    );
    const replaces = version === 1 ? {} : { replaces: `${this.#name}-v${version - 1}` };
    await this.#put(body.carePlan(id, this.#name, `${id}-words`, { reach: this.#reach, ...replaces }));
    await this.#change({ ...this.#now, version, mayHold }, () => this.#client.approve(TRUST, id));
  }

  /** Revocation by update: every consent that permits becomes inactive, the one in force last. */
  async revoke(): Promise<void> {
    const permits = this.#consents.filter(({ options }) => options.kinds !== undefined);
    const inactive = permits.map(({ id, options }) => body.consent(id, this.#name, 'org-trust', { ...options, status: 'inactive' }));
    const inForce = inactive.pop();
    for (const superseded of inactive) await this.#put(superseded);
    if (inForce !== undefined) await this.#change({ ...this.#now, mayHold: new Set() }, () => this.#put(inForce));
  }

  /** Revocation for one kind by a new Consent, which denies. */
  async deny(kind: Kind): Promise<void> {
    const mayHold = new Set([...this.#now.mayHold].filter((each) => each !== kind));
    // A deny beside a permit denies its kind; one that permits nobody denies everyone.
    const denying = this.#consent({ deny: [kind], ...(mayHold.size === 0 ? {} : { kinds: [...mayHold] }) });
    await this.#change({ ...this.#now, mayHold }, () => this.#put(denying));
  }

  /** Consent for these kinds and no others, in place of all that was said before. */
  async consentAgain(kinds: readonly Kind[]): Promise<void> {
    const permitting = this.#consent({ kinds, supersedes: this.#consents.map(({ id }) => id) });
    await this.#change({ ...this.#now, mayHold: new Set(kinds) }, () => this.#put(permitting));
  }

  async correct(number: string): Promise<void> {
    await this.#change({ ...this.#now, number }, () => this.#put(body.patient(this.#name, number)));
  }

  async withdraw(): Promise<void> {
    this.#withdrawn = true;
    await this.#change({ ...this.#now, mayHold: new Set() }, () => this.#client.withdraw(TRUST, `${this.#name}-v${this.#now.version}`));
  }

  async #change(next: Now, ask: () => Promise<void>): Promise<void> {
    const before = this.states.at(-1);
    this.states.push({
      from: Date.now(),
      until: Number.POSITIVE_INFINITY,
      number: next.number,
      marker: `Marker ${this.#name}-v${next.version}.`,
      mayHold: next.mayHold,
    });
    await ask();
    this.#now = next;
    if (before !== undefined) before.until = Date.now();
  }

  #put(resource: Parameters<DoorClient['put']>[1]): Promise<void> {
    return this.#client.put(TRUST, resource);
  }
  #consent(options: body.ConsentOptions): ReturnType<typeof body.consent> {
    const id = `${this.#name}-c${this.#consents.length}`;
    this.#consents = [...this.#consents, { id, options }];
    return body.consent(id, this.#name, 'org-trust', options);
  }
}
