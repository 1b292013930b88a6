/** A literal reference without the version that it may name. */
export const withoutVersion = (reference: string): string => {
  const at = reference.indexOf('/_history/');
  return at === -1 ? reference : reference.slice(0, at);
};

const collect = (value: unknown, found: Set<string>): void => {
  if (Array.isArray(value)) for (const each of value) collect(each, found);
  else if (typeof value === 'object' && value !== null)
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner === 'object') collect(inner, found);
      else if (name === 'reference' && typeof inner === 'string' && !inner.startsWith('#')) found.add(withoutVersion(inner));
    }
};

/** Literal references anywhere in a resource, without versions, each once; not those to what it contains. */
export const referencesIn = (resource: object): ReadonlySet<string> => {
  const found = new Set<string>();
  collect(resource, found);
  return found;
};
