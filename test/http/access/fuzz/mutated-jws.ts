import fc from 'fast-check';

/** A change of a compact JWS: what comes of it is another text, under the signature that the first one had, or none. */
export type JwsMutation = (text: string) => string;

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** What a decoder may pass over, or take for another sign. Each can stand in a header. */
const ODD = ['=', '==', '+', '/', '.', '..', ' ', '\t', '%3D', '%2e', '~', '"', ',', ';', 'é', '\u00ff', '\u00a0', '*', '&', '\\', '/*'];

const replaceAt = (text: string, at: number, by: string, length = 1): string => text.slice(0, at) + by + text.slice(at + length);
const placeIn = (text: string, pick: number): number => pick % Math.max(1, text.length);

const inText: fc.Arbitrary<JwsMutation> = fc.oneof(
  fc.tuple(fc.nat(), fc.constantFrom(...BASE64URL)).map(
    ([pick, sign]): JwsMutation =>
      (text) =>
        replaceAt(text, placeIn(text, pick), sign),
  ),
  fc.tuple(fc.nat(), fc.constantFrom(...ODD), fc.boolean()).map(
    ([pick, sign, insert]): JwsMutation =>
      (text) =>
        replaceAt(text, placeIn(text, pick), sign, insert ? 0 : 1),
  ),
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 40 })).map(
    ([pick, length]): JwsMutation =>
      (text) =>
        replaceAt(text, placeIn(text, pick), '', length),
  ),
  fc.nat().map(
    (pick): JwsMutation =>
      (text) =>
        text.slice(0, placeIn(text, pick)),
  ),
  fc.nat().map(
    (pick): JwsMutation =>
      (text) => {
        const at = placeIn(text, pick);
        const sign = text[at] ?? '';
        return replaceAt(text, at, sign === sign.toLowerCase() ? sign.toUpperCase() : sign.toLowerCase());
      },
  ),
  fc.constantFrom<JwsMutation>(
    (text) => text + text,
    (text) => `${text}=`,
    (text) => `=${text}`,
    (text) => `${text}.`,
    (text) => `.${text}`,
    (text) => text.toUpperCase(),
    (text) => text.toLowerCase(),
    (text) => [...text].reverse().join(''),
    (text) => text.split('.').reverse().join('.'),
    (text) => text.split('.').slice(0, 2).join('.'),
    (text) => `${text.split('.').slice(0, 2).join('.')}.`,
    (text) => text.replaceAll('.', '..'),
    (text) => text.replaceAll('-', '+').replaceAll('_', '/'),
    (text) =>
      text
        .split('.')
        .map((part) => Buffer.from(part, 'base64url').toString('base64'))
        .join('.'),
    (text) => Buffer.from(text).toString('base64url'),
    () => '',
  ),
);

type Parsed = Record<string, unknown>;

const withPart = (text: string, part: 0 | 1, change: (value: Parsed) => unknown): string => {
  const parts = text.split('.');
  const value = JSON.parse(Buffer.from(parts[part] ?? '', 'base64url').toString()) as Parsed;
  parts[part] = Buffer.from(JSON.stringify(change(value)) ?? '').toString('base64url');
  return parts.join('.');
};

const HEADERS = ['alg', 'kid', 'typ', 'jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'cty', 'enc', '__proto__'];
const CLAIMS = ['iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', 'client_id', 'scope', 'organization', 'kind', 'cnf', '__proto__'];
const value = fc.oneof(
  fc.constantFrom<unknown>(
    'none',
    'HS256',
    'ES256',
    'RS512',
    'at+jwt',
    'JWT',
    null,
    0,
    1,
    -1,
    1e308,
    true,
    '',
    [],
    {},
    'system/*.cruds',
    'BROKER',
    'operator',
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

const inJson: fc.Arbitrary<JwsMutation> = fc
  .record({ part: fc.constantFrom<0 | 1>(0, 1), pick: fc.nat(), value, how: fc.constantFrom('set', 'set', 'set', 'drop', 'whole') })
  .map(
    ({ part, pick, value: by, how }): JwsMutation =>
      (text) =>
        withPart(text, part, (before) => {
          const names = part === 0 ? HEADERS : CLAIMS;
          const name = names[pick % names.length] ?? '';
          if (how === 'whole') return by;
          const { [name]: _, ...rest } = before;
          return how === 'drop' ? rest : { ...rest, [name]: by };
        }),
  );

const inSignature: fc.Arbitrary<JwsMutation> = fc
  .array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 })
  .map(
    (flips): JwsMutation =>
      (text) => {
        const parts = text.split('.');
        const bytes = Buffer.from(parts[2] ?? '', 'base64url');
        for (const [at, bits] of flips) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ bits;
        return [parts[0], parts[1], bytes.toString('base64url')].join('.');
      },
  );

/** One to three changes of a JWS: of its signs, of what its header and claims say, of its signature's bits. */
export const jwsMutation: fc.Arbitrary<JwsMutation> = fc.oneof(
  { weight: 5, arbitrary: inText },
  { weight: 3, arbitrary: inJson },
  { weight: 2, arbitrary: inSignature },
  {
    weight: 1,
    arbitrary: fc.tuple(inJson, inText).map(
      ([first, second]): JwsMutation =>
        (text) =>
          second(first(text)),
    ),
  },
);
