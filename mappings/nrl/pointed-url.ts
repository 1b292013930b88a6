/** Where what a published pointer points to is read, at the broker. */
export const NRL_POINTED = '/nrl/content/pointer';

/** Address of one content of a published pointer: it holds no person, and is worth nothing without the token of a service that may read. */
export const pointedUrl = (origin: string, pointer: string, content: 'plan' | 'contact'): string =>
  `${origin}${NRL_POINTED}/${pointer}/${content}`;
