import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AMBER, AMBULANCE, approvePlan, openDoor } from '../open-door.ts';
import type { OpenDoor } from '../open-door.ts';
import { readPdf } from '../../support/pdf-text.ts';
import { consumerAt, SUBJECT } from './consumer.ts';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
let door: OpenDoor;
let nrl: ReturnType<typeof consumerAt>;
let urls: readonly string[];
beforeAll(async () => {
  door = await openDoor();
  await approvePlan(door);
  nrl = consumerAt(door);
  const { body } = await nrl.post(AMBULANCE, { 'subject:identifier': `${SUBJECT}${AMBER}` });
  urls = body.entry[0].resource.content.map(({ attachment }: { attachment: { url: string } }) => attachment.url.slice(door.origin.length));
});
afterAll(() => door.close());

const open = (index: number) => nrl.get(AMBULANCE, urls[index] ?? '', { Accept: '*/*' });
const events = async (): Promise<readonly string[]> =>
  (await door.pool.query<{ event: string }>('SELECT event FROM audit ORDER BY id')).rows.map(({ event }) => event);

describe('what a pointer points to', () => {
  test('the plan is a tagged PDF of what this service may see, whom to ring before all else [nrl.19]', async () => {
    const before = (await events()).length;
    const { status, headers, body } = await open(0)
      .buffer(true)
      .parse((response, done) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => done(null, Buffer.concat(chunks)));
      });
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, 'application/pdf', 'no-store']);
    const { text, tags, raw } = readPdf(body);
    expect(text).toContain('This plan never stops assessment, conveyance or treatment. Use your own judgement.');
    expect(text).toMatch(
      /Shown to ZZ3, and right, on \d+ \w+ \d{4} at \d\d:\d\d:\d\d (?:GMT|BST)\. It may have changed since: do not keep it/,
    );
    expect(text).toContain('Sit down beside me.');
    expect(text.indexOf('Who to ring now')).toBeGreaterThan(-1);
    expect(text.indexOf('Who to ring now')).toBeLessThan(text.indexOf('Please do'));
    expect(text).toContain('01632 960002');
    expect(tags.filter((tag) => tag === 'H1')).toHaveLength(1);
    expect(tags.filter((tag) => tag === 'H2').length).toBeGreaterThanOrEqual(2);
    expect(raw).toMatch(/\/Lang \(en-GB\)/);
    expect(raw).toMatch(/\/Marked true/);
    expect(raw).toMatch(/\/DisplayDocTitle true/);
    expect(raw).toMatch(/\/FontFile2 \d+ 0 R/);
    // Read as a delivery, with words.
    expect((await events()).slice(before)).toEqual(['read']);
  });

  test('the contact page says whom to ring, and nothing of the person [nrl.20]', async () => {
    const before = (await events()).length;
    const { status, headers, text } = await open(1);
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, 'text/html; charset=utf-8', 'no-store']);
    expect(text).toMatch(/<html lang="en-GB">/);
    expect(text.match(/<h1>/g)).toHaveLength(1);
    expect(text).toContain('<a href="tel:+441632960002">01632 960002</a>');
    expect(text).toContain('This plan never stops assessment');
    expect(text).not.toMatch(/Sit down|touch|Amber|<script|https?:/);
    expect(text).not.toContain(AMBER);
    expect((await events()).slice(before)).toEqual(['read']);
    // The policy lets in its own style, by its hash, and nothing else.
    const style = /<style>([^<]*)<\/style>/.exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers['content-security-policy']).toBe(
      `default-src 'none';style-src 'sha256-${hash}';base-uri 'none';form-action 'none';frame-ancestors 'none'`,
    );
  });

  test('without a token neither is there [nrl.21]', async () => {
    for (const url of urls) {
      expect(url).not.toContain(AMBER);
      expect((await door.agent.get(url)).status).toBe(401);
    }
  });

  // A browser is no dependency: where there is none, the markup above is what is known.
  (existsSync(CHROMIUM) ? test : test.skip)(
    'a real browser shows the contact page without script, with its links and headings [nrl.20]',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'contact-'));
      try {
        const file = join(folder, 'contact.html');
        await writeFile(file, (await open(1)).text);
        const { stdout } = await promisify(execFile)(
          CHROMIUM,
          ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${folder}/profile`, '--dump-dom', `file://${file}`],
          { timeout: 60_000 },
        );
        expect(stdout).toMatch(/<title>Crisis plan: who to ring/);
        expect(stdout.match(/<h[12]>[^<]+/g)).toEqual(['<h1>Crisis plan: who to ring', '<h2>Ring the team', '<h2>If nobody answers']);
        expect(stdout).toContain('<a href="tel:+441632960002">01632 960002</a>');
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    90_000,
  );
});
