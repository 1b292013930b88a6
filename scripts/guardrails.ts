import { readFileSync, writeFileSync } from 'node:fs';
import { GUARDRAIL_TABLE } from '../src/decide/guardrails/table.ts';
import { WORDS_VERSION } from '../src/decide/guardrails/word-lists.ts';

/** Writes docs/guardrails.md from the table of guardrails; with --check, says whether it is up to date and exits 1 if not. */
const path = new URL('../docs/guardrails.md', import.meta.url);
const files = (names: readonly string[]): string => (names.length === 0 ? '' : names.map((name) => `\`${name}\``).join(', '));
const rows = GUARDRAIL_TABLE.map(
  ({ id, rule, where, sentence, tests, built, open }) =>
    `| ${id} | ${rule} | ${files(where)} | ${sentence ?? ''} | ${files(tests)} | ${built === 'reports' ? 'with the reports' : (open ?? '')} |`,
);
const text = `# Guardrails

Serenity Integrated Mentoring, the programme from which this work descends, was withdrawn by the NHS. What went wrong there is impossible here, not
forbidden. This page is made by \`npm run guardrails\` from \`src/decide/guardrails/table.ts\`; a test holds that each file is there, and that
each test names its rule. What is open is said. The words that rules look for are data (\`src/decide/guardrails/word-lists.ts\`, version ${WORDS_VERSION}): they
stop the plainest cases, and are no reason for an approver to read less.

| | must hold | where | what the user reads | test | open |
|---|---|---|---|---|---|
${rows.join('\n')}
`;

if (process.argv.includes('--check')) {
  if (readFileSync(path, 'utf8') !== text) {
    console.error('docs/guardrails.md is not what src/decide/guardrails/table.ts says: npm run guardrails');
    process.exitCode = 1;
  }
} else {
  writeFileSync(path, text);
}
