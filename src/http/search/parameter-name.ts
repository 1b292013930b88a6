/** A parameter's name as it may stand in an answer: one with digits, or of no known shape, might hold a person, and is not repeated. */
export const checkedNames = (name: string): string => (/^[A-Za-z_][A-Za-z_.:-]{0,63}$/.test(name) ? name : 'a-parameter');
