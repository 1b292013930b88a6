const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text made safe to stand inside XHTML. */
export const escapeXhtml = (text: string): string => text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);

/** A narrative `div` of paragraphs. */
export const paragraphs = (lines: readonly string[]): string =>
  `<div xmlns="http://www.w3.org/1999/xhtml">${lines.map((line) => `<p>${escapeXhtml(line)}</p>`).join('')}</div>`;

/** A narrative `div` that is one list. */
export const bullets = (lines: readonly string[]): string =>
  `<div xmlns="http://www.w3.org/1999/xhtml"><ul>${lines.map((line) => `<li>${escapeXhtml(line)}</li>`).join('')}</ul></div>`;
