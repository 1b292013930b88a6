import { afterAll, beforeAll } from '@jest/globals';
import type { Arena } from './races/arena.ts';
import { openArena } from './races/arena.ts';
import { raceApproval } from './races/race-approval.ts';
import { raceBegin } from './races/race-begin.ts';
import { raceRead } from './races/race-read.ts';
import { raceWorkers } from './races/race-workers.ts';

const ROUNDS = 100;
const TIMEOUT = 120_000;

let arena: Arena;
beforeAll(async () => {
  arena = await openArena();
}, 60_000);
afterAll(() => arena?.close());
const opened = (): Arena => arena;

raceBegin(opened, ROUNDS, TIMEOUT);
raceRead(opened, ROUNDS, TIMEOUT);
raceWorkers(opened, ROUNDS, TIMEOUT);
raceApproval(opened, ROUNDS, TIMEOUT);
