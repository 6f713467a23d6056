/**
 * Functions of one value for random expressions: immutable, total (no value of types.ts makes them fail), with what they
 * return. `%` stands for the argument and `@` for a literal of its type; doubled, each stands for itself.
 */
import type { ColumnType } from './types.ts'

export interface ValueFunction {
  readonly sql: string
  readonly returns: ColumnType | string
  /** Tells equal values apart, so it must not be asked about a value whose image is open. */
  readonly reveals?: true
}

const f = (sql: string, returns: ColumnType | string): ValueFunction => ({ sql, returns })
const r = (sql: string, returns: ColumnType | string): ValueFunction => ({ sql, returns, reveals: true })

const whole = (type: string): ValueFunction[] => [
  f('(%::numeric + 1)', 'numeric'),
  f('(% %% 3)', type),
  f('coalesce(%, @)', type),
  f('CASE WHEN % > 1 THEN 1 WHEN % < 0 THEN 2 END', 'int4'),
  f('%::text', 'text'),
  f('nullif(%, @)', type),
  f('(- %::numeric)', 'numeric'),
  f('%::float8', 'float8'),
  f('greatest(%, @)', type),
  f('(% IN (1, 2))', 'bool'),
  f('(% = ANY (ARRAY[1, 2, NULL]))', 'bool'),
]

const texts = (type: string): ValueFunction[] => [
  f('upper(%)', type),
  f(`(% || 'z')`, type),
  f('length(%)', 'int4'),
  f(`(% LIKE 'a%%')`, 'bool'),
  f(`coalesce(%, 'a')`, type),
  f('substr(%, 1, 1)', type),
  f(`(% IN ('a', 'b'))`, 'bool'),
  f('md5(%)', 'text'),
]

const byType: Readonly<Record<string, readonly ValueFunction[]>> = {
  int2: whole('int2'),
  int4: [...whole('int4'), f('(%::int8 * 2)', 'int8'), f('ARRAY[%, 1]', 'int_array')],
  int8: whole('int8'),
  numeric: [
    f('(% + 1)', 'numeric'),
    f('(% * 2)', 'numeric'),
    f('round(%, 1)', 'numeric'),
    r('%::text', 'text'),
    r('scale(%)', 'int4'),
    // How many digits a quotient has follows from the scale of its dividend.
    r('(% / 3)', 'numeric'),
    f('trim_scale(%)', 'numeric'),
    f('abs(%)', 'numeric'),
    f('%::float8', 'float8'),
    f('coalesce(%, @)', 'numeric'),
    f(`CASE WHEN % > 1 THEN % ELSE 0 END`, 'numeric'),
  ],
  decimal: [
    f('(% + 1)', 'numeric'),
    f('%::numeric', 'numeric'),
    f('%::text', 'text'),
    f('coalesce(%, @)', 'decimal'),
  ],
  float8: [
    f('(% * 2)', 'float8'),
    f('(% + 1)', 'float8'),
    f('abs(%)', 'float8'),
    r('%::text', 'text'),
    f('coalesce(%, @)', 'float8'),
  ],
  float4: [f('%::float8', 'float8'), f('(% * 2::float4)', 'float4')],
  bool: [
    f('(NOT %)', 'bool'),
    f('(% IS TRUE)', 'bool'),
    f('%::int4', 'int4'),
    f(`CASE WHEN % THEN 'a' ELSE 'b' END`, 'text'),
  ],
  text: [
    ...texts('text'),
    f('(% COLLATE "C")', 'text_c'),
    f('(% COLLATE ci)', 'text_ci'),
    f('%::varchar(4)', 'varchar'),
  ],
  text_c: [...texts('text_c'), f('(% COLLATE "C")', 'text_c')],
  text_ci: [
    f(`coalesce(%, 'a')`, 'text_ci'),
    f(`(% IN ('a', 'b'))`, 'bool'),
    r('(% COLLATE "C")', 'text_c'),
    r('md5(%)', 'text'),
  ],
  varchar: [f('%::text', 'text'), f('length(%)', 'int4'), f(`(% || 'z')`, 'text')],
  char: [f('%::text', 'text'), f('length(%)', 'int4')],
  date: [f('(% + 1)', 'date'), f('%::timestamp', 'timestamp'), f('extract(isodow FROM %)', 'numeric')],
  timestamp: [
    f(`(% + '1 day'::interval)`, 'timestamp'),
    f(`date_trunc('month', %)`, 'timestamp'),
    f('%::date', 'date'),
  ],
  timestamptz: [f(`(% AT TIME ZONE 'UTC')`, 'timestamp')],
  interval: [
    f('(% * 2)', 'interval'),
    f(`(% + '1 hour'::interval)`, 'interval'),
    r('extract(day FROM %)', 'numeric'),
  ],
  time: [f(`(% + '90 minutes'::interval)`, 'time')],
  uuid: [f('%::text', 'text')],
  jsonb: [
    r(`(% ->> 'a')`, 'text'),
    r(`(% -> 'a')`, 'jsonb'),
    f('jsonb_typeof(%)', 'text'),
    f(`(% @@> '{"a": 1}')`, 'bool'),
    r('%::text', 'text'),
  ],
  json: [r(`(% ->> 'a')`, 'text'), r('json_typeof(%)', 'text')],
  bytea: [f('length(%)', 'int4'), f(`encode(%, 'hex')`, 'text'), f(`(% || '\\x00')`, 'bytea')],
  int_array: [
    f('cardinality(%)', 'int4'),
    f('(%)[1]', 'int4'),
    f('(% || 1)', 'int_array'),
    f('(% @@> ARRAY[1])', 'bool'),
  ],
  numeric_array: [r('(%)[1]', 'numeric'), f('cardinality(%)', 'int4')],
  int_range: [
    f('lower(%)', 'int4'),
    f('isempty(%)', 'bool'),
    f('(% && @)', 'bool'),
    f('(% * @)', 'int_range'),
  ],
  num_range: [r('lower(%)', 'numeric'), f('isempty(%)', 'bool')],
  mood: [f('coalesce(%, @)', 'mood'), f('(% > @)', 'bool')],
  positive: [f('(% + 1)::int8', 'int8'), f('%::int4', 'int4')],
  pair: [f('(%).a', 'int4'), f('(%).b', 'text')],
  money: [f('(% * 2)', 'money'), f('(% > @)', 'bool')],
  inet: [f('family(%)', 'int4'), f('host(%)', 'text'), f('masklen(%)', 'int4')],
  bits: [f('(~ %)', 'bits'), f(`(% & '101'::bit(3))::bit(3)`, 'bits'), f('%::int4', 'int4')],
  point: [r('(%)[0]', 'float8')],
}

export function functionsOf(type: ColumnType): readonly ValueFunction[] {
  return type.fields ? ofRows(type, type.fields) : (byType[type.name] ?? [])
}

function ofRows(
  type: ColumnType,
  fields: readonly { readonly name: string; readonly type: ColumnType }[],
): readonly ValueFunction[] {
  return [
    f('(% IS NULL)', 'bool'),
    f('(% IS NOT NULL)', 'bool'),
    ...fields.map(({ name, type }) => r(`(%).${name}`, type)),
    ...(type.comparable ? [f('(% IS NOT DISTINCT FROM %)', 'bool')] : []),
    f('(% IS DISTINCT FROM NULL)', 'bool'),
  ]
}

/** Comparisons that give a condition; `@` is the other side. */
export const comparisons: readonly string[] = [
  '(% <> @)',
  '(% = @)',
  '(% >= @)',
  '(% <= @)',
  '(% < @)',
  '(% IS DISTINCT FROM @)',
  '(NOT (% = @))',
  '(% IN (@, NULL))',
]
