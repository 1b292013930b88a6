import type { Ask } from './broker-client.ts';
import { textAt } from './json-path.ts';
import type { Held, OwnStore } from './own-store.ts';
import { nhsNumberAt, readWords } from './read-words.ts';

/** Reads a plan by the id under which this recipient knows it: CarePlan, then its Composition. Null where the broker shows none. */
const readPlan = async (ask: Ask, id: string): Promise<Held | null> => {
  const carePlan = await ask('GET', `CarePlan/${id}`);
  const words = textAt(carePlan.body, 'supportingInfo', 0, 'reference');
  if (carePlan.status !== 200 || words === null) return gone(carePlan.status);
  const composition = await ask('GET', words);
  if (composition.status !== 200) return gone(composition.status);
  const texts = readWords(composition.body);
  const version = textAt(composition.body, 'meta', 'versionId') ?? '';
  const person = nhsNumberAt(carePlan.body, 'subject', 'identifier');
  return { person, plan: id, document: `${words}/_history/${version}`, headings: Object.keys(texts), texts };
};

const gone = (status: number): null => {
  if (status === 404 || status === 410) return null;
  throw new Error(`the plan cannot be read: ${status}`);
};

/** Reads a plan again: stores what is shown, and drops what is shown no longer. Answers whether there is one. */
export const readAgain = async (ask: Ask, store: OwnStore, id: string): Promise<boolean> => {
  const held = await readPlan(ask, id);
  if (held === null) store.held.delete(id);
  else store.held.set(id, held);
  store.save();
  return held !== null;
};
