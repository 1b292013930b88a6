/** The check digit of nine digits by modulus 11; null where there is none (ten). */
const checkDigit = (nine: string): number | null => {
  const sum = [...nine].reduce((total, digit, place) => total + Number(digit) * (10 - place), 0);
  const digit = (11 - (sum % 11)) % 11;
  return digit === 10 ? null : digit;
};

/** The first `count` valid NHS numbers of the range that is never given to anyone (999 000 0000 to 999 999 9999), from the `from`th on. */
export const testNumbers = (count: number, from = 0): readonly string[] => {
  const numbers: string[] = [];
  for (let at = 0, found = 0; numbers.length < count && at < 1_000_000; at += 1) {
    const nine = `999${String(at).padStart(6, '0')}`;
    const digit = checkDigit(nine);
    if (digit !== null && found++ >= from) numbers.push(`${nine}${digit}`);
  }
  if (numbers.length < count) throw new Error('there are no more test numbers');
  return numbers;
};
