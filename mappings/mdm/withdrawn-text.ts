import { textSegment, WITHDRAWN } from './segments.ts';

/** OBX of what stands in the place of a document that is withdrawn. */
export const withdrawnText = (): string => textSegment(1, WITHDRAWN, 'Withdrawn', 'This document is withdrawn. Do not use earlier copies.');
