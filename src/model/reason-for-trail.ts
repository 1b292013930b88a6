const MOST = 200;

/** What is asked of a reason that stands on the trail, which holds no person (I8). */
export const REASON_FOR_TRAIL = `says why, in at most ${MOST} characters and without an NHS number`;

export const isReasonForTrail = (reason: string): boolean =>
  reason.trim() !== '' && reason.length <= MOST && !/\d{3}\D?\d{3}\D?\d{4}/.test(reason);
