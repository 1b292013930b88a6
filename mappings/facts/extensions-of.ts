import type { Extension } from '@medplum/fhirtypes';

/** An element that may carry extensions. */
export interface Extensible {
  readonly extension?: readonly Extension[] | undefined;
}

/** The extensions of one URL, each with its index, in order. */
export const extensionsOf = (element: Extensible | undefined, url: string): readonly (readonly [Extension, number])[] =>
  (element?.extension ?? []).map((extension, index) => [extension, index] as const).filter(([extension]) => extension.url === url);

/** The first extension of that URL. */
export const extensionOf = (element: Extensible | undefined, url: string): Extension | undefined => extensionsOf(element, url)[0]?.[0];
