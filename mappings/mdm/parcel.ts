/** Ends each message of a parcel. Never inside one: `escapeHl7` leaves no line feed. */
const BETWEEN = '\n';

/** The frozen bytes of several HL7 v2 messages, in the order in which they are sent. */
export const toParcel = (messages: readonly string[]): string => messages.join(BETWEEN);

/** The messages of a parcel. */
export const fromParcel = (bytes: string): readonly string[] => bytes.split(BETWEEN);
