/** The value properties (`valueCode`, …) that each extension of HL7's own may hold, `{ url: [name] }`; none where it holds parts instead. */
export function coreExtensionValues(definitions) {
  const values = definitions
    .filter(({ type }) => type === 'Extension')
    .map(({ url, snapshot }) => {
      const value = snapshot.element.find(({ id }) => id === 'Extension.value[x]');
      return [
        url,
        value === undefined || value.max === '0' ? [] : value.type.map(({ code }) => `value${code[0].toUpperCase()}${code.slice(1)}`),
      ];
    });
  return Object.fromEntries(values.sort(([a], [b]) => (a < b ? -1 : 1)));
}
