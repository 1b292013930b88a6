import { stripTypeScriptTypes } from 'node:module';

/** Jest's transformer: the types are taken out as Node itself does it, so lines and columns stay. */
export default { process: (source) => ({ code: stripTypeScriptTypes(source) }) };
