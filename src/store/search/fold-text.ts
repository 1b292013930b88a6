/** So many characters of a text can be searched: four bytes each fit a row of the index. */
export const MOST_CHARACTERS = 500;

/** A text as strings are compared (R4 search, string): small letters, no accents, one space between words. */
export const foldText = (text: string): string => {
  const folded = text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim();
  return folded.length <= MOST_CHARACTERS ? folded : folded.slice(0, MOST_CHARACTERS).toWellFormed();
};
