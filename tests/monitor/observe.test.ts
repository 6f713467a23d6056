import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let db: FreshDatabase

beforeAll(async () => {
  db = await freshDatabase()
  await db.client.query(`
    CREATE TABLE orders (id int PRIMARY KEY, region text, amount numeric, f float8, doc json);
    INSERT INTO orders SELECT i, 'r' || i % 3, i, i / 7.0, '{}' FROM generate_series(1, 30) AS i;
    SELECT pgstream.create_stream_table('rows', 'SELECT * FROM orders WHERE amount > 3', '1m');
    SELECT pgstream.create_stream_table('totals', 'SELECT region, sum(amount) AS total, sum(f) AS f FROM orders GROUP BY region', '1m');
    SELECT pgstream.create_stream_table('ranked', 'SELECT id, amount FROM orders LIMIT 1000')`)
})
afterAll(() => db.close())

const rows = async (query: string) => (await db.client.query(query)).rows

test('verify shows what a refresh would change, and nothing after it', async () => {
  await db.client.query(`INSERT INTO orders VALUES (100, 'r9', 50, 0.1, '{"a": 1}')`)
  expect(await rows(`SELECT * FROM pgstream.verify_stream_table('rows')`)).toEqual([
    { weight: '-1', row: { id: 100, region: 'r9', amount: 50, f: 0.1, doc: { a: 1 } } },
  ])
  await db.client.query(`SELECT pgstream.refresh_stream_table('rows')`)
  expect(await rows(`SELECT * FROM pgstream.verify_stream_table('rows')`)).toEqual([])
})

test('verify at a snapshot that is older than DDL on a source', async () => {
  await db.client.query(`CREATE TABLE altered (d int PRIMARY KEY, e text);
    SELECT pgstream.create_stream_table('older', 'SELECT d, e FROM altered', '1m')`)
  const reader = await db.connect()
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM pg_class LIMIT 1')
  await db.client.query(`ALTER TABLE altered ADD COLUMN f int; SELECT pgstream.refresh_stream_table('older')`)
  expect((await reader.query(`SELECT * FROM pgstream.verify_stream_table('older')`)).rows).toEqual([])
  await reader.query('COMMIT')
  await db.client.query(`SELECT pgstream.drop_stream_table('older')`)
})

test('verify shows whole rows, whatever a column is called', async () => {
  await db.client.query(`CREATE TABLE letters (d int PRIMARY KEY, e text, r text);
    SELECT pgstream.create_stream_table('named', 'SELECT d, e, r FROM letters', '1m'); INSERT INTO letters VALUES (1, 'x', 'y')`)
  expect(await rows(`SELECT * FROM pgstream.verify_stream_table('named')`)).toEqual([
    { weight: '-1', row: { d: 1, e: 'x', r: 'y' } },
  ])
  await db.client.query(`SELECT pgstream.drop_stream_table('named')`)
})

test('verify finds a row too many, a row too few, a duplicate', async () => {
  await db.client.query(`SELECT pgstream.refresh_stream_table('totals')`)
  await db.client.query(
    `BEGIN; SET LOCAL pg_stream.refreshing = 'on'; UPDATE totals SET total = total + 1 WHERE region = 'r1'; DELETE FROM totals WHERE region = 'r2'`,
  )
  const found = await rows(
    `SELECT weight, "row" ->> 'region' AS region FROM pgstream.verify_stream_table('totals') ORDER BY 2, 1`,
  )
  await db.client.query('ROLLBACK')
  expect(found).toEqual([
    { weight: '-1', region: 'r1' },
    { weight: '1', region: 'r1' },
    { weight: '-1', region: 'r2' },
  ])
})

test('verify forgives the rounding of floats only', async () => {
  await db.client.query(`BEGIN; SET LOCAL pg_stream.refreshing = 'on'; UPDATE totals SET f = f * (1 + 1e-12)`)
  expect(await rows(`SELECT * FROM pgstream.verify_stream_table('totals')`)).toEqual([])
  await db.client.query(`UPDATE totals SET f = f * 1.001 WHERE region = 'r1'`)
  expect(await rows(`SELECT weight FROM pgstream.verify_stream_table('totals') ORDER BY 1`)).toEqual([
    { weight: '-1' },
    { weight: '1' },
  ])
  await db.client.query('ROLLBACK')
})

test('explain_st', async () => {
  const explained = new Map(
    (await rows(`SELECT * FROM pgstream.explain_st('totals')`)).map(({ property, value }) => [
      property,
      value,
    ]),
  )
  expect(explained.get('strategy')).toBe('DIFFERENTIAL')
  expect(explained.get('stream table')).toBe('public.totals')
  expect(explained.get('source')).toContain('public.orders, changes captured by statement triggers')
  expect([...explained.keys()].some((key) => key.startsWith('delta sql'))).toBe(true)
  const full = await rows(`SELECT * FROM pgstream.explain_st('ranked')`)
  expect(full).toContainEqual({ property: 'reason', value: expect.stringMatching(/LIMIT/) })
})

test('explain_st with_analyze runs the delta and changes nothing', async () => {
  await db.client.query(
    `SELECT pgstream.refresh_stream_table('totals'); UPDATE orders SET amount = 1000 WHERE id = 1`,
  )
  const before = await rows('SELECT * FROM totals ORDER BY 1')
  const analyzed = await rows(
    `SELECT * FROM pgstream.explain_st('totals', true) WHERE property LIKE 'analyze of %'`,
  )
  expect(analyzed[0].value).toMatch(/actual time/)
  expect(await rows('SELECT * FROM totals ORDER BY 1')).toEqual(before)
  await db.client.query(`SELECT pgstream.refresh_stream_table('totals')`)
  expect(await rows(`SELECT * FROM pgstream.verify_stream_table('totals')`)).toEqual([])
})

test('history, statistics, staleness, views', async () => {
  await db.client.query(
    `UPDATE orders SET amount = amount + 1 WHERE id < 4; SELECT pgstream.refresh_stream_table('totals')`,
  )
  const [latest] = await rows(`SELECT * FROM pgstream.get_refresh_history('totals', 1)`)
  expect(latest).toMatchObject({
    action: 'DIFFERENTIAL',
    status: 'COMPLETED',
    rows_updated: '3',
    initiated_by: 'MANUAL',
    error_message: null,
  })
  expect(
    (
      await rows(
        `SELECT action, initiated_by FROM pgstream.get_refresh_history('totals') ORDER BY refresh_id LIMIT 1`,
      )
    )[0],
  ).toEqual({ action: 'FULL', initiated_by: 'INITIAL' })
  const [staleness] = await rows(`SELECT pgstream.get_staleness('totals') AS s`)
  expect(staleness.s).toBeGreaterThanOrEqual(0)
  expect(staleness.s).toBeLessThan(30)
  const stats = await rows(`SELECT * FROM pgstream.st_refresh_stats()`)
  expect(stats.map((s) => s.pgs_name)).toEqual(['ranked', 'rows', 'totals'])
  expect(stats[2]).toMatchObject({
    failed_refreshes: '0',
    last_refresh_action: 'DIFFERENTIAL',
    last_refresh_status: 'COMPLETED',
  })
  expect(await rows(`SELECT pgs_name, strategy, stale FROM pgstream.stream_tables_info ORDER BY 1`)).toEqual([
    { pgs_name: 'ranked', strategy: 'FULL', stale: false },
    { pgs_name: 'rows', strategy: 'DIFFERENTIAL', stale: false },
    { pgs_name: 'totals', strategy: 'DIFFERENTIAL', stale: false },
  ])
  expect(
    await rows(`SELECT relid::regclass::text AS r FROM pgstream.pg_stat_stream_tables ORDER BY 1`),
  ).toEqual([{ r: 'ranked' }, { r: 'rows' }, { r: 'totals' }])
})

test('users read the catalog and do not write it', async () => {
  const role = `reader_${db.name}`
  await db.client.query(`CREATE ROLE ${role} LOGIN`)
  const reader = await db.connect(role)
  for (const table of [
    'pgs_stream_tables',
    'pgs_dependencies',
    'pgs_refresh_history',
    'pgs_change_tracking',
    'stream_tables_info',
    'pg_stat_stream_tables',
  ]) {
    await reader.query(`SELECT * FROM pgstream.${table}`)
    await expect(reader.query(`DELETE FROM pgstream.${table}`)).rejects.toMatchObject({
      code: expect.stringMatching(/42501|55000/),
    })
  }
  await reader.query('SELECT * FROM pgstream.pgs_status()')
  await reader.end()
  await db.client.query(`DROP ROLE ${role}`)
})
