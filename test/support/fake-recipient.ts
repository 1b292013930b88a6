/** How a fake recipient treats the messages that come next. */
export type How =
  | 'normal'
  | 'stall' // says nothing, stores nothing
  | 'refuse' // 422, AE: stores nothing
  | 'busy' // 503, AR: stores nothing
  | 'fatal-error' // 200 with fatal-error inside: stores nothing (MLLP: AE)
  | 'transient-error' // 200 with transient-error inside: stores nothing (MLLP: AR)
  | 'pending' // 202 or CA, and stores
  | 'lose-answer' // stores, then breaks the connection
  | 'answer-late' // stores, answers after `delayMs`
  | 'arrive-late' // breaks the connection, stores after `delayMs`: a message that was still under way
  | 'answer-another' // stores, and answers with the id of another message
  | 'garbage' // stores, and answers with bytes that are no answer
  | 'half-answer' // stores, and breaks off in the middle of its answer
  | 'duplicate' // stores, and says that it had processed this before: 409 `duplicate` (BaRS)
  | 'double-answer'; // stores, and answers twice (MLLP)

/** `times` messages are treated so, then `normal` again; without it all that follow. */
export interface Behaviour {
  readonly how: How;
  readonly times?: number;
  readonly delayMs?: number;
}

/** One document that lies in the recipient's own store. */
export interface Held {
  /** The person's identifier as it was sent: an NHS number, or `-`. */
  readonly person: string;
  /** The id under which this recipient knows the plan. */
  readonly plan: string;
  readonly document: string;
  /** `epoch.count`. */
  readonly sequence: string;
  /** All that was sent of it, readable: a test looks here for words. */
  readonly text: string;
}

/** One message as it came in, whatever was done with it. */
export interface Received {
  readonly at: number;
  readonly id: string;
  readonly kind: 'update' | 'recall';
  readonly person: string;
  readonly plan: string;
  readonly sequence: string;
  readonly document: string;
  readonly bytes: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What stood behind the `?` of its address. */
  readonly query?: string;
}

/** How a fake recipient is made. */
export interface FakeOptions {
  /** 0 picks one. */
  readonly port?: number;
  /** It keeps the highest sequence it saw of each (person, plan), also after a recall, and refuses what is not higher. */
  readonly refusesLowerSequence?: boolean;
  /** False: a replaced document stays in its store until it is recalled. */
  readonly replaceHidesOld?: boolean;
  /** It says that it took what nobody can file. */
  readonly believesAnything?: boolean;
  /** It knows ids that it has seen, and calls them a mistake: AE, 422. */
  readonly refusesRepeats?: boolean;
  /** It says that it took it back, and shows it all the same. */
  readonly keepsRecalled?: boolean;
  /** It takes nothing back, and says so: AE, 422. */
  readonly refusesRecalls?: boolean;
  /** It does not know a message again: what comes twice is processed twice. */
  readonly forgetsIds?: boolean;
  /** FHIR: what it does between taking a message and saying 202. */
  readonly beforeItAnswers?: (bytes: string) => Promise<void>;
}

/** What every fake recipient can be asked and told. */
export interface FakeRecipient {
  /** As `Endpoint.address`. Stays the same over `stop` and `start`. */
  readonly address: string;
  /** What lies in its store now. */
  holds(): readonly Held[];
  /** Everything that came in, oldest first, duplicates included. */
  received(): readonly Received[];
  /** How many came in under ids that it had seen. */
  duplicates(): number;
  behave(behaviour: Behaviour): void;
  /** Closes its port and breaks its connections; it keeps its store. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  start(): Promise<void>;
}
