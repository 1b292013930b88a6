/** Whether a text is an ODS code: capitals and digits, so that two with a space between name a pair. */
export const isOdsCode = (text: string): boolean => /^[A-Z0-9]{1,12}$/.test(text);
