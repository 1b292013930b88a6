/** Where a text stops being JSON: line and column count from 1. */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![A-Za-z0-9_.+-])/y;

type Expect = 'value' | 'value-or-end' | 'name' | 'name-or-end' | 'colon' | 'comma' | 'nothing';

/** Finds the first place at which a text is not JSON (RFC 8259); null where it is JSON. Quotes nothing of the text. */
export const findJsonFault = (text: string): JsonFault | null => {
  const open: ('{' | '[')[] = [];
  let expect: Expect = 'value';
  let at = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at += found[0].length;
    return found !== null;
  };
  const takeString = (): boolean => {
    const end = text[at] === '"' ? endOfString(text, at) : null;
    if (end !== null) at = end;
    return end !== null;
  };
  const after = (): Expect => (open.length === 0 ? 'nothing' : 'comma');
  for (;;) {
    take(SPACE);
    if (at >= text.length) return expect === 'nothing' ? null : placeOf(text, at);
    const character = text[at];
    const closes = open.at(-1) === '{' ? '}' : ']';
    if (character === closes && open.length > 0 && (expect === 'comma' || expect === 'value-or-end' || expect === 'name-or-end')) {
      open.pop();
      at += 1;
      expect = after();
    } else if (expect === 'comma' && character === ',') {
      at += 1;
      expect = open.at(-1) === '{' ? 'name' : 'value';
    } else if (expect === 'colon' && character === ':') {
      at += 1;
      expect = 'value';
    } else if ((expect === 'name' || expect === 'name-or-end') && takeString()) expect = 'colon';
    else if ((expect === 'value' || expect === 'value-or-end') && (character === '{' || character === '[')) {
      open.push(character);
      at += 1;
      expect = character === '{' ? 'name-or-end' : 'value-or-end';
    } else if ((expect === 'value' || expect === 'value-or-end') && (takeString() || take(SCALAR))) expect = after();
    else return placeOf(text, at);
  }
};

const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

// A loop and no expression: on a string of megabytes an expression would run out of stack.
const endOfString = (text: string, start: number): number | null => {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) return null;
    if (code === 0x5c) {
      ESCAPE.lastIndex = at;
      const found = ESCAPE.exec(text);
      if (found === null) return null;
      at += found[0].length - 1;
    }
  }
  return null;
};

const placeOf = (text: string, at: number): JsonFault => {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
};
