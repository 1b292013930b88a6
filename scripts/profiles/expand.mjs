/** Codes of each value set that an element binds as required, `{ url: { system: [code] } }`; left out is what cannot be expanded without a terminology server. */
export function requiredBindings(definitions, valueSets, codeSystems) {
  const sets = new Map(valueSets.map((set) => [set.url, set]));
  const systems = new Map(codeSystems.map((system) => [system.url, system]));
  const result = {};
  for (const { snapshot } of definitions)
    for (const { binding } of snapshot?.element ?? []) {
      if (binding?.strength !== 'required' || binding.valueSet === undefined) continue;
      const url = bare(binding.valueSet);
      if (url in result) continue;
      const codes = expand(url, sets, systems, new Set());
      if (codes !== null) result[url] = sorted(codes);
    }
  return sorted(result);
}

const bare = (canonical) => canonical.split('|')[0];
const sorted = (object) =>
  Object.fromEntries(
    Object.entries(object)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, Array.isArray(value) ? [...new Set(value)].sort() : value]),
  );

/** Null as soon as one part of the value set is not known whole. */
function expand(url, sets, systems, seen) {
  const set = sets.get(url);
  if (set === undefined || seen.has(url)) return null;
  const inside = new Set([...seen, url]);
  if (set.compose === undefined) return null;
  const codes = {};
  for (const part of set.compose.include) {
    const found = included(part, sets, systems, inside);
    if (found === null) return null;
    for (const [system, list] of Object.entries(found)) codes[system] = [...(codes[system] ?? []), ...list];
  }
  for (const part of set.compose.exclude ?? []) {
    const found = included(part, sets, systems, inside);
    if (found === null) return null;
    for (const [system, list] of Object.entries(found)) codes[system] = (codes[system] ?? []).filter((code) => !list.includes(code));
  }
  return codes;
}

function included(part, sets, systems, seen) {
  if (part.valueSet !== undefined) {
    if (part.system !== undefined || part.valueSet.length !== 1) return null;
    return expand(bare(part.valueSet[0]), sets, systems, seen);
  }
  if (part.concept !== undefined) return { [part.system]: part.concept.map(({ code }) => code) };
  const system = systems.get(part.system);
  if (system?.concept === undefined || system.content === 'fragment' || system.content === 'example') return null;
  const filters = part.filter ?? [];
  let codes = flat(system.concept, []);
  for (const filter of filters) {
    if (filter.op !== 'is-a' || filter.property !== 'concept') return null;
    codes = codes.filter(
      ({ code, above, parents }) => code === filter.value || above.includes(filter.value) || isBelow(parents, filter.value, codes),
    );
  }
  return { [part.system]: codes.map(({ code }) => code) };
}

const flat = (concepts, above) =>
  concepts.flatMap((concept) => [
    {
      code: concept.code,
      above,
      parents: (concept.property ?? []).filter(({ code }) => code === 'subsumedBy').map(({ valueCode }) => valueCode),
    },
    ...flat(concept.concept ?? [], [...above, concept.code]),
  ]);

const isBelow = (parents, value, all) =>
  parents.some((parent) => parent === value || isBelow(all.find(({ code }) => code === parent)?.parents ?? [], value, all));
