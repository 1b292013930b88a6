import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { OpenDoor } from '../http/open-door.ts';
import { openDoor } from '../http/open-door.ts';
import { EXPECTED } from './expected.ts';
import { send } from './incident.ts';
import { published, publishedFolder, whereShared } from './published.ts';

interface Issue {
  readonly severity: string;
  readonly code: string;
  readonly expression?: readonly string[];
  readonly details: { readonly text: string };
}

/** What an answer says: of a message that was taken, the OperationOutcome inside. */
const issuesOf = (body: { issue?: readonly Issue[]; entry?: readonly { resource: { issue?: readonly Issue[] } }[] }): readonly Issue[] =>
  body.issue ?? body.entry?.[1]?.resource.issue ?? [];

whereShared('what others published goes through the doors', () => {
  let door: OpenDoor;
  beforeAll(async () => {
    door = await openDoor();
  }, 60_000);
  afterAll(() => door?.close());

  test('every published file has its expected answer', () => {
    const files = readdirSync(publishedFolder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));
    expect(EXPECTED.map(({ file }) => file).sort()).toEqual(files.sort());
    expect(files).toHaveLength(25);
  });

  test.each(EXPECTED)('$file: $status. $why', async ({ file, door: path, caller, status, issues }) => {
    const before = await door.stored();
    const text = published(file);
    const answer = path.endsWith('$process-message')
      ? await send(door, caller, text)
      : await door.as(door.agent.post(path), caller).set('Content-Type', 'application/fhir+json').send(text);
    const said = issuesOf(answer.body);
    expect({ status: answer.status, issues: said.map(({ code, expression = [] }) => [code, ...expression].join(' ')).sort() }).toEqual({
      status,
      issues: [...issues].sort(),
    });
    for (const { severity, details } of said) {
      expect(severity).toBe(answer.ok ? 'warning' : 'error');
      expect(details.text).not.toBe('');
    }
    if (answer.status === 201) {
      const { id: _id, meta: _meta, ...stored } = answer.body;
      const { id: _sentId, meta: _sentMeta, ...sent } = JSON.parse(text);
      expect(stored).toEqual(sent);
    }
    if (!answer.ok) expect(await door.stored()).toBe(before);
  });
});
