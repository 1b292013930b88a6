/**
 * The whole style of the contact page: text that grows, contrast of 7:1 or more, targets of 44 px, a visible focus. A constant, for the
 * Content-Security-Policy names its hash.
 */
export const CONTACT_STYLE =
  'body{margin:0;font:1.1875rem/1.5 Arial,sans-serif;color:#212b32;background:#fff}' +
  'main{max-width:40rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}' +
  'li{margin:.5rem 0}' +
  'a{display:inline-block;min-width:44px;min-height:44px;line-height:44px;color:#003d78;font-weight:bold}' +
  'a:focus{outline:4px solid #212b32;outline-offset:2px;background:#ffeb3b;color:#212b32}';
