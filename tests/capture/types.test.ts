import { afterAll, beforeAll, expect, test } from 'vitest'
import { takeBulkAbove } from '../random/bulk.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { probe } from './probe.ts'

let db: FreshDatabase

beforeAll(async () => {
  db = await freshDatabase()
  await db.client.query(`
    CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN positive AS int NOT NULL CHECK (value > 0);
    CREATE TYPE pair AS (x int, y json); CREATE TYPE floats AS RANGE (SUBTYPE = float8);
    CREATE DOMAIN short AS varchar(3)[];
    CREATE COLLATION nocase (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false);`)
})
afterAll(() => db.close())

/** Per type: three values that differ in their bytes, the second and third wherever possible equal under `=`. */
const VALUES: Readonly<Record<string, readonly [string, string, string]>> = {
  boolean: ['NULL', 'true', 'false'],
  smallint: ['1', '-32768', '32767'],
  integer: ['1', '-1', '0'],
  bigint: ['1', '9223372036854775807', '-1'],
  numeric: [`'NaN'`, '1.0', '1.00'],
  'numeric(8,2)': ['1', '1.5', '-1.5'],
  real: [`'Infinity'`, '0', `'-0'`],
  'double precision': [`'NaN'`, '0', `'-0'`],
  money: ['1', '2', '3'],
  text: [`''`, `'a'`, `repeat('x', 100000)`],
  'text COLLATE nocase': [`''`, `'a'`, `'A'`],
  'text COLLATE "C"': [`''`, `'é'`, `'🐘'`],
  'varchar(5)': [`'a'`, `'a '`, `'ab'`],
  'char(5)': [`'a'`, `'b'`, `'c'`],
  '"char"': [`'a'`, `'b'`, `''`],
  name: [`'a'`, `'b'`, `'c'`],
  bytea: [`'\\x'`, `'\\x00'`, `'\\x0000'`],
  'bit(3)': [`'101'`, `'111'`, `'000'`],
  'bit varying': [`'1'`, `'11'`, `''`],
  date: [`'infinity'`, `'2020-01-01'`, `'0044-03-15 BC'`],
  time: [`'00:00'`, `'24:00'`, `'12:00'`],
  timetz: [`'12:00+00'`, `'12:00+01'`, `'11:00+00'`],
  timestamp: [`'infinity'`, `'2020-01-01'`, `'2020-01-01 00:00:00.000001'`],
  timestamptz: [`'-infinity'`, `'2020-01-01 00:00+00'`, `'2020-01-01 01:00+00'`],
  interval: [`'1 month'`, `'1 day'`, `'24:00'`],
  uuid: [`'00000000-0000-0000-0000-000000000000'`, `gen_random_uuid()`, `gen_random_uuid()`],
  json: [`'{"a":1}'`, `'{"a": 1}'`, `'[1]'`],
  jsonb: [`'{"a":1.0}'`, `'{"a":1.00}'`, `'null'`],
  xml: [`'<a/>'`, `'<b/>'`, `'<c>x</c>'`],
  inet: [`'10.0.0.1'`, `'10.0.0.1/8'`, `'::1'`],
  cidr: [`'10.0.0.0/8'`, `'10.0.0.0/16'`, `'::/0'`],
  macaddr: [`'08:00:2b:01:02:03'`, `'08:00:2b:01:02:04'`, `'08:00:2b:01:02:05'`],
  macaddr8: [`'08:00:2b:01:02:03:04:05'`, `'08:00:2b:01:02:03:04:06'`, `'08:00:2b:01:02:03:04:07'`],
  point: [`'(1,2)'`, `'(0,0)'`, `'(-0,0)'`],
  lseg: [`'[(0,0),(1,1)]'`, `'[(0,0),(1,2)]'`, `'[(0,0),(1,3)]'`],
  box: [`'(1,1),(0,0)'`, `'(2,2),(1,1)'`, `'(3,1),(0,0)'`],
  path: [`'[(0,0),(1,1)]'`, `'((0,0),(1,1))'`, `'[(0,0)]'`],
  polygon: [`'((0,0),(1,1),(1,0))'`, `'((0,0))'`, `'((1,1))'`],
  circle: [`'<(0,0),1>'`, `'<(1,0),1>'`, `'<(0,1),1>'`],
  line: [`'{1,2,3}'`, `'{2,4,6}'`, `'{1,0,0}'`],
  tsvector: [`'a b'`, `'a:1'`, `''`],
  tsquery: [`'a & b'`, `'a | b'`, `'!a'`],
  int4range: [`'empty'`, `'[1,5)'`, `'(,)'`],
  numrange: [`'[1.0,2]'`, `'[1.00,2]'`, `'empty'`],
  int4multirange: [`'{}'`, `'{[1,2),[5,6)}'`, `'{(,)}'`],
  floats: [`'[0,1]'`, `'[-0,1]'`, `'empty'`],
  'integer[]': [`'{}'`, `'{1,NULL}'`, `'[0:1]={1,2}'`],
  'text[][]': [`'{{a,b}}'`, `'{{a},{b}}'`, `'{NULL}'`],
  'json[]': [`ARRAY['1']::json[]`, `ARRAY['2']::json[]`, `'{}'`],
  mood: [`'sad'`, `'ok'`, 'NULL'],
  positive: ['1', '2', '3'],
  short: [`'{a}'`, `'{abc,d}'`, 'NULL'],
  pair: [`'(1,"{}")'`, `'(1,"{ }")'`, 'NULL'],
  oid: ['1', '2', '3'],
  regclass: [`'pg_class'`, `'pg_type'`, '0'],
  pg_lsn: [`'0/0'`, `'0/1'`, `'1/0'`],
  xid8: [`'1'`, `'2'`, `'3'`],
  pg_snapshot: [`'1:1:'`, `'1:2:1'`, `'3:3:'`],
  jsonpath: [`'$.a'`, `'$.b'`, `'$'`],
}

const cases = Object.entries(VALUES).flatMap(([type, values]) =>
  [1000, 1].map((above) => ({ type, values, above })),
)
test.for(cases)('$type (packed above $above)', async ({ type, values: [first, second, third], above }) => {
  const { client } = db
  await takeBulkAbove(client, above)
  await client.query(
    `DROP TABLE IF EXISTS t; CREATE TABLE t (k int, v ${type}); INSERT INTO t VALUES (0, ${first}), (1, ${first})`,
  )
  const t = await probe(client, 't')
  for (const statement of [
    `INSERT INTO t VALUES (2, ${first}), (3, ${second}), (4, ${third}), (4, ${third})`,
    `UPDATE t SET v = ${second} WHERE k IN (0, 4)`,
    `UPDATE t SET v = ${third} WHERE k = 3`,
    `UPDATE t SET k = k`,
    `DELETE FROM t WHERE k = 1`,
  ])
    await client.query(statement)
  expect(await t.mismatches()).toEqual([])
  // 4 inserted, 3 updated, 1 updated, none, 1 deleted.
  expect(await t.captured()).toBe(4 + 6 + 2 + 1)
})

test('generated columns, stored and virtual', async () => {
  const { client } = db
  const virtual = (await client.query('SHOW server_version_num')).rows[0].server_version_num >= '180000'
  await client.query(`DROP TABLE IF EXISTS t; CREATE TABLE t (a int, b text, s int GENERATED ALWAYS AS (a * 2) STORED
    ${virtual ? `, v text GENERATED ALWAYS AS (upper(b) || a) VIRTUAL, found int GENERATED ALWAYS AS (a - 1)` : ''})`)
  const t = await probe(client, 't')
  for (const statement of [
    `INSERT INTO t SELECT i, 'x' || i FROM generate_series(1, 10) AS i`,
    `UPDATE t SET a = a + 1`,
    `UPDATE t SET b = 'B' WHERE a > 5`,
    `DELETE FROM t WHERE a % 2 = 0`,
  ])
    await client.query(statement)
  expect(await t.mismatches()).toEqual([])
})

test('wide rows', async () => {
  const { client } = db
  const columns = Array.from({ length: 300 }, (_, i) => `c${i}_x int DEFAULT ${i}`)
  await client.query(`DROP TABLE IF EXISTS t; CREATE TABLE t (${columns.join(', ')})`)
  const t = await probe(client, 't')
  await client.query(
    'INSERT INTO t DEFAULT VALUES; UPDATE t SET c299_x = 7; UPDATE t SET c299_x = 7; DELETE FROM t',
  )
  expect(await t.captured()).toBe(4)
  expect(await t.mismatches()).toEqual([])
})
