const ESCAPE: Readonly<Record<string, string>> = { '\\': '\\E\\', '|': '\\F\\', '^': '\\S\\', '&': '\\T\\', '~': '\\R\\' };
const UNESCAPE: Readonly<Record<string, string>> = { E: '\\', F: '|', S: '^', T: '&', R: '~', '.br': '\n' };

/**
 * Text that can stand in a field, component or sub-component: HL7 v2.5 section 2.7. No character of it can end a field, a segment or an MLLP
 * frame: line ends become `\.br\`, other control characters `\Xhh\`.
 */
export const escapeHl7 = (text: string): string =>
  text
    .replace(/[\\|^&~]/g, (character) => ESCAPE[character] ?? character)
    .replace(/\r\n|\r|\n/g, '\\.br\\')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is being taken out.
    .replace(/[\u0000-\u001f\u007f]/g, (character) => `\\X${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}\\`);

/** The text that an escaped field stands for; an unknown escape is left as it is. */
export const unescapeHl7 = (field: string): string =>
  field.replace(/\\([^\\]*)\\/g, (whole, name: string) => {
    const hex = /^X((?:[0-9A-Fa-f]{2})+)$/.exec(name)?.[1];
    return hex === undefined ? (UNESCAPE[name] ?? whole) : Buffer.from(hex, 'hex').toString('utf8');
  });
