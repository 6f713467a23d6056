/** Definitions by description: create or replace, if not exists, in bulk. */
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { untilWaiting } from '../concurrency/scene.ts'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let db: FreshDatabase
let client: pg.Client

beforeAll(async () => {
  db = await freshDatabase()
  client = db.client
})
afterAll(() => db.close())
beforeEach(async () => {
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
  await client.query(
    `CREATE TABLE orders (id int PRIMARY KEY, region text, amount numeric); INSERT INTO orders VALUES (1, 'n', 1), (2, 's', 2)`,
  )
})

const value = async (expression: string, values: unknown[] = [], on: pg.Client = client) =>
  (await on.query({ text: `SELECT ${expression}`, values, rowMode: 'array' })).rows[0]?.[0]
const put = (query: string, ...rest: (string | null)[]) =>
  value(
    `pgstream.create_or_replace_stream_table('st', ${['$1', ...rest.map((_, i) => `$${i + 2}`)].join(', ')})`,
    [query, ...rest],
  )
const fills = () => value(`count(*) FROM pgstream.get_refresh_history('st', 100)`)

test('create_or_replace_stream_table does what is needed and no more', async () => {
  expect(await put('SELECT id, region FROM orders', '1m')).toBe('created')
  const oid = await value(`'st'::regclass::oid`)
  expect(await put('SELECT id, region FROM orders', '1m')).toBe('unchanged')
  expect(await put('select  o.id, o.region\n  from public.orders o -- the same', '1m')).toBe('replaced')
  expect(await put('SELECT  o.id, o.region FROM orders o', '1m')).toBe('unchanged')
  const before = await fills()
  expect(await put('SELECT o.id, o.region FROM orders o', '2m')).toBe('altered')
  expect(await fills()).toBe(before)
  expect(await put('SELECT o.id, o.region FROM orders o', '2m', 'full')).toBe('altered')
  expect(await put('SELECT o.id, o.region FROM orders o')).toBe('altered')
  expect(await value(`schedule || ' ' || refresh_mode FROM pgstream.pgs_status()`)).toBe('calculated AUTO')
  expect(await value(`'st'::regclass::oid`)).toBe(oid)
  expect(await put('SELECT id, amount FROM orders WHERE amount > 1', '1m')).toBe('replaced')
  expect((await client.query('SELECT * FROM st')).rows).toEqual([{ id: 2, amount: '2' }])
  await expectExact(client, 'st')
})

test('create_or_replace_stream_table mends a broken one', async () => {
  await put('SELECT id, region FROM orders')
  await client.query('ALTER TABLE orders DROP COLUMN region')
  expect(await put('SELECT id, amount::text AS region FROM orders')).toBe('replaced')
  expect(await value('status FROM pgstream.pgs_status()')).toBe('ACTIVE')
})

test.each<[string, (string | null)[], string]>([
  ['SELECT nothing FROM orders', [], '42703'],
  ['', [], '22023'],
  ['SELECT id FROM orders', ['soon'], '22023'],
  ['SELECT id FROM orders', ['1m', 'SOMETIMES'], '22023'],
  ['SELECT region, now() AS at FROM orders', ['1m', 'DIFFERENTIAL'], '0A000'],
  ['SELECT id FROM orders', ['1m', 'AUTO', null], '22004'],
])('create_or_replace_stream_table refuses %s %j, new or not', async (query, rest, code) => {
  await expect(put(query, ...rest)).rejects.toMatchObject({ code })
  await put('SELECT id FROM orders')
  await expect(put(query, ...rest)).rejects.toMatchObject({ code })
  await expectExact(client, 'st')
})

test('what is no stream table is not replaced', async () => {
  for (const name of ['create_or_replace_stream_table', 'create_stream_table_if_not_exists'])
    await expect(value(`pgstream.${name}('orders', 'SELECT 1 AS one')`)).rejects.toMatchObject({
      code: '42P07',
    })
  await expect(
    value(`pgstream.create_stream_table_if_not_exists('a.b.c', 'SELECT 1 AS one')`),
  ).rejects.toMatchObject({ code: '42602' })
})

test('create_stream_table_if_not_exists', async () => {
  const call = `pgstream.create_stream_table_if_not_exists('st', 'SELECT id FROM orders', '1m')`
  expect(await value(call)).toBe(true)
  expect(await value(call)).toBe(false)
  expect(await value(`pgstream.create_stream_table_if_not_exists('st', 'another')`)).toBe(false)
  await client.query('CREATE SCHEMA IF NOT EXISTS elsewhere')
  expect(
    await value(`pgstream.create_stream_table_if_not_exists('elsewhere.st', 'SELECT id FROM orders')`),
  ).toBe(true)
  await client.query('DROP SCHEMA elsewhere CASCADE')
})

test('two that create the same at once: one does', async () => {
  const other = await db.connect()
  const call = `pgstream.create_stream_table_if_not_exists('st', 'SELECT id FROM orders')`
  await client.query('BEGIN')
  expect(await value(call)).toBe(true)
  const waiting = value(call, [], other)
  await untilWaiting(await db.connect(), other)
  await client.query('COMMIT')
  expect(await waiting).toBe(false)
  await other.end()
})

const bulk = (definitions: unknown) =>
  client.query('SELECT * FROM pgstream.bulk_create($1)', [JSON.stringify(definitions)])

test('bulk_create makes what reads each other, in any order, and answers in the order given', async () => {
  const { rows } = await bulk([
    { name: 'c', query: 'SELECT region FROM b WHERE total > 1' },
    { name: 'b', query: 'SELECT region, total FROM a', refresh_mode: 'DIFFERENTIAL' },
    { name: 'a', query: 'SELECT region, sum(amount) AS total FROM orders GROUP BY region', schedule: '5s' },
    { name: 'd', query: 'SELECT id FROM orders', initialize: false },
  ])
  expect(rows).toEqual(['c', 'b', 'a', 'd'].map((name) => ({ name, result: 'created' })))
  expect((await client.query('SELECT name, schedule, status FROM pgstream.pgs_status()')).rows).toEqual([
    { name: 'public.a', schedule: '5s', status: 'ACTIVE' },
    { name: 'public.b', schedule: 'calculated', status: 'ACTIVE' },
    { name: 'public.c', schedule: 'calculated', status: 'ACTIVE' },
    { name: 'public.d', schedule: 'calculated', status: 'INITIALIZING' },
  ])
  const again = await bulk([
    { name: 'd', query: 'SELECT 1 AS one', if_exists: 'skip' },
    { name: 'b', query: 'SELECT region, total FROM a', refresh_mode: 'DIFFERENTIAL', if_exists: 'replace' },
    { name: 'e', query: 'SELECT 2 AS two', if_exists: 'replace' },
  ])
  expect(again.rows.map(({ result }) => result)).toEqual(['skipped', 'unchanged', 'created'])
  expect((await bulk([])).rows).toEqual([])
})

test('bulk_create creates all or none, and names the one that is wrong', async () => {
  const good = { name: 'a', query: 'SELECT id FROM orders' }
  const cases: readonly [unknown, object][] = [
    [
      [good, { name: 'b', query: 'SELECT id FROM nowhere' }],
      { code: '42P01', detail: expect.stringContaining('In the definition of b.') },
    ],
    [
      [good, { name: 'b', query: 'SELECT id FROM c' }, { name: 'c', query: 'SELECT id FROM b' }],
      {
        code: '42P17',
        message: 'stream table public.b would read itself: public.b → public.c → public.b',
        hint: 'Take it out of one of the queries.',
      },
    ],
    // The cycle alone, without the way that leads to it; with names that have to be quoted.
    [
      [
        { name: 'd', query: 'SELECT v FROM "it\'s. C.1"' },
        { name: '"it\'s. C.1"', query: 'SELECT v FROM public."E (x)" JOIN orders USING (id)' },
        { name: 'public."E (x)"', query: 'SELECT * FROM good JOIN "F" USING (id)' },
        { name: '"F"', query: 'SELECT * FROM (SELECT * FROM "it\'s. C.1") AS q' },
        { ...good, name: 'good' },
      ],
      {
        code: '42P17',
        message: `stream table public."it's. C.1" would read itself: public."it's. C.1" → public."E (x)" → public."F" → public."it's. C.1"`,
      },
    ],
    [
      [{ name: 'b', query: 'SELECT id FROM b' }],
      { code: '42P17', message: 'stream table public.b would read itself: public.b → public.b' },
    ],
    // No cycle: the one that reads what nobody makes is told of, not the one that reads that.
    [
      [
        { name: 'b', query: 'SELECT id FROM c' },
        { name: 'c', query: 'SELECT id FROM cc' },
      ],
      {
        code: '42P01',
        message: 'relation "cc" does not exist',
        detail: expect.stringContaining('In the definition of c.'),
      },
    ],
    [
      [
        { name: 'b', query: 'SELECT id FROM elsewhere.c' },
        { name: 'c', query: 'SELECT id FROM b' },
      ],
      { code: '42P01', detail: expect.stringContaining('In the definition of b.') },
    ],
    [
      [good, { name: 'orders', query: 'SELECT 1 AS one' }],
      { code: '42P07', detail: expect.stringContaining('In the definition of orders.') },
    ],
    [{}, { code: '22023', message: 'the definitions must be a JSON array' }],
    [[good, 1], { code: '22023', message: 'invalid definition number 2', detail: 'It is no object.' }],
    [[{ query: 'SELECT 1 AS one' }], { code: '22023', detail: 'It has no "name".' }],
    [[{ name: 'a' }], { code: '22023', detail: 'It has no "query".' }],
    [[{ ...good, shedule: '1m' }], { code: '22023', detail: '"shedule" is not known.' }],
    [[{ ...good, initialize: 'yes' }], { code: '22023', detail: '"initialize" must be a boolean.' }],
    [[{ ...good, name: null }], { code: '22023', detail: '"name" must be a string.' }],
    [
      [{ ...good, if_exists: 'maybe' }],
      { code: '22023', detail: '"if_exists" must be error, skip or replace.' },
    ],
    [[good, good], { code: '22023', detail: '"a" occurs twice.' }],
  ]
  for (const [definitions, error] of cases) {
    await expect(bulk(definitions), JSON.stringify(definitions)).rejects.toMatchObject(error)
    expect((await client.query('SELECT * FROM pgstream.pgs_status()')).rows).toEqual([])
  }
  await expect(client.query('SELECT * FROM pgstream.bulk_create(NULL)')).rejects.toMatchObject({
    code: '22023',
  })
})
