import type { Answer, Door, Exchange } from '../exchange.ts';

/** What one interaction does: answers, or throws an Anomaly. */
export type Act = (exchange: Exchange, door: Door) => Promise<Answer> | Answer;
