/** Segments of an HL7 v2 message as fields; field n of a segment is at index n, for MSH too (MSH-1 is the separator). */
export type Hl7Segments = readonly (readonly string[])[];

/** Splits a message; null when it does not start with a whole MSH. Fields stay escaped. */
export const readHl7 = (text: string): Hl7Segments | null => {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line !== '');
  const [first] = lines;
  const separator = first?.charAt(3);
  if (first === undefined || !first.startsWith('MSH') || separator === undefined || !/^[^\w\s]$/.test(separator)) return null;
  return lines.map((line, index) => {
    const fields = line.split(separator);
    return index === 0 ? ['MSH', separator, ...fields.slice(1)] : fields;
  });
};

/** Field n of the first segment of that name; an empty string where there is none. */
export const fieldOf = (segments: Hl7Segments, name: string, position: number): string =>
  segments.find((fields) => fields[0] === name)?.[position] ?? '';
