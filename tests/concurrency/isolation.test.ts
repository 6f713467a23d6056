import { expect, test } from 'vitest'
import { expectEqual, expectExact } from '../oracle/oracle.ts'
import { create, outcome, refresh, scenes, untilWaiting } from './scene.ts'

const scene = scenes()

const SETUP = `
  CREATE TABLE orders (id int PRIMARY KEY, customer int, amount numeric);
  INSERT INTO orders SELECT i, i % 5, i FROM generate_series(1, 50) AS i;`
const TOTALS = 'SELECT customer, sum(amount) AS total, count(*) AS n FROM orders GROUP BY customer'

test('two refreshes at once: the second waits, then sees nothing to do', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  const second = await open()
  await second.query('UPDATE orders SET amount = amount + 1')
  await client.query('BEGIN')
  expect(await refresh(client, 'totals')).toBe('DIFFERENTIAL')
  const waiting = refresh(second, 'totals')
  await untilWaiting(client, second)
  await client.query('COMMIT')
  expect(await waiting).toBe('NO_DATA')
  await expectEqual(client, 'totals')
})

test('the second computes at a snapshot newer than the frontier it waited for', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  const second = await open()
  await second.query('UPDATE orders SET amount = amount + 1 WHERE id = 1')
  await client.query('BEGIN')
  await refresh(client, 'totals')
  const waiting = refresh(second, 'totals')
  await untilWaiting(client, second)
  // Committed by the first together with its refresh, and by a third: both after the second began to wait.
  await client.query('UPDATE orders SET amount = amount + 10 WHERE id = 2')
  const third = await open()
  await third.query('UPDATE orders SET amount = amount + 100 WHERE id = 3')
  await client.query('COMMIT')
  expect(await waiting).toBe('DIFFERENTIAL')
  await expectEqual(client, 'totals')
  await expectExact(client, 'totals')
})

test('a refresh that waits for one that is rolled back does the work', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  const second = await open()
  await second.query('UPDATE orders SET amount = amount + 1')
  await client.query('BEGIN')
  await refresh(client, 'totals')
  const waiting = refresh(second, 'totals')
  await untilWaiting(client, second)
  await client.query('ROLLBACK')
  expect(await waiting).toBe('DIFFERENTIAL')
  await expectEqual(client, 'totals')
})

test('a REPEATABLE READ refresh that loses the race fails with 40001', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  const second = await open()
  await client.query('UPDATE orders SET amount = amount + 1')
  await second.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  await refresh(client, 'totals')
  expect(await outcome(refresh(second, 'totals'))).toBe('40001')
  await second.query('ROLLBACK')
  await expectExact(second, 'totals')
})

test('a REPEATABLE READ refresh that waits for the winner fails with 40001', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  const second = await open()
  await client.query('UPDATE orders SET amount = amount + 1')
  await second.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  await client.query('BEGIN')
  await refresh(client, 'totals')
  const waiting = outcome(refresh(second, 'totals'))
  await untilWaiting(client, second)
  await client.query('COMMIT')
  expect(await waiting).toBe('40001')
  await second.query('ROLLBACK')
})

test('a REPEATABLE READ refresh is exact for its own snapshot, which others have long left', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  const second = await open()
  await client.query('UPDATE orders SET amount = amount + 1')
  await second.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  await client.query('UPDATE orders SET amount = amount + 10; DELETE FROM orders WHERE id = 1')
  expect(await refresh(second, 'totals')).toBe('DIFFERENTIAL')
  await expectEqual(second, 'totals')
  await second.query('COMMIT')
  await expectExact(client, 'totals')
})

test('SERIALIZABLE', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  const second = await open()
  await second.query('BEGIN ISOLATION LEVEL SERIALIZABLE')
  await second.query('UPDATE orders SET amount = 0 WHERE id = 1')
  await client.query('UPDATE orders SET amount = 9 WHERE id = 2')
  await refresh(second, 'totals')
  await expectEqual(second, 'totals')
  await second.query('COMMIT')
  await expectExact(client, 'totals')
})

test('READ UNCOMMITTED is READ COMMITTED to PostgreSQL', async () => {
  const { client } = await scene(SETUP)
  await client.query(`SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ UNCOMMITTED`)
  await create(client, 'totals', TOTALS)
  await expectEqual(client, 'totals')
  await create(client, 'large', 'SELECT customer, n FROM totals WHERE total > 20')
  await create(
    client,
    'few',
    'SELECT l.customer, t.total FROM large AS l JOIN totals AS t ON t.customer = l.customer',
  )
  await client.query('UPDATE orders SET amount = amount + 1 WHERE customer < 3')
  expect(await refresh(client, 'few')).toBe('DIFFERENTIAL')
  await client.query(
    `SELECT pgstream.alter_stream_table('large', query => 'SELECT customer, n FROM totals WHERE n > 20')`,
  )
  await client.query(`SELECT pgstream.repair_stream_table('totals')`)
  const { rows } = await client.query(
    'SELECT pgs_name FROM pgstream.pgs_stream_tables WHERE pgs_schema = current_schema() AND NOT is_populated',
  )
  expect(rows).toEqual([])
  for (const name of ['totals', 'large', 'few']) await expectEqual(client, name)
})

test('a snapshot that saw changes whose buffer has been emptied since: 40001, not "nothing to do"', async () => {
  const { client, open } = await scene(SETUP)
  await client.query('INSERT INTO orders SELECT i, 1, 1 FROM generate_series(1000, 30000) AS i')
  await create(client, 'totals', TOTALS)
  const second = await open()
  await client.query('UPDATE orders SET amount = amount + 1')
  await second.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  await refresh(client, 'totals')
  await client.query(`SELECT pgstream._clean_changes('orders'::regclass)`)
  const { rows } = await client.query(
    `SELECT pg_relation_size(buffer) AS size FROM pgstream.pgs_change_tracking WHERE source_relid = 'orders'::regclass`,
  )
  expect(rows[0].size).toBe('0')
  expect(await outcome(refresh(second, 'totals'))).toBe('40001')
  await second.query('ROLLBACK')
  await expectExact(second, 'totals')
})

test('REPEATABLE READ over what only a full refresh reads: catalogs, materialized views', async () => {
  const { client } = await scene(`${SETUP} CREATE MATERIALIZED VIEW m AS SELECT * FROM orders`)
  await create(client, 'counted', 'SELECT count(*) AS n FROM m, pg_class WHERE relname = $$pg_class$$', {
    mode: 'FULL',
  })
  await expectExact(client, 'counted')
})

test('created inside REPEATABLE READ: the fill is left to later', async () => {
  const { client, open } = await scene(SETUP)
  const second = await open()
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  await second.query('UPDATE orders SET amount = amount + 1')
  await create(client, 'totals', TOTALS)
  expect(await outcome(client.query('SELECT count(*) FROM totals'))).toBe('ok')
  await client.query('COMMIT')
  const { rows } = await client.query(
    `SELECT is_populated, status FROM pgstream.pgs_status() WHERE name LIKE '%totals' AND NOT is_populated`,
  )
  expect(rows).toEqual([{ is_populated: false, status: 'INITIALIZING' }])
  await second.query('UPDATE orders SET amount = amount + 1')
  expect(await refresh(client, 'totals')).toBe('FULL')
  await expectExact(client, 'totals')
})

test('created inside REPEATABLE READ over what another has had captured meanwhile: 40001', async () => {
  const { client, open } = await scene(`${SETUP} CREATE TABLE lines (id int)`)
  const second = await open()
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  await create(second, 'other', 'SELECT id FROM orders')
  expect(await outcome(create(client, 'totals', TOTALS))).toBe('40001')
  // And over what there was not at all.
  await client.query('ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  await second.query(
    `CREATE TABLE later (id int); CREATE FUNCTION made(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'; ALTER TABLE lines ADD COLUMN w int`,
  )
  for (const query of [
    'SELECT id FROM later',
    'SELECT id, made(id) AS m FROM orders',
    'SELECT * FROM lines',
  ]) {
    await client.query('SAVEPOINT s')
    expect(await outcome(create(client, 'over', query)), query).toBe('40001')
    await client.query('ROLLBACK TO s')
  }
  await client.query('ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ')
  await create(client, 'totals', TOTALS)
  await client.query('COMMIT')
  expect(await refresh(client, 'totals')).toBe('FULL')
  await expectExact(client, 'totals')
})

test('a writer that is at work when the stream table is created is waited for', async () => {
  const { client, open } = await scene(SETUP)
  const writer = await open()
  await writer.query('BEGIN; UPDATE orders SET amount = amount + 1 WHERE id = 1')
  const creating = create(client, 'totals', TOTALS)
  await untilWaiting(writer, client)
  await writer.query('UPDATE orders SET amount = amount + 1 WHERE id = 2; COMMIT')
  await creating
  await expectEqual(client, 'totals')
  await expectExact(client, 'totals')
})

test('two that make the same source capture more wait for its writers, and not for each other', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'ids', 'SELECT id FROM orders')
  const writer = await open()
  await writer.query('BEGIN; UPDATE orders SET amount = amount + 1 WHERE id = 1')
  const [one, other] = [await open(), await open()]
  const creating = [
    create(one, 'totals', TOTALS),
    create(other, 'customers', 'SELECT DISTINCT customer FROM orders'),
  ]
  await untilWaiting(writer, one)
  await untilWaiting(writer, other)
  await writer.query('COMMIT')
  await Promise.all(creating)
  await expectExact(client, 'totals')
  await expectExact(client, 'customers')
})

test('changes committed while a second reader is being created are kept for it', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'first', TOTALS)
  const creator = await open()
  await creator.query('BEGIN')
  await create(creator, 'second', TOTALS)
  await client.query('UPDATE orders SET amount = amount + 1')
  await refresh(client, 'first')
  await client.query(`SELECT pgstream._clean_changes('orders'::regclass)`)
  await creator.query('COMMIT')
  await expectExact(client, 'second')
  await expectExact(client, 'first')
})

test('initialize => false does not hold up writers, and misses none of them', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'totals', TOTALS, { initialize: false, schedule: '1s' })
  const writer = await open()
  await writer.query('BEGIN; UPDATE orders SET amount = amount + 1 WHERE id = 1')
  // The fill does not wait for the open transaction either, whose change comes later.
  await client.query('CALL pgstream.run_scheduler()')
  await expectEqual(client, 'totals')
  await writer.query('COMMIT')
  await expectExact(client, 'totals')
})

test('a long idle transaction: its rows are consumed late, and once', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  await create(client, 'copy', 'SELECT * FROM totals')
  const idle = await open()
  await idle.query(
    'BEGIN; UPDATE orders SET amount = amount + 1000 WHERE id = 1; SAVEPOINT a; DELETE FROM orders WHERE id = 2',
  )
  for (let i = 0; i < 5; i++) {
    await client.query('UPDATE orders SET amount = amount + 1 WHERE id > 10')
    await expectExact(client, 'totals')
    await expectExact(client, 'copy')
    await client.query(`SELECT pgstream._clean_changes('orders'::regclass)`)
  }
  await idle.query('COMMIT')
  await expectExact(client, 'totals')
  await expectExact(client, 'copy')
})

test('several stream tables at different frontiers share a buffer', async () => {
  const { client } = await scene(SETUP)
  const names = ['a', 'b', 'c']
  for (const name of names) await create(client, name, TOTALS)
  for (let i = 0; i < 6; i++) {
    await client.query(
      `UPDATE orders SET amount = amount + 1, customer = (customer + 1) % 5 WHERE id % 6 = ${i}`,
    )
    await refresh(client, names[i % 2] ?? '')
    await client.query(`SELECT pgstream._clean_changes('orders'::regclass)`)
  }
  for (const name of names) await expectExact(client, name)
})

test.each([
  [
    'a detached partition',
    'CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2)',
    'ALTER TABLE p DETACH PARTITION p2',
  ],
  [
    'an attached partition',
    'CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 AS SELECT 2 AS id',
    'ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2)',
  ],
  [
    'a child that was let go',
    'CREATE TABLE p (id int); CREATE TABLE p2 () INHERITS (p); INSERT INTO p2 VALUES (2)',
    'ALTER TABLE p2 NO INHERIT p',
  ],
  [
    'a new child with rows',
    'CREATE TABLE p (id int); CREATE TABLE p2 AS SELECT 2 AS id',
    'ALTER TABLE p2 INHERIT p',
  ],
])('REPEATABLE READ with a snapshot from before: %s', async (_, setup, ddl) => {
  const { client, open } = await scene(setup)
  await create(client, 'st', 'SELECT id FROM p')
  const reader = await open()
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  await reader.query('SELECT count(*) FROM pgstream.frontiers')
  await client.query('INSERT INTO p VALUES (1)')
  await client.query(ddl)
  expect(await outcome(refresh(reader, 'st'))).toBe('40001')
  await reader.query('ROLLBACK')
  await refresh(reader, 'st')
  await expectEqual(client, 'st')
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  expect(await outcome(refresh(reader, 'st'))).toBe('ok')
  await reader.query('COMMIT')
})
