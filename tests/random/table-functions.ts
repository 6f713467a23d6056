/** Random functions in FROM and set-returning functions in the select list: few rows for every value, and no failure. */
import { expression, fill } from './expression.ts'
import type { ExpressionGenes } from './genes.ts'
import type { Joined } from './merged-columns.ts'
import { literal, pick, type Value, value } from './scope.ts'

export interface FunctionGenes {
  /** Several make ROWS FROM. */
  readonly calls: readonly ExpressionGenes[]
  readonly pick: number
  readonly ordinality: boolean
}

interface TableFunction {
  /** `%` is the argument, `@` a literal of its type. */
  readonly sql: string
  readonly returns: readonly string[]
  /** An item of FROM by itself: not in ROWS FROM, without WITH ORDINALITY, and nowhere else. */
  readonly isAlone?: true
}

const f = (sql: string, ...returns: string[]): TableFunction => ({ sql, returns })

const alone = (sql: string, ...returns: string[]): TableFunction => ({ sql, returns, isAlone: true })

const inJson = [
  alone(
    `JSON_TABLE(%, '$' COLUMNS (n FOR ORDINALITY, a numeric PATH '$.a', w jsonb PATH '$'))`,
    'int4',
    'numeric',
    'jsonb',
  ),
  alone(
    `JSON_TABLE(%, '$[*]' COLUMNS (t text PATH '$', b bool EXISTS PATH '$.a', NESTED PATH '$.a' COLUMNS (i int PATH '$')))`,
    'text',
    'bool',
    'int4',
  ),
]

const inXml = alone(
  `XMLTABLE('/r/*' PASSING xmlelement(name r, xmlforest(% AS v, @ AS w)) COLUMNS n FOR ORDINALITY, t text PATH '.', e text PATH 'none' DEFAULT 'no')`,
  'int4',
  'text',
  'text',
)

const whole = (type: string): TableFunction[] => [
  f(`generate_series(1, least(%, 3)::${type})`, type),
  f(`generate_series(least(%, 3)::${type}, 1, -1)`, type),
]

const byType: Readonly<Record<string, readonly TableFunction[]>> = {
  int4: [...whole('int4'), inXml],
  int8: whole('int8'),
  text: [
    f(`string_to_table(%, 't')`, 'text'),
    f(`regexp_split_to_table(%, '')`, 'text'),
    f(`unnest(string_to_array(%, NULL))`, 'text'),
    f('upper(%)', 'text'),
    inXml,
    alone(
      `JSON_TABLE(('[' || repeat('1,', length(%)) || '2]')::jsonb, '$[*]' COLUMNS (n FOR ORDINALITY, x int PATH '$'))`,
      'int4',
      'int4',
    ),
  ],
  int_array: [f('unnest(%)', 'int4'), f('generate_subscripts(%, 1)', 'int4')],
  numeric_array: [f('unnest(%)', 'numeric')],
  jsonb: [
    f(`jsonb_each(CASE WHEN jsonb_typeof(%) = 'object' THEN % END)`, 'text', 'jsonb'),
    f(`jsonb_object_keys(CASE WHEN jsonb_typeof(%) = 'object' THEN % END)`, 'text'),
    f(`jsonb_array_elements(CASE WHEN jsonb_typeof(%) = 'array' THEN % END)`, 'jsonb'),
    f(`jsonb_path_query(%, '$.*')`, 'jsonb'),
    ...inJson,
  ],
  json: inJson,
  int_range: [f('unnest(int4multirange(%, @))', 'int_range')],
  numeric: [f('generate_series(1, CASE WHEN % < 3 AND % > 0 THEN trim_scale(%) END)', 'numeric')],
  pair: [f('unnest(ARRAY[%, @])', 'int4', 'text')],
}

/** For these an array of them is something else, or takes the collation of a neighbour. */
const NOT_IN_ARRAYS = ['int_array', 'numeric_array', 'pair']

function functionsOver({ type }: Value): readonly TableFunction[] {
  const own = byType[type.name] ?? []
  const isPlain = !NOT_IN_ARRAYS.includes(type.name) && !type.name.startsWith('row of ')
  return isPlain ? [...own, f('unnest(ARRAY[%, @])', type.name), ...own] : own
}

/** A function of values in scope, with what its columns are; null where there is none over such a value. */
function call(
  genes: ExpressionGenes,
  scope: readonly Value[],
  gene: number,
  mayBeAlone = false,
): { readonly sql: string; readonly columns: readonly Value[]; readonly isAlone: boolean } | null {
  const argument = expression(genes, scope)
  const candidates = functionsOver(argument).filter(({ isAlone }) => mayBeAlone || !isAlone)
  if (candidates.length === 0 || argument.rounds || argument.open) return null
  const chosen = pick(candidates, gene)
  return {
    sql: fill(chosen.sql, argument.sql, literal(argument.type, genes.literal)),
    columns: chosen.returns.map((returns) => value('', returns)),
    isAlone: chosen.isAlone ?? false,
  }
}

const COLUMNS = ['x', '"a b"', 'ok', 'n', 'v', 'seq']

/** An item of FROM; null where no function fits what is in scope. */
export function functionsInFrom(genes: FunctionGenes, scope: readonly Value[], alias: string): Joined | null {
  const calls = genes.calls
    .map((each, i) => call(each, scope, genes.pick + i, genes.calls.length === 1))
    .filter((each) => each !== null)
  const [first] = calls
  if (!first) return null
  const isNumbered = genes.ordinality && !first.isAlone
  const columns = [
    ...calls.flatMap((each) => each.columns),
    ...(isNumbered ? [value('', 'int8')] : []),
  ].slice(0, COLUMNS.length)
  const sql = calls.length > 1 ? `ROWS FROM (${calls.map((each) => each.sql).join(', ')})` : first.sql
  const names = columns.map((_, i) => COLUMNS[i] ?? 'c')
  return {
    sql: `${sql}${isNumbered ? ' WITH ORDINALITY' : ''} AS ${alias}(${names.join(', ')})`,
    scope: columns.map((column, i) => ({ ...column, sql: `${alias}.${names[i]}` })),
    columns: columns.map((column, i) => ({ ...column, name: names[i] ?? 'c' })),
  }
}

/** A set-returning function to be shown, of one column. */
export function setToShow(genes: ExpressionGenes, scope: readonly Value[]): Value | null {
  const made = call(genes, scope, genes.literal)
  const [column, ...others] = made?.columns ?? []
  if (!made || !column || others.length > 0 || made.sql.startsWith('upper')) return null
  return { ...column, sql: made.sql }
}
