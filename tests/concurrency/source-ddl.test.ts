import type pg from 'pg'
import { expect, test } from 'vitest'
import { expectExactWhenQuiet as expectExact } from '../oracle/oracle.ts'
import { backendPid, create, outcome, refresh, scenes } from './scene.ts'

const scene = scenes()
const SETUP = `
  CREATE TABLE orders (id int PRIMARY KEY, customer int, amount numeric, note text);
  INSERT INTO orders SELECT i, i % 5, i, 'n' || i FROM generate_series(1, 50) AS i;`
const TOTALS = 'SELECT customer, sum(amount) AS total, count(*) AS n FROM orders GROUP BY customer'

async function withTotals() {
  const made = await scene(SETUP)
  await create(made.client, 'totals', TOTALS)
  await create(made.client, 'wide', 'SELECT * FROM orders')
  await made.client.query(`UPDATE orders SET amount = amount + 1 WHERE id < 10`)
  return made
}

test('a column is renamed between changes and refresh', async () => {
  const { client } = await withTotals()
  await client.query('ALTER TABLE orders RENAME amount TO price')
  await client.query('UPDATE orders SET price = price + 1 WHERE id > 40')
  expect(await refresh(client, 'totals')).toBe('DIFFERENTIAL')
  const { rows } = await client.query(`SELECT count(*)::int AS n FROM (
    (SELECT * FROM totals EXCEPT ALL SELECT customer, sum(price), count(*) FROM orders GROUP BY 1)
    UNION ALL (SELECT customer, sum(price), count(*) FROM orders GROUP BY 1 EXCEPT ALL SELECT * FROM totals)) AS d`)
  expect(rows[0].n).toBe(0)
})

test('two columns swap their names', async () => {
  const { client } = await scene(
    `CREATE TABLE t (id int PRIMARY KEY, a int, b int); INSERT INTO t VALUES (1, 10, 20), (2, 11, 21)`,
  )
  await create(client, 'listed', 'SELECT id, a FROM t')
  await client.query('UPDATE t SET a = 100 WHERE id = 1')
  await client.query(
    'BEGIN; ALTER TABLE t RENAME a TO x; ALTER TABLE t RENAME b TO a; ALTER TABLE t RENAME x TO b; COMMIT',
  )
  await client.query('INSERT INTO t (id, b, a) VALUES (3, 30, 40)')
  await refresh(client, 'listed')
  // The stream table follows the column, as a view does.
  expect((await client.query('SELECT * FROM listed ORDER BY id')).rows).toEqual([
    { id: 1, a: 100 },
    { id: 2, a: 11 },
    { id: 3, a: 30 },
  ])
})

test('a REPEATABLE READ refresh that is older than a new name of its source ends in 40001', async () => {
  const { client, open, schema } = await withTotals()
  const older = await open()
  for (const ddl of [
    'ALTER TABLE orders RENAME TO sales',
    `CREATE SCHEMA ${schema}_c; ALTER TABLE sales SET SCHEMA ${schema}_c`,
    `ALTER SCHEMA ${schema}_c RENAME TO ${schema}_d`,
  ]) {
    await older.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
    await client.query(ddl)
    await expect(refresh(older, 'totals')).rejects.toMatchObject({ code: '40001' })
    await older.query('ROLLBACK')
    expect(await refresh(older, 'totals')).toMatch(/DIFFERENTIAL|NO_DATA/)
  }
  await client.query(`DROP SCHEMA ${schema}_d CASCADE`)
})

test('the table and its schema are renamed', async () => {
  const { client, schema } = await withTotals()
  await client.query('ALTER TABLE orders RENAME TO sales')
  await client.query('INSERT INTO sales VALUES (100, 1, 1)')
  expect(await refresh(client, 'totals')).toBe('DIFFERENTIAL')
  await client.query(`ALTER SCHEMA ${schema} RENAME TO ${schema}_b; SET search_path = ${schema}_b`)
  await client.query('INSERT INTO sales VALUES (101, 1, 1)')
  expect(await refresh(client, 'totals')).toBe('DIFFERENTIAL')
  expect((await client.query('SELECT n::int FROM totals WHERE customer = 1')).rows).toEqual([{ n: 12 }])
  expect(
    (await client.query(`SELECT count(*)::int AS n FROM pgstream.verify_stream_table('totals')`)).rows,
  ).toEqual([{ n: 0 }])
})

test('a column is added, an unused one dropped', async () => {
  const { client } = await withTotals()
  await client.query(
    `ALTER TABLE orders ADD COLUMN extra int DEFAULT 7; UPDATE orders SET extra = 8, amount = 1 WHERE id = 1`,
  )
  await expectExact(client, 'totals')
  await client.query('DROP TABLE wide CASCADE')
  await client.query('ALTER TABLE orders DROP COLUMN note; UPDATE orders SET amount = 3 WHERE id = 3')
  await expectExact(client, 'totals')
})

test('a used column is dropped: those that read it stop, readable; the others go on', async () => {
  const { client } = await withTotals()
  await client.query('ALTER TABLE orders DROP COLUMN note')
  await client.query('UPDATE orders SET amount = 0 WHERE id = 7')
  expect(await outcome(refresh(client, 'wide'))).toBe('55000')
  expect((await client.query('SELECT count(*)::int AS n FROM wide')).rows).toEqual([{ n: 50 }])
  await expectExact(client, 'totals')
})

const typeOf = async (client: pg.Client, table: string, column: string) =>
  (
    await client.query(
      'SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = $1::regclass AND attname = $2',
      [table, column],
    )
  ).rows[0].type

test('the type of a used column changes: the next refresh gives the stream table what follows from it', async () => {
  const { client } = await withTotals()
  await client.query('ALTER TABLE orders ALTER COLUMN amount TYPE bigint USING amount::bigint')
  await client.query('UPDATE orders SET amount = amount + 1 WHERE id = 30')
  expect(await refresh(client, 'totals')).toBe('REINITIALIZE')
  await expectExact(client, 'totals')
  await client.query('UPDATE orders SET amount = amount + 1 WHERE id = 31')
  await expectExact(client, 'totals')
})

test('the type of a column nobody reads changes, which rewrites the table', async () => {
  const { client } = await scene(SETUP)
  await create(client, 'totals', TOTALS)
  await client.query('UPDATE orders SET amount = amount + 1 WHERE id = 30')
  await client.query(
    'ALTER TABLE orders ALTER COLUMN note TYPE varchar(500) USING upper(note), ALTER COLUMN id TYPE bigint',
  )
  await client.query('UPDATE orders SET amount = amount + 1 WHERE id = 31')
  await expectExact(client, 'totals')
})

test('the primary key that a plan relies on goes, and duplicates come', async () => {
  const { client } = await scene(SETUP)
  await create(client, 'listed', 'SELECT id, amount FROM orders')
  await client.query(
    'ALTER TABLE orders DROP CONSTRAINT orders_pkey; INSERT INTO orders VALUES (1, 1, 1), (1, 1, 1)',
  )
  await expectExact(client, 'listed')
  await client.query('DELETE FROM orders WHERE id = 1')
  await expectExact(client, 'listed')
})

test('a key that may be NULL from now on', async () => {
  const { client } = await scene(
    `CREATE TABLE t (id int PRIMARY KEY, g int NOT NULL, v int NOT NULL); INSERT INTO t SELECT i, i % 3, i FROM generate_series(1, 9) AS i`,
  )
  await create(client, 'totals', 'SELECT g, sum(v) AS s, count(*) AS n FROM t GROUP BY g')
  await create(client, 'state', 'SELECT sum(s) AS s FROM (SELECT g, max(v) AS s FROM t GROUP BY g) AS x')
  await client.query('ALTER TABLE t ALTER g DROP NOT NULL; INSERT INTO t VALUES (20, NULL, 5)')
  for (const name of ['totals', 'state']) await expectExact(client, name)
  for (const id of [21, 22]) {
    await client.query('INSERT INTO t VALUES ($1, NULL, 7)', [id])
    for (const name of ['totals', 'state']) expect(await expectExact(client, name)).toBe('DIFFERENTIAL')
  }
})

test('a view that a query goes through is replaced', async () => {
  const { client } = await scene(
    `${SETUP} CREATE VIEW big AS SELECT id, amount FROM orders WHERE amount > 10`,
  )
  await create(client, 'listed', 'SELECT * FROM big')
  await client.query('CREATE OR REPLACE VIEW big AS SELECT id, amount FROM orders WHERE amount > 40')
  await client.query('UPDATE orders SET amount = amount + 1')
  expect(await outcome(refresh(client, 'listed'))).not.toBe('XX000')
  // Stream tables follow the tree they were made from, or the view as it is: never a mixture.
  const { rows } = await client.query(`SELECT count(*)::int AS n FROM listed WHERE amount <= 10`)
  expect(rows[0].n).toBe(0)
  expect(
    (await client.query(`SELECT count(*)::int AS n FROM pgstream.verify_stream_table('listed')`)).rows,
  ).toEqual([{ n: 0 }])
})

test('capture triggers are disabled for a while', async () => {
  const { client } = await withTotals()
  await client.query(
    'ALTER TABLE orders DISABLE TRIGGER ALL; UPDATE orders SET amount = 0; ALTER TABLE orders ENABLE TRIGGER ALL',
  )
  await expectExact(client, 'totals')
  await client.query('UPDATE orders SET amount = 1')
  await expectExact(client, 'totals')
})

test('DDL rolled back', async () => {
  const { client } = await withTotals()
  await client.query(
    'BEGIN; ALTER TABLE orders RENAME amount TO price; UPDATE orders SET price = 0; ROLLBACK',
  )
  await client.query(
    'BEGIN; SAVEPOINT a; ALTER TABLE orders DROP COLUMN amount; ROLLBACK TO a; UPDATE orders SET amount = 5 WHERE id = 1; COMMIT',
  )
  await expectExact(client, 'totals')
})

test('DDL, changes and refresh in one transaction', async () => {
  const { client } = await withTotals()
  await client.query(
    'BEGIN; UPDATE orders SET amount = 5 WHERE id = 1; ALTER TABLE orders RENAME note TO remark; ALTER TABLE orders ADD COLUMN z int',
  )
  await client.query('INSERT INTO orders (id, customer, amount, z) VALUES (200, 1, 2, 3)')
  await refresh(client, 'totals')
  await client.query('DELETE FROM orders WHERE id = 200; COMMIT')
  await expectExact(client, 'totals')
})

test('what is altered while a refresh runs is left to the next one', async () => {
  const { client, open } = await scene(`
    CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1), (2, 2);
    CREATE FUNCTION f(v int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN IF v < 0 THEN PERFORM pg_sleep(0.5); END IF; RETURN v * 2; END $$`)
  await create(client, 'listed', 'SELECT id, f(v) AS v FROM t')
  const other = await open()
  await client.query('INSERT INTO t VALUES (3, -1)')
  const running = refresh(other, 'listed')
  for (;;) {
    const { rows } = await client.query('SELECT wait_event FROM pg_stat_activity WHERE pid = $1', [
      backendPid(other),
    ])
    if (rows[0].wait_event === 'PgSleep') break
  }
  await client.query(
    `CREATE OR REPLACE FUNCTION f(v int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT v * 3'`,
  )
  expect(await running).toBe('DIFFERENTIAL')
  expect(await expectExact(client, 'listed')).toBe('REINITIALIZE')
})

const TYPED = `CREATE TABLE s (id int PRIMARY KEY, g int, note text);
  INSERT INTO s SELECT i, i % 3, 'n' || i FROM generate_series(1, 20) AS i`

test('stream tables over one follow the new type of a column, however far, and are incremental again', async () => {
  const { client } = await scene(TYPED)
  await create(client, 'shown', 'SELECT id, g, note FROM s')
  await create(client, 'above', 'SELECT id, note FROM shown WHERE g > 0')
  await create(client, 'summed', 'SELECT note, sum(id) AS total FROM above GROUP BY note')
  await create(client, 'computed', 'SELECT max(id) AS most FROM shown', { mode: 'FULL' })
  await create(client, 'unfilled', 'SELECT id FROM s', { initialize: false })
  await client.query(
    'ALTER TABLE s ALTER id TYPE bigint, ALTER note TYPE varchar(20); INSERT INTO s VALUES (3000000000, 1, $$new$$)',
  )
  for (const name of ['shown', 'above', 'summed', 'computed', 'unfilled'])
    expect(
      (await client.query('SELECT status FROM pgstream.pgs_status() WHERE name = $1', [`${name}`])).rows,
    ).not.toEqual([{ status: 'ERROR' }])
  for (const name of ['summed', 'computed', 'unfilled']) await refresh(client, name)
  expect(await typeOf(client, 'shown', 'id')).toBe('bigint')
  expect(await typeOf(client, 'above', 'note')).toBe('character varying(20)')
  expect(await typeOf(client, 'summed', 'total')).toBe('numeric')
  expect(await typeOf(client, 'computed', 'most')).toBe('bigint')
  expect(await typeOf(client, 'unfilled', 'id')).toBe('bigint')
  for (const name of ['shown', 'above', 'summed', 'computed', 'unfilled']) await expectExact(client, name)
  await client.query('UPDATE s SET note = $$other$$ WHERE id = 3000000000')
  expect(await refresh(client, 'summed')).toBe('DIFFERENTIAL')
  for (const name of ['shown', 'above', 'summed']) await expectExact(client, name)
})

test('the scheduler follows, too; a view over the column, or a query that the type does not suit, is an ERROR that says so', async () => {
  const { client, schema } = await scene(TYPED)
  await create(client, 'free', 'SELECT id, g FROM s', { schedule: '1s' })
  await create(client, 'viewed', 'SELECT id, note FROM s', { schedule: '1s' })
  await create(client, 'unsuited', 'SELECT sum(g) AS total FROM s', { schedule: '1s' })
  await client.query('CREATE VIEW over_it AS SELECT id FROM viewed')
  await client.query('CALL pgstream.run_scheduler()')
  await client.query('ALTER TABLE s ALTER id TYPE bigint; ALTER TABLE s ALTER g TYPE text')
  await client.query('UPDATE s SET note = note || $$!$$ WHERE id = 1')
  await client.query(`UPDATE pgstream.frontiers SET checked_at = checked_at - interval '1 hour'`)
  await client.query('CALL pgstream.run_scheduler()')
  const { rows } = await client.query(
    `SELECT pgs_name AS name, status, broken_reason AS reason FROM pgstream.pgs_stream_tables WHERE pgs_schema = $1 ORDER BY pgs_name`,
    [schema],
  )
  expect(rows).toEqual([
    { name: 'free', status: 'ACTIVE', reason: null },
    {
      name: 'unsuited',
      status: 'ERROR',
      reason: `the type of column g of source table ${schema}.s was changed, and stream table "unsuited" cannot follow: function sum(text) does not exist`,
    },
    {
      name: 'viewed',
      status: 'ERROR',
      reason: `the type of column id of source table ${schema}.s was changed, and stream table "viewed" cannot follow: rule _RETURN on view ${schema}.over_it depends on column "id"`,
    },
  ])
  await expectExact(client, 'free')
  // What the readers of the view see is what was there.
  expect((await client.query('SELECT FROM over_it')).rowCount).toBe(20)
  await client.query('DROP VIEW over_it')
  await client.query(`SELECT pgstream.resume_stream_table('viewed')`)
  await expectExact(client, 'viewed')
})

test('another mode and another schedule for one whose source has another type', async () => {
  const { client } = await scene(TYPED)
  await create(client, 'st', 'SELECT id, g FROM s')
  await client.query('ALTER TABLE s ALTER g TYPE bigint; INSERT INTO s VALUES (100, 3000000000, NULL)')
  await client.query(`SELECT pgstream.alter_stream_table('st', refresh_mode => 'FULL')`)
  await expectExact(client, 'st')
  expect(await typeOf(client, 'st', 'g')).toBe('bigint')
  await client.query('ALTER TABLE s ALTER note TYPE varchar(30), ALTER id TYPE bigint')
  await client.query(`SELECT pgstream.repair_stream_table('st')`)
  await expectExact(client, 'st')
  expect(await typeOf(client, 'st', 'id')).toBe('bigint')
})
