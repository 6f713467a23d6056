/** Column types of random tables: few values each, so that keys meet, and among them those that break things. */

export interface ColumnType {
  readonly name: string
  /** As in DDL. */
  readonly sql: string
  /** Literals; NULL comes by itself. */
  readonly values: readonly string[]
  /** May be the column of a primary key, GROUP BY, or an equality. */
  readonly comparable: boolean
  /** Has min and max in every version. */
  readonly ordered: boolean
  /** Equal values may print differently: which one a group shows is open. */
  readonly manyImages: boolean
  /** What sum and avg return; absent where there is none. */
  readonly sum?: string
  readonly avg?: string
  /** Of a row. */
  readonly fields?: readonly { readonly name: string; readonly type: ColumnType }[]
}

type Options = Partial<Omit<ColumnType, 'name' | 'values'>>

const list: ColumnType[] = []

function define(name: string, values: readonly string[], options: Options = {}): void {
  list.push({ name, sql: name, values, comparable: true, ordered: true, manyImages: false, ...options })
}

const quoted = (type: string, ...values: string[]) => values.map((value) => `'${value}'::${type}`)

define('int4', ['1', '2', '3', '0', '(-1)', '2147483647'], { sum: 'int8', avg: 'numeric' })
define('text', [`'a'`, `'b'`, `''`, `'A'`, `'é'`, `'it''s'`])
define(
  'numeric',
  quoted(
    'numeric',
    '1',
    '2.5',
    '1.0',
    '1.00',
    '-1.5',
    'NaN',
    'Infinity',
    '-Infinity',
    '1e-25',
    '12345678901234567890.123',
  ),
  {
    manyImages: true,
    sum: 'numeric',
    avg: 'numeric',
  },
)
define('int8', ['1::int8', '2::int8', '0::int8', '(-5)::int8', '9223372036854775807'], {
  sum: 'numeric',
  avg: 'numeric',
})
define('int2', quoted('int2', '1', '2', '0', '-1', '32767'), { sum: 'int8', avg: 'numeric' })
define('decimal', quoted('numeric(8,2)', '1', '2.50', '-3.25', '0', 'NaN'), {
  sql: 'numeric(8,2)',
  sum: 'numeric',
  avg: 'numeric',
})
define('float8', quoted('float8', '1', '2.5', '0', '-0', '0.1', '-1024.5', 'NaN', 'Infinity', '-Infinity'), {
  manyImages: true,
  sum: 'float8',
  avg: 'float8',
})
define('float4', quoted('float4', '1', '2.5', '0', '-0', 'NaN'), {
  manyImages: true,
  sum: 'float4',
  avg: 'float8',
})
define('bool', ['true', 'false'], { ordered: false })
define('text_c', [`'a'`, `'b'`, `'B'`, `''`], { sql: 'text COLLATE "C"' })
define('text_ci', [`'a'`, `'A'`, `'b'`, `''`], { sql: 'text COLLATE ci', manyImages: true })
define('varchar', quoted('varchar(4)', 'a', 'ab', '', 'A'), { sql: 'varchar(4)' })
define('char', quoted('char(3)', 'a', 'ab', ''), { sql: 'char(3)' })
define('date', quoted('date', '2024-01-01', '2024-02-29', '2023-12-31', 'infinity'))
define('timestamp', quoted('timestamp', '2024-01-01 00:00', '2024-01-31 23:59:59.999999', '-infinity'))
define('timestamptz', quoted('timestamptz', '2024-01-01 00:00+00', '2024-03-31 02:30+01', 'infinity'))
define('interval', quoted('interval', '1 day', '24:00:00', '1 mon', '-2 hours', 'infinity'), {
  manyImages: true,
  sum: 'interval',
  avg: 'interval',
})
define('time', quoted('time', '00:00', '12:30', '24:00'))
define(
  'uuid',
  quoted('uuid', '00000000-0000-0000-0000-000000000001', 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
  { ordered: false },
)
define('jsonb', quoted('jsonb', '{"a": 1}', '{"a": 1.0}', '[1, "a"]', '[]', 'null', '"x"'), {
  ordered: false,
  manyImages: true,
})
define('json', quoted('json', '{"a": 1}', '{"a":1}', '[1]', 'null'), { comparable: false, ordered: false })
define('bytea', quoted('bytea', '\\x', '\\x00', '\\xff'), { ordered: false })
define('int_array', quoted('int4[]', '{1}', '{}', '{1,2}', '{NULL}'), { sql: 'int4[]' })
define('numeric_array', quoted('numeric[]', '{1}', '{1.0}', '{}'), { sql: 'numeric[]', manyImages: true })
define('int_range', quoted('int4range', '[1,3)', 'empty', '[2,2]', '(,5)'), {
  sql: 'int4range',
  ordered: false,
})
define('num_range', quoted('numrange', '[1,2]', '[1.0,2.00]', 'empty'), {
  sql: 'numrange',
  ordered: false,
  manyImages: true,
})
define('mood', quoted('mood', 'ok', 'sad', 'happy'))
define('positive', quoted('positive', '1', '0', '7'), { ordered: false })
define('pair', [`ROW(1, 'a')::pair`, `ROW(NULL, 'b')::pair`, `ROW(2, NULL)::pair`, `ROW(NULL, NULL)::pair`], {
  ordered: false,
})
define('money', quoted('money', '1', '2.50', '-1'), { sum: 'money' })
define('inet', quoted('inet', '10.0.0.1', '10.0.0.0/8', '::1'))
define('bits', quoted('bit(3)', '101', '000', '111'), { sql: 'bit(3)', ordered: false })
define('point', quoted('point', '(1,2)', '(0,-0)'), { comparable: false, ordered: false })

export const columnTypes: readonly ColumnType[] = list

const byName = new Map(list.map((type) => [type.name, type]))

export function typeNamed(name: string): ColumnType {
  const found = byName.get(name)
  if (!found) throw new Error(`there is no type ${name}`)
  return found
}

/** What the types above need; `ci` falls back to a collation that is not blind where there is no ICU. */
export const typeSetup: readonly string[] = [
  `CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')`,
  'CREATE DOMAIN positive AS int4 CHECK (VALUE >= 0)',
  'CREATE TYPE pair AS (a int4, b text)',
  `CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
]
