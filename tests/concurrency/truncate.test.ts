import { expect, test } from 'vitest'
import { expectEqual, expectExact } from '../oracle/oracle.ts'
import { create, outcome, refresh, scenes, untilWaiting } from './scene.ts'

const scene = scenes()
const SETUP = `
  CREATE TABLE customers (id int PRIMARY KEY, region text);
  CREATE TABLE orders (id int PRIMARY KEY, customer int, amount numeric);
  INSERT INTO customers SELECT i, 'r' || i % 2 FROM generate_series(0, 4) AS i;
  INSERT INTO orders SELECT i, i % 5, i FROM generate_series(1, 50) AS i;`
const TOTALS = `SELECT c.region, sum(o.amount) AS total, count(*) AS n, max(o.amount) AS most
  FROM orders AS o JOIN customers AS c ON c.id = o.customer GROUP BY c.region`

for (const mode of ['DIFFERENTIAL', 'AUTO', 'FULL']) {
  test(`between two refreshes, with rows before and after (${mode})`, async () => {
    const { client } = await scene(SETUP)
    await create(client, 'totals', TOTALS, { mode })
    await client.query('INSERT INTO orders VALUES (100, 1, 1)')
    await client.query('TRUNCATE orders')
    await client.query('INSERT INTO orders VALUES (101, 1, 7)')
    await expectExact(client, 'totals')
    await client.query('INSERT INTO orders VALUES (102, 2, 7)')
    await expectExact(client, 'totals')
  })
}

test('in the own transaction, before and after refreshes', async () => {
  const { client } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  await client.query(
    'BEGIN; INSERT INTO orders VALUES (100, 1, 1); TRUNCATE orders; INSERT INTO orders VALUES (101, 1, 2)',
  )
  expect(await refresh(client, 'totals')).toBe('REINITIALIZE')
  await expectEqual(client, 'totals')
  await client.query('INSERT INTO orders VALUES (102, 1, 2)')
  expect(await refresh(client, 'totals')).toBe('DIFFERENTIAL')
  await expectEqual(client, 'totals')
  await client.query('TRUNCATE customers')
  await client.query('COMMIT')
  expect(await expectExact(client, 'totals')).toBe('REINITIALIZE')
})

test('in a REPEATABLE READ transaction that refreshes, after others have written what it does not see', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  const other = await open()
  await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM customers')
  await client.query('INSERT INTO orders VALUES (100, 1, 70); DELETE FROM orders WHERE id = 1')
  await other.query('TRUNCATE orders; INSERT INTO orders VALUES (101, 1, 2)')
  expect(await refresh(other, 'totals')).toBe('REINITIALIZE')
  await expectEqual(other, 'totals')
  await other.query('INSERT INTO orders VALUES (102, 1, 2)')
  await refresh(other, 'totals')
  await expectEqual(other, 'totals')
  await other.query('COMMIT')
  expect(await expectExact(client, 'totals')).toBe('REINITIALIZE')
  await client.query('DELETE FROM orders WHERE id = 102')
  expect(await expectExact(client, 'totals')).toBe('DIFFERENTIAL')
})

test('rolled back, wholly and to a savepoint', async () => {
  const { client } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  await client.query('BEGIN; TRUNCATE orders; ROLLBACK')
  expect(await expectExact(client, 'totals')).toBe('NO_DATA')
  await client.query(
    'BEGIN; SAVEPOINT a; TRUNCATE orders; ROLLBACK TO a; DELETE FROM orders WHERE id = 1; COMMIT',
  )
  expect(await expectExact(client, 'totals')).toBe('DIFFERENTIAL')
})

test('under way while a refresh starts', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  const other = await open()
  await client.query('INSERT INTO orders VALUES (100, 1, 1)')
  await client.query('BEGIN; TRUNCATE orders; INSERT INTO orders VALUES (101, 1, 1)')
  const waiting = refresh(other, 'totals')
  await untilWaiting(client, other)
  await client.query('COMMIT')
  expect(await waiting).toBe('REINITIALIZE')
  await expectEqual(other, 'totals')
  await expectExact(other, 'totals')
})

test('under way when nothing else is pending, then of a source that the delta does not touch', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  const other = await open()
  await client.query('BEGIN; TRUNCATE customers')
  expect(await refresh(other, 'totals')).toBe('NO_DATA')
  await other.query('INSERT INTO orders VALUES (100, 1, 1)')
  const waiting = refresh(other, 'totals')
  await untilWaiting(client, other)
  await client.query('COMMIT')
  await waiting
  await expectEqual(other, 'totals')
})

test('a writer that waits behind it', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  const other = await open()
  await client.query('BEGIN; TRUNCATE orders')
  const writing = other.query('INSERT INTO orders VALUES (100, 1, 1)')
  await untilWaiting(client, other)
  await client.query('COMMIT')
  await writing
  await expectExact(client, 'totals')
})

test('with RESTART IDENTITY and CASCADE', async () => {
  const { client } = await scene(`${SETUP}
    ALTER TABLE orders ADD FOREIGN KEY (customer) REFERENCES customers`)
  await create(client, 'totals', TOTALS)
  await client.query('TRUNCATE customers RESTART IDENTITY CASCADE')
  await expectExact(client, 'totals')
})

for (const pending of [false, true]) {
  test(`of a source after a REPEATABLE READ snapshot, ${pending ? 'with' : 'without'} other changes pending: 40001`, async () => {
    const { client, open } = await scene(SETUP)
    await create(client, 'totals', TOTALS)
    const other = await open()
    if (pending) await client.query('INSERT INTO orders VALUES (100, 1, 1)')
    await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
    await client.query('TRUNCATE orders')
    expect(await outcome(refresh(other, 'totals'))).toBe('40001')
    await other.query('ROLLBACK')
    await expectExact(other, 'totals')
  })
}

test('of a source after a REPEATABLE READ snapshot in FULL mode: 40001', async () => {
  const { client, open } = await scene(SETUP)
  await create(client, 'totals', TOTALS, { mode: 'FULL' })
  const other = await open()
  await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  await client.query('TRUNCATE orders')
  expect(await outcome(refresh(other, 'totals'))).toBe('40001')
  await other.query('ROLLBACK')
})

test('of a partition after a REPEATABLE READ snapshot: 40001', async () => {
  const { client, open } = await scene(`
    CREATE TABLE m (id int, v int) PARTITION BY RANGE (id);
    CREATE TABLE m1 PARTITION OF m FOR VALUES FROM (0) TO (100);
    CREATE TABLE m2 PARTITION OF m FOR VALUES FROM (100) TO (200);
    INSERT INTO m SELECT i, i FROM generate_series(0, 199) AS i`)
  await create(client, 'total', 'SELECT count(*) AS n, sum(v) AS v FROM m')
  const other = await open()
  await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  await client.query('TRUNCATE m1')
  expect(await outcome(refresh(other, 'total'))).toBe('40001')
  await other.query('ROLLBACK')
  await expectExact(client, 'total')
})
