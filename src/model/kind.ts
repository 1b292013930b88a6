/** Kinds of service: `HealthcareService.type` and a caller's kind, in the project's own CodeSystem. */
export const KINDS = ['publisher', 'epr', 'ed', 'ambulance', 'police', 'crisis-line', 'evaluator', 'operator', 'person'] as const;
export type Kind = (typeof KINDS)[number];

/** Kinds that may hold or look up plans; the last three kinds are callers only. */
export const RECIPIENT_KINDS = ['publisher', 'epr', 'ed', 'ambulance', 'police', 'crisis-line'] as const;
export type RecipientKind = (typeof RECIPIENT_KINDS)[number];

export const isKind = (value: string): value is Kind => (KINDS as readonly string[]).includes(value);
export const isRecipientKind = (value: string): value is RecipientKind => (RECIPIENT_KINDS as readonly string[]).includes(value);

/**
 * Purposes of use: v3-ActReason, and `crisis-response` of the project's own. Law enforcement is no purpose: G8. `BTG` (break the glass) is
 * emergency access: an agreement allows it, a consent may rule it out, and no kind acts under it otherwise.
 */
export const PURPOSES = ['TREAT', 'ETREAT', 'COC', 'BTG', 'crisis-response'] as const;
export type Purpose = (typeof PURPOSES)[number];

export const isPurpose = (value: string): value is Purpose => (PURPOSES as readonly string[]).includes(value);

/** Kinds whose registered clinicians may ask for emergency access; never police: G23. */
export const EMERGENCY_KINDS = ['epr', 'ed', 'ambulance', 'crisis-line'] as const satisfies readonly RecipientKind[];

/** The purposes under which a kind acts, in order of preference. None implies another. */
export const PURPOSES_OF_KIND: Readonly<Record<RecipientKind, readonly Purpose[]>> = {
  publisher: ['TREAT', 'COC', 'ETREAT'],
  epr: ['TREAT', 'COC', 'ETREAT'],
  ed: ['ETREAT', 'TREAT', 'COC'],
  ambulance: ['ETREAT', 'TREAT', 'COC'],
  'crisis-line': ['ETREAT', 'TREAT', 'COC'],
  police: ['crisis-response'],
};
