import { System } from '../../../profiles/canonicals.ts';
import type { BlindIndex } from '../keys/blind-index.ts';
import { foldText } from './fold-text.ts';
import { identifierOf } from './index-rows.ts';
import { dateTest, updatedTest } from './date-sql.ts';
import type { Among, Condition, Indexed, Scope, SortKey } from './search.ts';
import { codedText } from './token-text.ts';

/** Values of a statement as they are put into it: each answers its place, `$1` and so on. */
export interface Values {
  readonly list: readonly unknown[];
  put(value: unknown): string;
  /** A value of the index, as it is stored there. */
  stored(token: string): string;
}

export const newValues = (index: Pick<BlindIndex, 'text'>): Values => {
  const list: unknown[] = [];
  return { list, put: (value) => `$${list.push(value)}`, stored: index.text };
};

const or = (parts: readonly string[]): string => (parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(' OR ')})`);

/** The largest text that begins with another, by bytes. */
const LAST = '\u{10FFFF}';

/** Who searches, where the scope is one organisation's: it stands in every key of the index. */
export const searcherOf = (scope: Scope): string | null =>
  scope.is === 'owner' ? scope.owner : scope.is === 'addressed' ? scope.organization : null;

const anyText = (column: string, anyOf: readonly string[], { put }: Values): string =>
  anyOf.length === 1 ? `${column} = ${put(anyOf[0])}` : `${column} = ANY(${put(anyOf)}::text[])`;

interface At {
  /** Alias of the resource. */
  readonly r: string;
  readonly type: string;
  readonly owner: string | null;
  readonly values: Values;
}

// The searcher stands in each key of the index before the serial: what is another organisation's is not read, let alone counted. Where all are
// searched, matches are read first: walking along the serials of everything there is looks cheap to the planner, and is not.
const rowsOf = ({ type, owner, values }: At, table: string, param: string, test: string | null): string => {
  const own = owner === null ? '' : ` AND i.owner = ${values.put(owner)}`;
  const rows = `SELECT i.serial FROM ${table} i WHERE i.type = ${values.put(type)} AND i.param = ${values.put(param)}${own}${test === null ? '' : ` AND ${test}`}`;
  return owner === null ? `(${rows} OFFSET 0)` : rows;
};

const stringTest = ({ put }: Values, how: 'starts' | 'contains' | 'exact', text: string): string => {
  switch (how) {
    case 'starts':
      return `(i.value >= ${put(text)} AND i.value < ${put(`${text}${LAST}`)})`;
    case 'contains':
      return `i.value LIKE ${put(`%${text.replace(/[\\%_]/g, '\\$&')}%`)}`;
    case 'exact':
      // What is the same is the same without accents, too: that narrows the index.
      return `(i.value = ${put(foldText(text))} AND i.exact = ${put(text)})`;
    default:
      return how satisfies never;
  }
};

/** Lists of serials whose sum is what a condition finds: each is read along an index by itself, where an OR would read them all. */
const serialsOf = (condition: Indexed, at: At): readonly string[] => {
  const { r, type, values } = at;
  switch (condition.is) {
    case 'token':
      return [rowsOf(at, 'resource_token', condition.param, anyText('i.token', condition.anyOf.map(values.stored), values))];
    case 'string': {
      const { param, how, anyOf } = condition;
      return anyOf.map((text) => rowsOf(at, 'resource_string', param, stringTest(values, how, text)));
    }
    case 'date':
      return condition.anyOf.map((each) => rowsOf(at, 'resource_date', condition.param, dateTest('i.low', 'i.high', each, values.put)));
    case 'present':
      return [
        rowsOf(at, 'resource_token', condition.param, null),
        rowsOf(at, 'resource_token', identifierOf(condition.param), null),
        rowsOf(at, 'resource_string', condition.param, null),
        rowsOf(at, 'resource_date', condition.param, null),
      ];
    case 'refers': {
      const inner = `${r}_`;
      const among = amongSql(condition.to, inner, values);
      const owner = at.owner === null ? '' : ` AND i.owner = ${values.put(at.owner)}`;
      // The array is read once, whatever is known of the tables. As joins, three steps of a chain took 20 s on 500 resources that were written
      // a minute before, of which nothing was known yet.
      const tokens = `ARRAY(SELECT ${values.put(`${condition.to.type}/`)} || ${inner}.id FROM ${among.from} WHERE ${among.where})`;
      return [
        `SELECT i.serial FROM resource_token i WHERE i.type = ${values.put(type)} AND i.param = ${values.put(condition.param)} AND i.token = ANY(${tokens})${owner}`,
      ];
    }
    case 'any':
      return condition.anyOf.flatMap((each) => serialsOf(each, at));
    default:
      return condition satisfies never;
  }
};

const conditionSql = (condition: Condition, at: At): string => {
  const { r, type, values } = at;
  switch (condition.is) {
    case 'ids':
      return anyText(`${r}.id`, condition.anyOf, values);
    case 'updated':
      return or(condition.anyOf.map((each) => updatedTest(`${r}.updated_at`, each, values.put)));
    case 'not': {
      const none = serialsOf(condition.of, at).map((list) => `NOT EXISTS (SELECT FROM (${list}) n WHERE n.serial = ${r}.serial)`);
      return none.length === 0 ? 'true' : none.join(' AND ');
    }
    case 'referred': {
      const inner = `${r}_`;
      const among = amongSql(condition.by, inner, values);
      const prefix = `${type}/`;
      return `${r}.id IN (SELECT unnest(ARRAY(SELECT substr(i.token, ${prefix.length + 1}) FROM ${among.from} JOIN resource_token i ON i.serial = ${inner}.serial AND i.param = ${values.put(condition.param)} AND i.token >= ${values.put(prefix)} AND i.token < ${values.put(`${prefix}${LAST}`)} WHERE ${among.where})))`;
    }
    default: {
      const lists = serialsOf(condition, at);
      return lists.length === 0 ? 'false' : `${r}.serial IN (${lists.join(' UNION ALL ')})`;
    }
  }
};

const scopeSql = (scope: Scope, at: At): readonly string[] => {
  switch (scope.is) {
    case 'all':
      return [];
    case 'nothing':
      return ['false'];
    case 'owner': {
      const { owner, service } = scope;
      const ofService = service === null ? [] : [`(${at.r}.service IS NULL OR ${at.r}.service = ${at.values.put(service)})`];
      return [`${at.r}.owner = ${at.values.put(owner)}`, ...ofService];
    }
    // A Task stands in the index under the organisation that has it to do.
    case 'addressed':
      return [conditionSql({ is: 'token', param: 'performer', anyOf: [codedText(System.kind, scope.kind)] }, at)];
    default:
      return scope satisfies never;
  }
};

/** FROM and WHERE of what is asked for, with the resource under the alias given. */
export const amongSql = ({ type, scope, where }: Among, r: string, values: Values): { readonly from: string; readonly where: string } => {
  const at: At = { r, type, owner: searcherOf(scope), values };
  const parts = [`${r}.type = ${values.put(type)}`, ...scopeSql(scope, at), ...where.map((each) => conditionSql(each, at))];
  return { from: `resource ${r}`, where: parts.join(' AND ') };
};

const keySql = ({ by, param, descending }: SortKey, r: string, { put }: Values): string => {
  const pick = descending ? 'max' : 'min';
  const of = (table: string, column: string, more = ''): string =>
    `(SELECT ${pick}(i.${column}) FROM ${table} i WHERE i.serial = ${r}.serial AND i.param = ${put(param)}${more})`;
  switch (by) {
    case 'id':
      return `${r}.id COLLATE "C"`;
    case 'updated':
      return `${r}.updated_at`;
    case 'token':
      // Of each code two rows stand in the index: the one without its system sorts.
      return of('resource_token', 'token', ` AND i.token <> '' AND i.token NOT LIKE '%|%'`);
    case 'reference':
      return of('resource_token', 'token', ` AND i.token <> ''`);
    case 'string':
      return of('resource_string', 'value');
    case 'date':
      return of('resource_date', descending ? 'high' : 'low');
    default:
      return by satisfies never;
  }
};

/** ORDER BY of a search: what lacks a value comes last (R4 search, sorting), and the newest created first among equals. */
export const orderSql = (sort: readonly SortKey[], r: string, values: Values): string =>
  [...sort.map((each) => `${keySql(each, r, values)} ${each.descending ? 'DESC' : 'ASC'} NULLS LAST`), `${r}.serial DESC`].join(', ');
