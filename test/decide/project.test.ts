import { describe, expect, test } from '@jest/globals';
import { digest } from '../../src/decide/digest.ts';
import { project } from '../../src/decide/project.ts';
import type { PlanAction, Section } from '../../src/model/disclosure.ts';
import type { Heading } from '../../src/model/heading.ts';
import { HEADINGS, kindMaySee } from '../../src/model/heading.ts';
import { RECIPIENT_KINDS } from '../../src/model/kind.ts';

const section = (heading: Heading, text = `words under ${heading}`): Section => ({ heading, div: `<div>${text}</div>` });
const action = (heading: Heading, description = `action under ${heading}`): PlanAction => ({ heading, description });
const everything = project(
  HEADINGS.map((heading) => section(heading)),
  HEADINGS.map((heading) => action(heading)),
);

describe('I4: the projection of each kind', () => {
  test.each(RECIPIENT_KINDS)('%s: holds the words and the hashes of its allow-list, and no other', (kind) => {
    const allowed = HEADINGS.filter((heading) => kindMaySee(kind, heading) && !(kind === 'police' && heading === 'who-i-am'));
    const { projection, words } = everything[kind];
    expect(Object.keys(projection.headings)).toEqual(allowed);
    expect(words.sections.map(({ heading }) => heading)).toEqual(allowed);
    expect(words.actions.map(({ heading }) => heading)).toEqual(allowed);
  });

  test('G5: of "who I am" no word leaves to police: name and birth date stand in the Patient', () => {
    expect(JSON.stringify(everything.police)).not.toContain('who-i-am');
    expect(JSON.stringify(everything.ambulance)).toContain('words under who-i-am');
  });

  test('I4: formulation is in no projection', () => {
    expect(JSON.stringify(everything)).not.toContain('formulation');
  });

  test('a heading without words has no hash; an action alone is enough', () => {
    const { ed } = project([section('triggers')], [action('crisis-steps')]);
    expect(Object.keys(ed.projection.headings)).toEqual(['triggers', 'crisis-steps']);
  });

  test('I5: a change that a kind may not see leaves its projection as it was', () => {
    const before = project([section('please-do'), section('triggers')], []);
    const after = project([section('please-do'), section('triggers', 'other words')], [action('crisis-steps')]);
    expect(after.police).toEqual(before.police);
    expect(after['crisis-line'].projection.headings.triggers).toBeUndefined();
    expect(after.ed.projection.hash).not.toBe(before.ed.projection.hash);
    expect(after.ed.projection.headings['please-do']).toBe(before.ed.projection.headings['please-do']);
    expect(after.ed.projection.headings.triggers).not.toBe(before.ed.projection.headings.triggers);
  });

  test('refusals and proxies are words of their heading, and a plan without any has the hash that it ever had', () => {
    const refusal = { is: 'advance-decision', heading: 'refusals', treatment: 'Zebra', circumstances: null, madeOn: '2026-02-02' } as const;
    const words = [section('refusals'), section('triggers')];
    const without = project(words, []);
    expect(project(words, [], [])).toEqual(without);
    expect(without.ed.projection.headings.refusals).toBe(digest([['<div>words under refusals</div>'], []]));
    const named = project(words, [], [{ ...refusal, lifeSustaining: null, document: null }]);
    for (const kind of RECIPIENT_KINDS) {
      const seen = kindMaySee(kind, 'refusals');
      expect(JSON.stringify(named[kind]).includes('Zebra')).toBe(seen);
      expect(named[kind].projection.headings.refusals !== without[kind].projection.headings.refusals).toBe(seen);
      expect(named[kind].projection.headings.triggers).toBe(without[kind].projection.headings.triggers);
    }
  });

  test('the hash covers words, actions, and their order', () => {
    const hash = (sections: readonly Section[], actions: readonly PlanAction[]): string => project(sections, actions).ed.projection.hash;
    const base = hash([section('triggers')], [action('crisis-steps', 'one'), action('crisis-steps', 'two')]);
    expect(hash([section('triggers')], [action('crisis-steps', 'one'), action('crisis-steps', 'two')])).toBe(base);
    expect(hash([section('triggers')], [action('crisis-steps', 'two'), action('crisis-steps', 'one')])).not.toBe(base);
    expect(hash([section('triggers', 'x')], [action('crisis-steps', 'one'), action('crisis-steps', 'two')])).not.toBe(base);
  });
});
