import { existsSync, readFileSync } from 'node:fs';
import { describe } from '@jest/globals';

/** Where it stands, beside the checkout. */
export const publishedFolder = new URL('../../../shared/examples/', import.meta.url);
const isHere = existsSync(publishedFolder);
if (!isHere) console.info('published messages and resources left out: ../shared/examples does not stand beside the checkout');

/** Tests that read what others published; left out where it does not stand beside the checkout (CI always has it, and lets nothing be skipped). */
export const whereShared = isHere ? describe : describe.skip;

/** A published file as it stands, byte for byte. */
export const published = (path: string): string => readFileSync(new URL(path, publishedFolder), 'utf8');

/** Published BaRS messages, as they stand. */
export const publishedMessages = (names: readonly string[]): readonly string[] => names.map((name) => published(`bars/${name}.json`));
