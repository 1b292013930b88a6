/** NHS numbers that belong to nobody: 999 000 0000 to 999 999 9999, valid by modulus 11 (NHS Data Dictionary). Each call of `next` gives another. */
export const nhsNumbersFrom = (first: number): { next(): string } => {
  let count = first;
  const numberOf = (serial: number): string | null => {
    const digits = `999${String(serial).padStart(6, '0')}`;
    const sum = [...digits].reduce((total, digit, index) => total + Number(digit) * (10 - index), 0);
    const check = (11 - (sum % 11)) % 11;
    return check === 10 ? null : `${digits}${check}`;
  };
  return {
    next: () => {
      for (;;) {
        const found = numberOf(count++);
        if (found !== null) return found;
      }
    },
  };
};
