// Both queues, in one process with what they share.
process.env['KILL_BOTH'] = '1';
await import('./kill.test.ts');
