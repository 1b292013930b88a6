/** Who plays a part in the demo; each is a recipient with a store of its own. */
export const RECIPIENTS = ['epr', 'ed', 'ambulance', 'police'] as const;
export type Recipient = (typeof RECIPIENTS)[number];

/** What a recipient holds, in one word of the scenario: `nothing`, or which approved version's words, and for a corrected number that too. */
export type Holding = 'nothing' | `v${number} (${Recipient} headings)` | `v${number} (${Recipient} headings), new number`;

/**
 * The headings that each may see of the plan in `examples/`: agreement, consent and kind taken together by hand, so that the broker is
 * measured against something that it did not compute.
 */
export const HEADINGS_OF: Readonly<Record<Recipient, readonly string[]>> = {
  epr: [
    ...['who-i-am', 'please-do', 'communication', 'support', 'important-to-me', 'people', 'do-not-contact', 'wellness', 'triggers'],
    ...['early-warning-signs', 'coping', 'crisis-steps', 'who-to-ring', 'where-to-go', 'medicines', 'refusals', 'advance-statement'],
    ...['reasonable-adjustments', 'dependants', 'home-access', 'safety', 'after-crisis', 'how-made', 'sharing-choices'],
  ],
  ed: [
    ...['who-i-am', 'please-do', 'communication', 'support', 'important-to-me', 'people', 'do-not-contact', 'wellness', 'triggers'],
    ...['early-warning-signs', 'crisis-steps', 'who-to-ring', 'where-to-go', 'medicines', 'physical-health', 'refusals'],
    ...['advance-statement', 'reasonable-adjustments', 'safety', 'after-crisis', 'how-made', 'sharing-choices'],
  ],
  ambulance: [
    ...['who-i-am', 'please-do', 'communication', 'support', 'important-to-me', 'people', 'do-not-contact', 'wellness', 'triggers'],
    ...['early-warning-signs', 'coping', 'crisis-steps', 'who-to-ring', 'where-to-go', 'medicines', 'physical-health', 'refusals'],
    ...[
      'advance-statement',
      'reasonable-adjustments',
      'dependants',
      'home-access',
      'safety',
      'after-crisis',
      'how-made',
      'sharing-choices',
    ],
  ],
  police: [...['please-do', 'communication', 'support', 'people', 'do-not-contact', 'who-to-ring', 'reasonable-adjustments', 'dependants']],
};

/** How many versions the examples hold. */
export const VERSIONS: readonly number[] = [1, 2, 3, 4];
