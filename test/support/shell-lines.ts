/** What of a page is meant to be copied into a shell, block by block: the `sh` fences, below a heading where one is named. Throws where there are none. */
export const shellBlocks = (page: string, heading: string | null = null): readonly string[] => {
  const parts = page.split(/^(?=## )/m);
  const part = heading === null ? page : parts.find((each) => each.startsWith(`## ${heading}\n`));
  const blocks = [...(part ?? '').matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
  if (blocks.length === 0) throw new Error(`the page shows no lines for a shell${heading === null ? '' : ` below "${heading}"`}`);
  return blocks;
};

/** Commands of a block: a line each, but for those that go on in the next one, by a backslash or an open brace. */
export const commandsOf = (block: string): readonly string[] => {
  const commands: string[] = [];
  let open = '';
  for (const line of block.split('\n')) {
    open = open === '' ? line : `${open}\n${line}`;
    const isWhole = !open.endsWith('\\') && open.split('{').length === open.split('}').length && open.split("'").length % 2 === 1;
    if (isWhole && open.trim() !== '') commands.push(open);
    if (isWhole) open = '';
  }
  if (open !== '') throw new Error(`a command does not end: ${open}`);
  return commands;
};
