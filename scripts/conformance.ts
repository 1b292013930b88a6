import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { eventSignal } from './conformance/event-signal.ts';
import { fhirMessaging } from './conformance/fhir-messaging.ts';
import { hl7v2 } from './conformance/hl7v2.ts';
import { subscriptions } from './conformance/subscriptions.ts';
import type { Checklist, Line } from './conformance/list.ts';
import { nrlConsumer } from './conformance/nrl-consumer.ts';
import { nrlProducer } from './conformance/nrl-producer.ts';

/**
 * Writes docs/conformance/ from the checklists and from the titles of the tests that carry their tags; with --check, says what is not up to date
 * and exits 1. A line that no test shows, and that does not say why not, is an error, as is a tag that no checklist knows.
 */
const CHECKLISTS: readonly Checklist[] = [eventSignal, fhirMessaging, hl7v2, nrlConsumer, nrlProducer, subscriptions];
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TAG = /\[((?:\d[ab]|nrlp?|mns)(?:\.[a-z\d]+)+)\]/g;
/** A string of one line that holds a tag, in any of the three quotes. */
const TITLE = /(['"`])((?:\\.|(?!\1).)*\[(?:\d[ab]|nrlp?|mns)(?:\.[a-z\d]+)+\](?:\\.|(?!\1).)*)\1/g;

/** A title of a test, and the file in which it stands. */
interface Shown {
  readonly file: string;
  readonly title: string;
}

const shownBy = new Map<string, Shown[]>();
for (const file of readdirSync(`${ROOT}test`, { recursive: true, encoding: 'utf8' }).toSorted()) {
  if (!file.endsWith('.ts')) continue;
  for (const [, , title = ''] of readFileSync(`${ROOT}test/${file}`, 'utf8').matchAll(TITLE)) {
    for (const [, id = ''] of title.matchAll(TAG)) {
      const plain = title.replace(TAG, '').replaceAll('\\', '').replace(/\s+/g, ' ').trim();
      shownBy.set(id, [...(shownBy.get(id) ?? []), { file: `test/${file.replaceAll('\\', '/')}`, title: plain }]);
    }
  }
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
const verdict = ({ notApplicable, open }: Line): string =>
  notApplicable !== undefined ? `not applicable: ${notApplicable}` : open === undefined ? 'pass' : `in part: ${open}`;
const row = (line: Line): string => {
  const tests = (shownBy.get(line.id) ?? []).map(({ file, title }) => `\`${file}\`: ${cell(title)}`);
  return `| ${line.id} | ${cell(line.asks)} | ${cell(verdict(line))} | ${tests.join('<br>')} |`;
};

const page = ({ title, source, lines }: Checklist): string => `# Conformance: ${title}

What is asked, line by line, and the tests that show it. From: ${source}. This page is made by \`npm run conformance\` from
\`scripts/conformance/\` and the titles of the tests; a line that no test carries makes it fail. "Pass" is what \`npm test\` says: it fails where
one of these tests does, and CI where one is left out.

| | asked | | shown by |
|---|---|---|---|
${lines.map(row).join('\n')}
`;

const known = new Set(CHECKLISTS.flatMap(({ lines }) => lines.map(({ id }) => id)));
const faults = [
  ...[...shownBy.keys()].filter((id) => !known.has(id)).map((id) => `[${id}] stands in a test, and in no checklist`),
  ...CHECKLISTS.flatMap(({ lines }) => lines)
    .filter(({ id, notApplicable, open }) => notApplicable === undefined && open === undefined && !shownBy.has(id))
    .map(({ id }) => `${id} is shown by no test`),
];
const isCheck = process.argv.includes('--check');
for (const checklist of CHECKLISTS) {
  const path = `${ROOT}docs/conformance/${checklist.page}.md`;
  const text = page(checklist);
  if (!isCheck) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text)
    faults.push(`docs/conformance/${checklist.page}.md is not what the tests say: npm run conformance`);
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
