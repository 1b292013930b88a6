import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** One plan as this recipient holds it. `person` is an NHS number, null where it was told none; `plan` the id under which it knows the plan. */
export interface Held {
  readonly person: string | null;
  readonly plan: string | null;
  readonly document: string;
  readonly headings: readonly string[];
  /** Plain words by heading. */
  readonly texts: Readonly<Record<string, string>>;
}

/** A recipient's own store: in memory, and in a JSON file where one is named. `memory` is what it remembers beside plans. */
export interface OwnStore {
  readonly held: Map<string, Held>;
  readonly memory: Map<string, string>;
  /** Writes both to the file; to be called before an answer leaves. */
  save(): void;
}

interface Saved {
  readonly held: readonly (readonly [string, Held])[];
  readonly memory: readonly (readonly [string, string])[];
}

export const openOwnStore = (file: string | undefined): OwnStore => {
  const saved: Saved =
    file !== undefined && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Saved) : { held: [], memory: [] };
  const held = new Map(saved.held);
  const memory = new Map(saved.memory);
  return {
    held,
    memory,
    save() {
      if (file === undefined) return;
      writeFileSync(`${file}.new`, JSON.stringify({ held: [...held], memory: [...memory] }));
      renameSync(`${file}.new`, file);
    },
  };
};
