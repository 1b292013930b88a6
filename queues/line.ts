/** The constant log lines of this room. The error beside one may quote values of a row: log its name and code, never its text. */
export const QueueLine = {
  NUDGE_LOST: 'nudge not added; the sweep will find what is due',
  SLICE_FAILED: 'slice failed; the recipient is nudged again after a delay',
  FAN_OUT_FAILED: 'fan-out failed; it is nudged again after a delay',
  SWEEP_FAILED: 'sweep failed; the next one looks again',
  QUEUE_ERROR: 'queue connection or lock error; the queue recovers by itself',
} as const;

export type QueueLine = (typeof QueueLine)[keyof typeof QueueLine];

/** Where this room reports what it survives by itself. */
export type OnError = (line: QueueLine, error: unknown) => void;
