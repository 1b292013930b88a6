import { expect, test } from '@jest/globals';
import { createLog, Line } from '../../src/log.ts';

const capture = (level: 'debug' | 'info' | 'warn' | 'error' | 'silent') => {
  const lines: Record<string, unknown>[] = [];
  return { lines, log: createLog(level, (text) => void lines.push(JSON.parse(text))) };
};

test('A line is its constant message with the keys of its kind', () => {
  const { lines, log } = capture('info');
  log(Line.listening, { host: '127.0.0.1', port: 1 });
  expect(lines).toEqual([{ level: 30, time: expect.any(String), msg: 'listening', host: '127.0.0.1', port: 1 }]);
});

test('I8: an error is logged by class, code and place; its words, which may quote a person, are not', () => {
  const { lines, log } = capture('info');
  const fault = Object.assign(
    new Error('Key (nhs)=(9990000018) of Testperson-Amber already exists', { cause: new TypeError('Testperson-Amber') }),
    {
      code: '23505',
      constraint: 'person_nhs',
      detail: 'Testperson-Amber',
    },
  );
  log(Line.fault, { name: 'probe', fault });
  expect(JSON.stringify(lines)).not.toMatch(/9990000018|Testperson/);
  expect(lines[0]).toMatchObject({ fault: { type: 'Error', code: '23505', constraint: 'person_nhs', cause: { type: 'TypeError' } } });
  expect(JSON.stringify(lines)).toContain('log.test.ts');
});

test('I8: what is thrown and is no error leaves no words either', () => {
  const { lines, log } = capture('info');
  log(Line.fault, { name: 'probe', fault: 'Testperson-Amber' });
  expect(lines[0]).toMatchObject({ fault: { type: 'string' } });
  expect(JSON.stringify(lines)).not.toContain('Testperson');
});

test('Lines below the level are not written', () => {
  const { lines, log } = capture('error');
  log(Line.stopping, { signal: 'SIGTERM' });
  expect(lines).toEqual([]);
});
