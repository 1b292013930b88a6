/** The protections that the loop rests on. Each can be switched off by a test, to see histories end wrong without it; nothing else can. */
export interface Protections {
  /** `begin` and facts exclude each other. */
  readonly policyLock: boolean;
  /** `begin` decides again. */
  readonly secondDecision: boolean;
  /** The copy is on record before the wire. */
  readonly copyBeforeWire: boolean;
  /** An expired lease settles its open attempt as unknown. */
  readonly settleExpired: boolean;
  readonly sweep: boolean;
  /** A key is looked at again when time alone changes the answer. */
  readonly lookAtExpiry: boolean;
  /** What was accepted while an attempt was in doubt is said again. */
  readonly reassert: boolean;
  /** An acceptance empties only its own place, and only lower sequences. */
  readonly emptyNarrowly: boolean;
  /** Each attempt has a copy of its own. */
  readonly copyPerAttempt: boolean;
  /** A late answer counts only where nothing was begun or accepted since what it answers. */
  readonly newestAnswerOnly: boolean;
}

export const PROTECTED: Protections = Object.freeze({
  policyLock: true,
  secondDecision: true,
  copyBeforeWire: true,
  settleExpired: true,
  sweep: true,
  lookAtExpiry: true,
  reassert: true,
  emptyNarrowly: true,
  copyPerAttempt: true,
  newestAnswerOnly: true,
});
