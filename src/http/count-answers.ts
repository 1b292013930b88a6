import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';
import type { AnswerReceived } from '../store/receive-answer.ts';

/** Registers `broker_message_answers_total`: answers to messages of ours, by what became of them. `message-of-another` is an alarm. */
export const countAnswers = (registry: Registry): ((told: AnswerReceived) => void) => {
  const answers = new Counter({
    name: 'broker_message_answers_total',
    help: 'Answers that came by a message of their own, by what became of them',
    labelNames: ['told'] as const,
    registers: [registry],
  });
  return (told) => answers.inc({ told });
};
