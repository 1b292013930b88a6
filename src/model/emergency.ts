/** Reasons for emergency access (break-glass), each with the words under which a clinician chooses it: a closed list, after that of the Summary Care Record. */
export const EMERGENCY_REASONS = {
  'danger-to-life': 'The person’s life is in danger now',
  'cannot-consent': 'The person cannot be asked now: unconscious, or without capacity to decide this',
  'danger-to-others': 'Somebody else, a child or an adult, is in danger now',
  'asked-by-person': 'The person asks for it here and now, and no consent says so yet',
} as const;
export type EmergencyReason = keyof typeof EMERGENCY_REASONS;

export const isEmergencyReason = (value: string): value is EmergencyReason => Object.hasOwn(EMERGENCY_REASONS, value);
