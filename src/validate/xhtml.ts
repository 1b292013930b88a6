const ELEMENTS: ReadonlySet<string> = new Set(
  (
    'div p br hr span b i u em strong small big sub sup tt code pre blockquote q cite dfn abbr acronym address var samp kbd ins del ' +
    'h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table caption colgroup col thead tbody tfoot tr th td a img'
  ).split(' '),
);
const VOID: ReadonlySet<string> = new Set(['br', 'hr', 'img', 'col']);
const ATTRIBUTES: ReadonlySet<string> = new Set(
  'xmlns id class title lang xml:lang dir style href name src alt width height border cellpadding cellspacing align valign colspan rowspan span scope headers abbr start type value summary cite'.split(
    ' ',
  ),
);
const ENTITY = /&(?!(?:amp|lt|gt|quot|apos|nbsp|#\d{1,6}|#x[0-9a-fA-F]{1,6});)/;
const NAMESPACE = 'http://www.w3.org/1999/xhtml';
const MAX_DEPTH = 60;

const TAG = /<(\/?)([A-Za-z][A-Za-z0-9]*)((?:\s+[A-Za-z_:][A-Za-z0-9_:.-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const ATTRIBUTE = /([A-Za-z_:][A-Za-z0-9_:.-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** Where a link may lead: a place in the page, a page, a mailbox, a telephone. Nothing is loaded until a person follows it. */
const LINK = /^(#|https?:\/\/|mailto:|tel:)/i;
/** Images and styles are loaded by themselves, so they stay inside the resource. */
const INSIDE = /^#/;
const LOADS = /url\s*\(|expression|@|\\|javascript|behaviou?r|position\s*:/i;

const attributeProblem = (name: string, value: string): string | null => {
  if (!ATTRIBUTES.has(name)) return 'has an attribute that a narrative may not have';
  if (ENTITY.test(value)) return 'has an ampersand or entity that is not XML';
  if ((name === 'href' || name === 'cite') && !LINK.test(value)) return 'has a link that leads nowhere safe';
  if (name === 'src' && !INSIDE.test(value)) return 'loads something from outside';
  if (name === 'style' && LOADS.test(value)) return 'has a style that loads or hides something';
  return null;
};

const attributesProblem = (text: string, isRoot: boolean): string | null => {
  const seen = new Set<string>();
  let namespace = false;
  for (const [, name = '', double, single] of text.matchAll(ATTRIBUTE)) {
    const value = double ?? single ?? '';
    if (seen.has(name)) return 'has an attribute twice';
    seen.add(name);
    if (name === 'xmlns') {
      if (value !== NAMESPACE) return 'is not in the XHTML namespace';
      namespace = true;
      continue;
    }
    const problem = attributeProblem(name, value);
    if (problem !== null) return problem;
  }
  return isRoot && !namespace ? 'starts with <div xmlns="http://www.w3.org/1999/xhtml">' : null;
};

/** Why a narrative is not well-formed, or not harmless; null when it is both. One pass, linear in its length; never repeats what it read. */
export const xhtmlProblem = (div: string): string | null => {
  const open: string[] = [];
  let at = 0;
  let words = false;
  while (at < div.length) {
    const next = div.indexOf('<', at);
    const text = div.slice(at, next === -1 ? div.length : next);
    if (text.trim() !== '') {
      if (open.length === 0) return 'is one div, with nothing round it';
      if (ENTITY.test(text) || text.includes(']]>')) return 'has an ampersand or entity that is not XML';
      words = true;
    }
    if (next === -1) break;
    TAG.lastIndex = next;
    const match = TAG.exec(div);
    if (match === null) return 'is not well-formed: each tag is whole, attributes are quoted, and comments and declarations are left out';
    const [whole, closing = '', name = '', attributes = '', selfClosing = ''] = match;
    at = next + whole.length;
    if (!ELEMENTS.has(name)) return 'has an element that a narrative may not have';
    if (closing !== '') {
      if (attributes.trim() !== '' || selfClosing !== '' || open.pop() !== name)
        return 'is not well-formed: tags close in the order in which they open';
      if (open.length === 0 && div.slice(at).trim() !== '') return 'is one div, with nothing round it';
      continue;
    }
    if (open.length === 0 && (name !== 'div' || next !== div.search(/\S/) || selfClosing !== '')) return 'is one div, with words in it';
    const problem = attributesProblem(attributes, open.length === 0);
    if (problem !== null) return problem;
    if (name === 'img') words = true;
    if (selfClosing === '') {
      if (VOID.has(name)) return 'is not well-formed: an empty element closes itself';
      open.push(name);
      if (open.length > MAX_DEPTH) return 'is nested too deep';
    }
  }
  if (open.length > 0) return 'is not well-formed: a tag is not closed';
  return words ? null : 'has no words';
};
