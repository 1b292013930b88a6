import { readFileSync, writeFileSync } from 'node:fs';
import { SETTINGS } from '../src/settings.ts';

/** Writes docs/configuration.md from the table of settings; with --check, says whether it is up to date and exits 1 if not. */
const path = new URL('../docs/configuration.md', import.meta.url);
const rows = Object.entries(SETTINGS).map(([name, { schema, rule, about }]) => {
  const standard = 'default' in schema && schema.default !== '' ? `\`${schema.default}\`` : 'none';
  return `| \`${name}\` | ${standard} | ${rule} | ${about} |`;
});
const text = `# Configuration

The broker reads its environment once, at the start. A wrong value is named in one line on standard error, and the broker exits with 1.
An empty variable counts as not set. This page is made by \`npm run configuration\` from \`src/settings.ts\`.

| variable | default | a value is | what it does |
|---|---|---|---|
${rows.join('\n')}
`;

if (process.argv.includes('--check')) {
  if (readFileSync(path, 'utf8') !== text) {
    console.error('docs/configuration.md is not what src/settings.ts says: npm run configuration');
    process.exitCode = 1;
  }
} else {
  writeFileSync(path, text);
}
