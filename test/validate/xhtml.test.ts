import { describe, expect, test } from '@jest/globals';
import { xhtmlProblem } from '../../src/validate/xhtml.ts';

const div = (inner: string): string => `<div xmlns="http://www.w3.org/1999/xhtml">${inner}</div>`;

describe('narrative', () => {
  test.each([
    'words',
    '<p>one</p>\n<p>two <b>bold</b><br/>line</p>',
    '<ul class="x"><li>a &amp; b</li><li>&#163;5 &nbsp; &lt;</li></ul>',
    '<table><tbody><tr><td colspan="2">x</td></tr></tbody></table>',
    '<a href="tel:01632960002">ring</a> <a href="https://nhs.example/a?b=1&amp;c=2">read</a> <a href="#there">see</a>',
    "<p title='single'>quoted</p>",
    '<p style="color: red; font-weight: bold">red</p>',
    '<img src="#photo" alt="me"/>',
  ])('takes %s', (inner) => {
    expect(xhtmlProblem(div(inner))).toBeNull();
  });

  test.each<[string, string]>([
    ['a script', div('<script>alert(1)</script>')],
    ['a script in capitals', div('<SCRIPT>alert(1)</SCRIPT>')],
    ['an event', div('<p onmouseover="x()">a</p>')],
    ['an event in capitals', div('<p onMouseOver="x()">a</p>')],
    ['a link that runs', div('<a href="javascript:x()">a</a>')],
    ['a link that runs, hidden', div('<a href="&#106;avascript:x()">a</a>')],
    ['a link that runs, with a tab', div('<a href="java\tscript:x()">a</a>')],
    ['data as a link', div('<a href="data:text/html,x">a</a>')],
    ['a picture from outside', div('<img src="https://tracker.example/p.gif" alt=""/>')],
    ['a style from outside', div('<p style="background: URL(https://x.example)">a</p>')],
    ['a style that hides others', div('<p style="position:fixed">a</p>')],
    ['a frame', div('<iframe src="#x"></iframe>')],
    ['a form', div('<form action="https://x.example"><input/></form>')],
    ['a drawing', div('<svg><animate/></svg>')],
    ['a style element', div('<style>p{}</style>')],
    ['an object', div('<object data="#x"/>')],
    ['a comment', div('a<!-- hidden -->')],
    ['CDATA', div('<![CDATA[<script>]]>')],
    ['a declaration', `<!DOCTYPE div [<!ENTITY x "y">]>${div('&x;')}`],
    ['an instruction', `<?xml version="1.0"?>${div('a')}`],
    ['an entity', div('&copy;')],
    ['a bare ampersand', div('a & b')],
    ['tags crossed', div('<b><i>a</b></i>')],
    ['a tag left open', div('<p>a')],
    ['a break left open', div('a<br>b')],
    ['an attribute without quotes', div('<p class=x>a</p>')],
    ['an attribute twice', div('<p class="a" class="b">c</p>')],
    ['half a tag', div('a <p')],
    ['two divs', div('a') + div('b')],
    ['words outside', `${div('a')} b`],
    ['no namespace', '<div>a</div>'],
    ['another namespace', '<div xmlns="urn:x">a</div>'],
    ['a namespaced element', div('<x:script xmlns:x="http://www.w3.org/1999/xhtml">a</x:script>')],
    ['a paragraph for a div', '<p xmlns="http://www.w3.org/1999/xhtml">a</p>'],
    ['no words', div('<p> </p>')],
    ['nothing', ''],
    ['not markup', 'words'],
    ['a thousand levels', div(`${'<b>'.repeat(1000)}a${'</b>'.repeat(1000)}`)],
  ])('refuses %s', (_, text) => {
    expect(xhtmlProblem(text)).not.toBeNull();
  });

  test('a megabyte of half tags is answered at once', () => {
    const began = performance.now();
    for (const text of [
      '<p a="'.repeat(150_000),
      '<p '.repeat(300_000),
      ' '.repeat(1_000_000),
      `<p ${'a="b" '.repeat(150_000)}`,
      `<p${' '.repeat(1_000_000)}x`,
    ])
      xhtmlProblem(div(text));
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});
