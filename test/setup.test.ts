import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

/** What each command does first in a fresh clone: with a stand-in for npm, which is somebody else's and takes a minute. */

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'setup-'));
  mkdirSync(join(root, 'scripts'));
  mkdirSync(join(root, 'bin'));
  cpSync('scripts/setup.mjs', join(root, 'scripts', 'setup.mjs'));
  writeFileSync(join(root, 'package-lock.json'), '{"packages":{"":{},"node_modules/one":{"version":"1.0.0"}}}');
  // As npm ci: what is there goes first, and the list of what was installed is written last.
  const npm = `#!/bin/sh
echo begun >> "${root}/log"
rm -rf node_modules && mkdir -p node_modules/.bin || exit 1
sleep 1
[ -d node_modules/.bin ] || exit 1
touch node_modules/.bin/node
cp package-lock.json node_modules/.package-lock.json
echo done >> "${root}/log"
`;
  writeFileSync(join(root, 'bin', 'npm'), npm);
  chmodSync(join(root, 'bin', 'npm'), 0o755);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const setup = (): Promise<{ readonly code: number | null; readonly said: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ['scripts/setup.mjs'], {
      cwd: root,
      env: { ...process.env, PATH: `${join(root, 'bin')}:/usr/bin:/bin` },
    });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    child.on('close', (code) => resolve({ code, said }));
  });
const log = (): readonly string[] => readFileSync(join(root, 'log'), 'utf8').trim().split('\n');

test('commands that are started at once in a fresh clone install once: the others wait, and find it done', async () => {
  const all = await Promise.all([setup(), setup(), setup()]);
  expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(log()).toEqual(['begun', 'done']);
  expect(all.filter(({ said }) => said.includes('waiting for it'))).toHaveLength(2);
});

test('the lock of one that was killed holds nobody up', async () => {
  writeFileSync(join(root, '.setup.lock'), '999999999');
  expect(await setup()).toMatchObject({ code: 0 });
  expect(log()).toEqual(['begun', 'done']);
});
