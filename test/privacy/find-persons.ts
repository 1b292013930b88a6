/** What names a person: an NHS number, a name, a sentence of a plan. */
export interface Secret {
  readonly what: 'number' | 'name' | 'words' | 'other';
  readonly value: string;
}

/** Where a secret was found, with some of what stands around it. */
export interface Find {
  readonly where: string;
  readonly what: Secret['what'];
  readonly around: string;
}

/** Every way in which a text can carry another: as it is, escaped for JSON, for a URL (also twice), for XML, in base64 at any offset, in hex. */
const shapesOf = (value: string): readonly string[] => {
  const url = encodeURIComponent(value);
  const bytes = Buffer.from(value, 'utf8');
  const base64 = [0, 1, 2].map((offset) => {
    // Whatever stands before it shifts it by up to two bytes; the ends mix with what is beside, and are left out.
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    return text.slice(offset === 0 ? 0 : 4, -2);
  });
  const grouped = /^\d{10}$/.test(value)
    ? [`${value.slice(0, 3)} ${value.slice(3, 6)} ${value.slice(6)}`, `${value.slice(0, 3)}-${value.slice(3, 6)}-${value.slice(6)}`]
    : [];
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    url,
    url.replaceAll('%20', '+'),
    encodeURIComponent(url),
    value.replaceAll('&', '&amp;').replaceAll("'", '&apos;'),
    bytes.toString('hex'),
    ...base64.filter((text) => text.length >= 8),
    ...grouped,
  ];
};

/** A finder for these secrets: answers each that a text holds, in any of its shapes and whatever the case. */
export const personFinder = (secrets: readonly Secret[]) => {
  const shapes = secrets.flatMap(({ what, value }) => [...new Set(shapesOf(value))].map((shape) => ({ what, shape: shape.toLowerCase() })));
  const findPersons = (where: string, text: string): readonly Find[] => {
    const low = text.toLowerCase();
    return shapes.flatMap(({ what, shape }) => {
      const at = low.indexOf(shape);
      return at < 0 ? [] : [{ where, what, around: text.slice(Math.max(0, at - 60), at + shape.length + 60) }];
    });
  };
  return findPersons;
};

/** NHS numbers that nobody named: ten digits from 999 on, valid by modulus 11, in a text that should hold none at all. */
export const anyNumber = (where: string, text: string): readonly Find[] =>
  [...text.matchAll(/(?<![0-9a-f.])999\d{7}(?![0-9a-f])/gi)]
    .filter(([number]) => isValid(number))
    .map(({ index, 0: number }) => ({
      where,
      what: 'number' as const,
      around: text.slice(Math.max(0, index - 60), index + number.length + 60),
    }));

const isValid = (number: string): boolean => {
  const sum = [...number.slice(0, 9)].reduce((total, digit, index) => total + Number(digit) * (10 - index), 0);
  return (11 - (sum % 11)) % 11 === Number(number[9]);
};
