import { inflateSync } from 'node:zlib';

/** What a reader of a tagged PDF gets: the words of each line in reading order, and the tags of the structure tree in theirs. Of what pdfkit writes. */
export interface PdfRead {
  readonly text: string;
  readonly tags: readonly string[];
  readonly raw: string;
}

interface Part {
  readonly head: string;
  readonly stream: string;
}

const partsOf = (bytes: Buffer): ReadonlyMap<string, Part> => {
  const raw = bytes.toString('latin1');
  return new Map(
    [...raw.matchAll(/(\d+) 0 obj\n([\s\S]*?)endobj/g)].map(([, number = '', body = '']): [string, Part] => {
      const [head = '', rest] = body.split('\nstream\n');
      const packed = rest?.slice(0, rest.lastIndexOf('\nendstream')) ?? '';
      const stream = head.includes('/FlateDecode') ? inflateSync(Buffer.from(packed, 'latin1')).toString('latin1') : packed;
      return [number, { head, stream }];
    }),
  );
};

// pdfkit lists what each glyph stands for, in order, a hundred or more to a range.
const glyphsOf = (map: string): readonly string[] =>
  [...map.matchAll(/\[([^\]]*)\]/g)].flatMap(([, list = '']) =>
    [...list.matchAll(/<([0-9a-f ]+)>/gi)].map(([, hex = '']) =>
      String.fromCharCode(...(hex.replaceAll(' ', '').match(/.{4}/g) ?? []).map((each) => Number.parseInt(each, 16))),
    ),
  );

/** Reads a PDF back. Throws where a font does not say what its glyphs are. */
export const readPdf = (bytes: Buffer): PdfRead => {
  const raw = bytes.toString('latin1');
  const parts = partsOf(bytes);
  const fonts = new Map(
    [...raw.matchAll(/\/(F\d+) (\d+) 0 R/g)].map(([, name = '', number = '']): [string, readonly string[]] => {
      const map = /\/ToUnicode (\d+) 0 R/.exec(parts.get(number)?.head ?? '')?.[1];
      if (map === undefined) throw new Error(`font ${name} has no map to Unicode`);
      return [name, glyphsOf(parts.get(map)?.stream ?? '')];
    }),
  );
  const lines: string[] = [];
  for (const { stream } of parts.values()) {
    for (const [block] of stream.matchAll(/\bBT\n[\s\S]*?\nET\b/g)) {
      const font = fonts.get(/\/(F\d+) /.exec(block)?.[1] ?? '') ?? [];
      const shown = [...block.matchAll(/\[([^\]]*)\] TJ/g)].flatMap(([, list = '']) => [...list.matchAll(/<([0-9a-f]+)>/g)]);
      lines.push(
        shown.map(([, hex = '']) => (hex.match(/.{4}/g) ?? []).map((each) => font[Number.parseInt(each, 16)] ?? '').join('')).join(''),
      );
    }
  }
  return {
    text: lines.join(' ').replace(/\s+/g, ' '),
    tags: [...raw.matchAll(/\/S \/(Document|H\d|P)\b/g)].map(([, tag = '']) => tag),
    raw,
  };
};
