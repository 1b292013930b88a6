import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const fileIn = (dataDir: string): string => join(resolve(dataDir), 'broker.url');

/** Writes down where the broker of a data folder is reached, for commands beside it. Answers how to take it back. */
export const writeBrokerAddress = async (dataDir: string, url: string): Promise<() => Promise<void>> => {
  await writeFile(fileIn(dataDir), `${url}\n`);
  return () => rm(fileIn(dataDir), { force: true });
};

/** Origin of the broker that runs in a data folder; null where none answers. A killed one leaves its address behind. */
export const runningBroker = async (dataDir: string): Promise<string | null> => {
  const text = await readFile(fileIn(dataDir), 'utf8').catch(() => null);
  if (text === null || !URL.canParse(text.trim())) return null;
  const { origin } = new URL(text.trim());
  const isLive = await fetch(`${origin}/health/live`, { redirect: 'error', signal: AbortSignal.timeout(3_000) }).then(
    ({ ok }) => ok,
    () => false, // it went without a word
  );
  return isLive ? origin : null;
};
