import { beforeAll, describe, expect, test } from 'vitest'
import type { Scalar } from '../../src/compiler/algebra/scalar.ts'
import { collate } from '../../src/compiler/bind/collation.ts'
import { bindExpression } from '../../src/compiler/bind/expression.ts'
import { underRelabels } from '../../src/compiler/bind/expression-cast.ts'
import { assertMaintainable, findUnstable } from '../../src/compiler/bind/stability.ts'
import { CompileError } from '../../src/compiler/catalog/error.ts'
import { numberField } from '../../src/compiler/catalog/node-field.ts'
import { printScalar } from '../../src/compiler/emit/scalar.ts'
import { serverVersion, withClient } from '../support/server.ts'
import { type Analysed, analyse, columnName, tableScope } from './expression-roundtrip.ts'

const TABLE = `CREATE SCHEMA "App s"; SET search_path = "App s", public;
  CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (x integer, y timestamptz);
  CREATE DOMAIN days AS date;
  CREATE FUNCTION two(OUT a integer, OUT b integer) LANGUAGE sql IMMUTABLE AS 'SELECT 1, 2';
  CREATE FUNCTION hidden_clock(integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT $1';
  CREATE OPERATOR %% (RIGHTARG = integer, FUNCTION = hidden_clock);
  CREATE FUNCTION aged(date, at date DEFAULT current_date, by integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $2 - $1';
  CREATE FUNCTION noisy(integer DEFAULT 1, by float8 DEFAULT 2 * random()) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1';
  CREATE TABLE everything (id integer, i integer, n numeric, f double precision, s text, v varchar(9), sc text COLLATE "C",
    sp text COLLATE "POSIX", m mood, u uuid, jb jsonb, ia integer[], ta timestamptz[], ts timestamp, tz timestamptz, d days,
    r int4range, tr tstzrange, pr pair, by bytea)`

const IMMUTABLE = `lower(s), i::text, n::text, f::text, m::text, s::mood, s::uuid, u::text, jb::text, s::jsonb, ia::text,
  r::text, ia::text[], coalesce(i, 0), i IN (1, 2), (i, s) < (1, 'a'), s LIKE 'a%', jb ->> 'a', ts + interval '1 day',
  date_trunc('day', ts), extract(year FROM ts), tz AT TIME ZONE 'UTC', (pr).x, ARRAY[i], i::numeric(9,2), s::varchar(3),
  json_object('a' : i), json_value(jb, '$.a' RETURNING integer), s IS JSON, xmlelement(name a, i), greatest(i, 1),
  concat(i, s), concat_ws(',', i, ia), format('%s', i), i || s, quote_literal(n), array_to_string(ia, ','), to_jsonb(i), to_json(ts),
  aged(d, ts::date), aged(d, by => 2, at => d), noisy(by => f), noisy(i, 1), jsonb_build_object('a', i, 'd', ts::date, 'r', ROW(i, s)), json_build_array(i, ia), row_to_json(ROW(i, ts)), json_object('a' : ts)`

const STABLE = `ts::text, s::timestamp, tz::date, tz::timestamp, date_trunc('day', tz), to_char(ts, 'TMMonth'), to_char(tz, 'YYYY'), current_date, now(), aged(d), aged(d, by => 2),
  current_user, ta::text, tr::text, pr::text, d::text, ta::text[], s::regclass, concat(ts), tz || s, hidden_clock(i), %% i,
  json_object('a' : tz), json_value(jb, '$.a' RETURNING timestamptz), jsonb_build_object('a', tz), to_jsonb(pr), to_json(ta),
  row_to_json(ROW(i, tz)), ROW(ts)::text, format('%s', ts),
  json_exists(jb, '$.a.datetime()'), xmlelement(name a, tz), xmlelement(name a, by), extract(year FROM tz), s::xml::text`

const VOLATILE = `random(), i + random(), noisy(), noisy(i), noisy(hidden_clock(i)), clock_timestamp(), gen_random_uuid(), CASE WHEN random() > 0.5 THEN 1 END`

/** The version with which the server learned to read an expression. */
const since = (expression: string) => {
  if (/json_(value|exists)/.test(expression)) return 17
  return /json_object\(|IS JSON/.test(expression) ? 16 : 15
}

let version = 0
let analysed: (expression: string) => Promise<Analysed>

beforeAll(async () => {
  await withClient(async (client) => {
    await client.query(TABLE)
    version = await serverVersion(client)
  })
  let views = 0
  analysed = (expression) =>
    withClient(async (client) => {
      await client.query('SET search_path = "App s", public')
      views += 1
      const database = { run: async (sql: string) => (await client.query(sql)).rows }
      const [only] = await analyse(database, `refusal_${views}`, [expression])
      if (only === undefined) throw new Error('nothing analysed')
      return only
    })
})

async function bound(expression: string): Promise<Scalar> {
  const { node, request } = await analysed(expression)
  return bindExpression(node, tableScope(request))
}

const refusal = (expression: string) =>
  bound(expression).then(
    () => undefined,
    (error: unknown) => error,
  )

describe('volatility', () => {
  test.each(splitList(IMMUTABLE))('%s is immutable', async (expression) => {
    if (version < since(expression)) return
    expect(findUnstable(await bound(expression))).toBeUndefined()
  })

  test.each(splitList(STABLE))('%s is stable', async (expression) => {
    if (version < since(expression)) return
    const scalar = await bound(expression)
    expect(findUnstable(scalar)?.volatility).toBe('stable')
    expect(() => assertMaintainable(scalar)).toThrow(CompileError)
    expect(() => assertMaintainable(scalar)).toThrow(expect.objectContaining({ kind: 'unsupported' }))
  })

  test.each(['tz::date', `date_trunc('day', tz)`, 'extract(year FROM tz)', `tz + interval '1 day'`])(
    '%s: the hint says how to name the zone',
    async (expression) => {
      const scalar = await bound(expression)
      const hint = expect.stringContaining(`AT TIME ZONE 'UTC'`)
      expect(() => assertMaintainable(scalar)).toThrow(expect.objectContaining({ hint }))
    },
  )

  test.each(['ts::text', 'now()', `to_char(ts, 'TMMonth')`])(
    '%s: naming a zone does not help',
    async (expression) => {
      const scalar = await bound(expression)
      const hint = expect.not.stringContaining('AT TIME ZONE')
      expect(() => assertMaintainable(scalar)).toThrow(expect.objectContaining({ hint }))
    },
  )

  test.each([
    ['now()', 'at > now()'],
    ['CURRENT_TIMESTAMP - tz', 'at > now()'],
    ['current_date - d', 'day > current_date'],
    ['statement_timestamp()', 'Use now()'],
  ])('%s: the hint says what the time may be compared with', async (expression, words) => {
    const scalar = await bound(expression)
    const hint = expect.stringContaining(words)
    expect(() => assertMaintainable(scalar)).toThrow(expect.objectContaining({ hint }))
  })

  test.each(splitList(VOLATILE))('%s is volatile', async (expression) => {
    const scalar = await bound(expression)
    expect(findUnstable(scalar)?.volatility).toBe('volatile')
    expect(() => assertMaintainable(scalar)).toThrow(expect.objectContaining({ kind: 'user' }))
  })
})

describe('refusals', () => {
  test.each([
    ['generate_series(1, i)', 'set-returning function generate_series'],
    ['(two()).b', 'field of an anonymous record'],
    ['CASE random()::integer WHEN 1::numeric THEN 2 END', 'CASE on a volatile value'],
  ])('%s', async (expression, construct) => {
    const error = await refusal(expression)
    expect(error).toBeInstanceOf(CompileError)
    expect(error).toMatchObject({ kind: 'unsupported', sqlstate: '0A000' })
    expect((error as CompileError).construct).toContain(construct)
  })

  test('an unknown node is named', async () => {
    const { request } = await analysed('i')
    expect(() => bindExpression({ tag: 'NEWNODE', fields: {} }, tableScope(request))).toThrow(
      'expression node NEWNODE',
    )
  })
})

test('an expression in the place of a column does not change the collation of what is over it', async () => {
  const { node, request } = await analysed('s < v')
  const name = columnName(request)
  const collation = (wanted: string) => {
    const found = Object.values(request.collations).find((each) => each.name === wanted)
    if (found === undefined) throw new Error(`no collation ${wanted}`)
    return found.oid
  }
  const scope = tableScope(request)
  const inlined = {
    ...scope,
    resolve: (variable: typeof node) => {
      const column = scope.resolve(variable)
      return collate(request, column, collation(numberField(variable, 'varattno') === 5 ? 'C' : 'POSIX'))
    },
  }
  const printed = printScalar(bindExpression(node, inlined), name)
  // Two explicit collations would be refused, one would be used in place of the default.
  expect(printed).toBe(
    '((e.s COLLATE "C") COLLATE "default") < ((e.v COLLATE "POSIX")::text COLLATE "default")',
  )
})

test('a cast that keeps the bytes is seen through', async () => {
  const scalar = await bound('v || s')
  expect(scalar.kind === 'operator' && scalar.args.map((arg) => underRelabels(arg).kind)).toEqual([
    'column',
    'column',
  ])
})

test('a number that stands alone is not bare', async () => {
  const { request } = await analysed('i')
  const name = columnName(request)
  expect(printScalar(await bound('7'), name)).toBe("'7'::integer")
  expect(printScalar(await bound('i + 7'), name)).toBe('e.i + 7')
  expect(printScalar(await bound('- (7 + i)'), name)).toBe('- (7 + e.i)')
})

/** Splits at the commas outside brackets. */
function splitList(list: string): string[] {
  const items = ['']
  let depth = 0
  for (const char of list) {
    if ('(['.includes(char)) depth += 1
    if (')]'.includes(char)) depth -= 1
    if (char === ',' && depth === 0) items.push('')
    else items[items.length - 1] += char
  }
  return items.map((item) => item.trim())
}
