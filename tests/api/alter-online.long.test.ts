import type pg from 'pg'
import { beforeEach, describe, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

/** alter_stream_table(query => …): who is held up, what stays, and what becomes of those who read the stream table. */
let db: FreshDatabase
const query = async (sql: string, values: unknown[] = []) => (await db.client.query(sql, values)).rows
const one = async (sql: string, values: unknown[] = []) => (await query(sql, values))[0]
const alter = (name: string, definition: string) =>
  query('SELECT pgstream.alter_stream_table($1, query => $2)', [name, definition])
const refresh = async (name: string) =>
  (await one('SELECT pgstream.refresh_stream_table($1) AS action', [name])).action
const verified = (name: string) => query('SELECT * FROM pgstream.verify_stream_table($1)', [name])

beforeEach(async () => {
  db = await freshDatabase()
  await query(`
    CREATE TABLE orders (id int PRIMARY KEY, region text NOT NULL, status text NOT NULL, amount numeric NOT NULL);
    INSERT INTO orders SELECT i, 'r' || i % 10, 's' || i % 2, i FROM generate_series(1, 100) AS i;
    CREATE FUNCTION slow(x numeric) RETURNS numeric IMMUTABLE LANGUAGE plpgsql AS
      'BEGIN IF x = 50 AND current_setting(''app.slow'', true) = ''on'' THEN PERFORM pg_advisory_xact_lock(50), pg_sleep(1); END IF; RETURN x; END'`)
  await query(`SELECT pgstream.create_stream_table('a', $1, '1h')`, [
    'SELECT region, sum(amount) AS total FROM orders GROUP BY region',
  ])
  return () => db.close()
})

async function whileComputing(altering: pg.Client, look: () => Promise<void>): Promise<void> {
  const { processID } = altering as unknown as { processID: number }
  for (;;) {
    // Who waits for the compiler sleeps as well.
    const { isComputing } = await one(
      `SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND locktype = 'advisory' AND objid = 50) AS "isComputing"`,
      [processID],
    )
    if (isComputing) break
  }
  await look()
  expect(
    (await one('SELECT wait_event AS wait FROM pg_stat_activity WHERE pid = $1', [processID])).wait,
  ).toBe('PgSleep')
}

describe('readers see the old content, and are not held up, while the new one is computed', () => {
  test.each([
    ['the same columns and key', 'SELECT region, sum(slow(amount)) + 1 AS total FROM orders GROUP BY region'],
    ['another key', 'SELECT region, slow(amount) AS total FROM orders'],
    ['a column more', 'SELECT region, sum(slow(amount)) AS total, count(*) AS n FROM orders GROUP BY region'],
    ['all columns', 'SELECT count(*) AS n, sum(slow(amount)) AS s FROM orders'],
    ['recomputed', 'SELECT region, slow(amount) AS total FROM orders WHERE now() IS NOT NULL'],
  ])('%s', async (_, definition) => {
    const other = await db.connect()
    await other.query(`SET app.slow = 'on'`)
    const before = await query('SELECT * FROM a ORDER BY region')
    const altered = other.query('SELECT pgstream.alter_stream_table($1, query => $2)', ['a', definition])
    await whileComputing(other, async () => {
      await query(`SET lock_timeout = '500ms'`)
      expect(await query('SELECT * FROM a ORDER BY region')).toEqual(before)
      const locks = await query(
        `SELECT mode FROM pg_locks WHERE relation = 'a'::regclass AND mode IN ('AccessExclusiveLock', 'ExclusiveLock') AND granted`,
      )
      expect(locks).toEqual([])
    })
    await altered
    expect(await verified('a')).toEqual([])
    await query(`INSERT INTO orders VALUES (1000, 'r1', 's1', 5); DELETE FROM orders WHERE id < 20`)
    await refresh('a')
    expect(await verified('a')).toEqual([])
  })
})

test('rows that do not change are not written, and readers of it stay incremental', async () => {
  await query(
    `SELECT pgstream.create_stream_table('b', 'SELECT region, total * 2 AS twice FROM a', '1h', 'DIFFERENTIAL')`,
  )
  const places = async () =>
    Object.fromEntries((await query('SELECT region, ctid::text FROM a')).map((row) => [row.region, row.ctid]))
  const before = await places()
  await alter(
    'a',
    `SELECT region, sum(amount) + CASE region WHEN 'r3' THEN 1 ELSE 0 END AS total FROM orders GROUP BY region`,
  )
  const after = await places()
  expect(Object.keys(before).filter((region) => before[region] !== after[region])).toEqual(['r3'])
  expect(await refresh('b')).toBe('DIFFERENTIAL')
  expect(
    await one(
      'SELECT rows_inserted::int, rows_updated::int, rows_deleted::int FROM pgstream.get_refresh_history($1, 1)',
      ['b'],
    ),
  ).toEqual({
    rows_inserted: 1,
    rows_updated: 0,
    rows_deleted: 1,
  })
  expect(await verified('b')).toEqual([])
})

/** All that makes the table the one that others know. */
async function identity() {
  return one(`SELECT 'a'::regclass::oid AS oid, has_table_privilege('pg_monitor', 'a', 'SELECT') AS granted, obj_description('a'::regclass) AS comment,
    to_regclass('mine') IS NOT NULL AS indexed, to_regclass('v') IS NOT NULL AS viewed, pg_get_userbyid(relowner) AS owner FROM pg_class WHERE oid = 'a'::regclass`)
}

async function known() {
  await query(
    `GRANT SELECT ON a TO pg_monitor; COMMENT ON TABLE a IS 'totals'; CREATE INDEX mine ON a (region); CREATE VIEW v AS SELECT region FROM a`,
  )
  await query(`SELECT pgstream.create_stream_table('regions', 'SELECT region FROM a', '1h', 'DIFFERENTIAL');
    SELECT pgstream.create_stream_table('totals', 'SELECT total FROM a', '1h', 'DIFFERENTIAL');
    SELECT pgstream.create_stream_table('most', 'SELECT total FROM a ORDER BY total DESC LIMIT 3', '1h')`)
  return identity()
}

async function state(name: string) {
  return one('SELECT status, broken_reason AS reason FROM pgstream.pgs_stream_tables WHERE pgs_name = $1', [
    name,
  ])
}

test('the indexes of the new plan are there, each once', async () => {
  const placed = (by: string) =>
    `SELECT id, region, status, row_number() OVER (PARTITION BY ${by} ORDER BY id) AS n FROM orders`
  const mean = (of: string) => `SELECT region, avg(${of}) AS mean FROM orders GROUP BY region`
  await query(`SELECT pgstream.create_stream_table('placed', $1), pgstream.create_stream_table('mean', $2)`, [
    placed('region'),
    mean('amount'),
  ])
  await alter('placed', placed('status'))
  await alter('mean', mean('amount + 1'))
  const indexes = async (table: string) =>
    (
      await query(
        `SELECT substring(pg_get_indexdef(indexrelid) FROM '[(].*[)]') AS columns FROM pg_index WHERE indrelid = ${table}`,
      )
    ).map(({ columns }) => columns)
  expect(await indexes(`'placed'::regclass`)).toContain('(status)')
  const state = `(SELECT (plan #>> '{stateTables,0}')::regclass FROM pgstream.pgs_stream_tables WHERE pgs_name = 'mean')`
  expect(await indexes(state)).toEqual(['(region_1)'])
})

const shown = async (table: string) =>
  (
    await query(
      `SELECT regexp_replace(pg_get_indexdef(indexrelid), '^.* USING btree ', '') AS def FROM pg_index WHERE indrelid = $1::regclass ORDER BY 1`,
      [table],
    )
  ).map(({ def }) => def)

test('an owner’s constraint and index over the key stand in nobody’s way, and for no index that tells NULLs', async () => {
  await query(
    `CREATE TABLE parts (id int PRIMARY KEY, n int, v int); INSERT INTO parts SELECT i, nullif(i % 3, 0), i FROM generate_series(1, 9) AS i`,
  )
  const define = (name: string, definition: string, mode: string) =>
    query(`SELECT pgstream.create_stream_table($1, $2, '1h', $3)`, [name, definition, mode])
  const groups = 'SELECT n, sum(v) AS v FROM parts GROUP BY n'
  await define('rows', 'SELECT id, n, v FROM parts', 'DIFFERENTIAL')
  await define('groups', groups, 'DIFFERENTIAL')
  await define('recomputed', groups, 'FULL')
  await query(
    `ALTER TABLE rows ADD PRIMARY KEY (id); ALTER TABLE groups ADD UNIQUE (n); CREATE UNIQUE INDEX ON recomputed (n)`,
  )
  await query(`SELECT pgstream.alter_stream_table('recomputed', refresh_mode => 'DIFFERENTIAL');
    SELECT pgstream.alter_stream_table('groups', refresh_mode => 'FULL');
    SELECT pgstream.alter_stream_table('groups', refresh_mode => 'DIFFERENTIAL')`)
  await expect(query('DROP INDEX recomputed_n_idx1')).rejects.toMatchObject({
    detail: 'The index by which a refresh finds its rows is dropped.',
  })
  await query('ALTER TABLE parts DROP CONSTRAINT parts_pkey; UPDATE parts SET v = v + 1')
  for (const name of ['rows', 'groups', 'recomputed']) {
    await refresh(name)
    await query('UPDATE parts SET v = v + 1')
    expect(await refresh(name)).toBe('DIFFERENTIAL')
    expect(await verified(name), name).toEqual([])
  }
  expect(await shown('rows')).toEqual(['(hash_record_extended(ROW(id, n, v), (0)::bigint))', '(id)'])
  expect(await shown('groups')).toEqual(['(n)', '(n) NULLS NOT DISTINCT'])
})

test('an owner’s index over just the key stays when the key is another, pg_stream’s own goes, also with another type', async () => {
  await query(
    `CREATE TABLE parts (id int PRIMARY KEY, n int, v int); INSERT INTO parts SELECT i, i, i FROM generate_series(1, 3) AS i`,
  )
  const define = (name: string, definition: string) =>
    query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [name, definition])
  await define('keyed', 'SELECT id, n FROM parts')
  await define('grouped', 'SELECT n, sum(v) AS v FROM parts GROUP BY n')
  await query(`CREATE UNIQUE INDEX own ON keyed (id); CREATE UNIQUE INDEX own_too ON grouped (n) NULLS NOT DISTINCT;
    CREATE INDEX ON grouped USING hash (n); ALTER INDEX grouped_n_idx RENAME TO renamed; REINDEX INDEX renamed`)
  await query('REINDEX INDEX CONCURRENTLY keyed_id_idx')
  await alter('keyed', 'SELECT id, n FROM parts UNION ALL SELECT -id, n FROM parts')
  await alter('grouped', 'SELECT n, v::bigint AS v FROM parts')
  const hash = (row: string) => `(hash_record_extended(ROW(${row}), (0)::bigint))`
  expect(await shown('keyed')).toEqual([hash('id, n'), '(id)'].sort())
  expect((await shown('grouped')).sort()).toEqual(
    [
      hash('n, v'),
      '(n) NULLS NOT DISTINCT',
      'CREATE INDEX grouped_n_idx1 ON public.grouped USING hash (n)',
    ].sort(),
  )
  // Back again, where the owner's stands for the one that was wanted.
  for (const name of ['keyed', 'grouped']) expect(await verified(name), name).toEqual([])
  // A key whose type is another, in a query without one.
  await define('single', 'SELECT DISTINCT n FROM parts')
  await alter('single', 'SELECT n::bigint AS n FROM parts UNION ALL SELECT n FROM parts')
  expect(await shown('single')).toEqual([hash('n')])
  await query('UPDATE parts SET n = n + 1')
  for (const name of ['keyed', 'grouped', 'single']) {
    expect(await refresh(name)).toBe('DIFFERENTIAL')
    expect(await verified(name), name).toEqual([])
  }
})

test('the hash of a key is not taken for that of a row', async () => {
  await query('CREATE TABLE parts (id int PRIMARY KEY, a text, b text, v int)')
  for (const name of ['bag', 'recomputed'])
    await query(
      `SELECT pgstream.create_stream_table($1, 'SELECT a, b, sum(v) AS v FROM parts GROUP BY a, b', '1h', 'DIFFERENTIAL')`,
      [name],
    )
  expect(await shown('bag')).toHaveLength(2)
  await alter('bag', 'SELECT a, b, v::bigint AS v FROM parts')
  await query(`SELECT pgstream.alter_stream_table('recomputed', refresh_mode => 'FULL')`)
  for (const name of ['bag', 'recomputed'])
    expect(await shown(name)).toEqual(['(hash_record_extended(ROW(a, b, v), (0)::bigint))'])
})

test('a name with a line break in it is a name', async () => {
  await query(`CREATE TABLE odd ("i\nd" int PRIMARY KEY, v int); INSERT INTO odd VALUES (1, 1)`)
  await query(
    `SELECT pgstream.create_stream_table('"o\nf"', 'SELECT "i\nd", v FROM odd', '1h', 'DIFFERENTIAL')`,
  )
  await query('INSERT INTO odd VALUES (2, 2)')
  expect(await refresh('"o\nf"')).toBe('DIFFERENTIAL')
  await query(`SELECT pgstream.repair_stream_table('"o\nf"')`)
  expect(await verified('"o\nf"')).toEqual([])
})

test('a column added at the end: same table, readers go on', async () => {
  const before = await known()
  await alter('a', 'SELECT region, sum(amount) AS total, count(*) AS n FROM orders GROUP BY region')
  expect(await identity()).toEqual(before)
  await query(`UPDATE orders SET amount = amount + 1 WHERE region = 'r1'`)
  expect(await refresh('a')).toBe('DIFFERENTIAL')
  for (const name of ['a', 'regions', 'totals', 'most']) {
    await refresh(name)
    expect(await verified(name)).toEqual([])
  }
  expect((await one('SELECT n::int FROM a LIMIT 1')).n).toBe(10)
  await alter('a', 'SELECT region, status, sum(amount) AS total FROM orders GROUP BY region, status').then(
    () => expect.unreachable(),
    (error) =>
      expect(error).toMatchObject({ code: '2BP01', detail: expect.stringContaining('public.regions') }),
  )
})

test('a column dropped: who reads it stops with a message that names it', async () => {
  const before = await known()
  await alter('a', 'SELECT region FROM orders GROUP BY region')
  expect(await identity()).toEqual(before)
  for (const name of ['totals', 'most'])
    expect(await state(name)).toEqual({
      status: 'ERROR',
      reason: 'column total of source table public.a was dropped',
    })
  await query(`INSERT INTO orders VALUES (1000, 'new', 's1', 5)`)
  for (const name of ['a', 'regions']) {
    expect(await refresh(name)).toBe('DIFFERENTIAL')
    expect(await verified(name)).toEqual([])
  }
})

test('a column of another type: same table, who reads it follows', async () => {
  const before = await known()
  await alter('a', 'SELECT region, sum(amount)::float8 AS total FROM orders GROUP BY region')
  expect(await identity()).toEqual(before)
  expect(await state('totals')).toEqual({ status: 'ACTIVE', reason: null })
  await query(`INSERT INTO orders VALUES (1000, 'new', 's1', 5)`)
  for (const name of ['a', 'regions', 'totals', 'most']) {
    await refresh(name)
    expect(await verified(name)).toEqual([])
  }
})

test('a column that a view uses stays, or the change is refused', async () => {
  await known()
  await expect(alter('a', 'SELECT sum(amount) AS total FROM orders')).rejects.toMatchObject({
    code: '2BP01',
    message: 'cannot change the columns of stream table "a"',
    detail: expect.stringContaining('view public.v depends on column region'),
  })
  expect(await verified('a')).toEqual([])
})

test('columns in another order: same table when no stream table reads it', async () => {
  await query('GRANT SELECT ON a TO pg_monitor')
  const before = await identity()
  await alter('a', 'SELECT sum(amount) AS total, region FROM orders GROUP BY region')
  expect(await identity()).toEqual(before)
  await query(`INSERT INTO orders VALUES (1000, 'new', 's1', 5)`)
  expect(await refresh('a')).toBe('DIFFERENTIAL')
  expect(await verified('a')).toEqual([])
})

test('under REPEATABLE READ the content comes with the next refresh', async () => {
  for (const definition of [
    'SELECT region, max(amount) AS total FROM orders GROUP BY region',
    'SELECT region, amount AS total FROM orders',
    'SELECT region, status, max(amount) AS total FROM orders GROUP BY region, status',
  ]) {
    await query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await alter('a', definition)
    await query('COMMIT')
    await refresh('a')
    expect(await verified('a')).toEqual([])
    await query(`UPDATE orders SET amount = amount + 1 WHERE id < 10`)
    expect(await refresh('a')).toBe('DIFFERENTIAL')
    expect(await verified('a')).toEqual([])
  }
})

test('another mode or schedule leaves the rows alone', async () => {
  const rows = () => query('SELECT ctid::text, xmin::text, * FROM a ORDER BY region')
  const history = async () =>
    (await one(`SELECT count(*)::int AS n FROM pgstream.get_refresh_history('a', 100)`)).n
  const before = [await rows(), await history()]
  for (const mode of ['DIFFERENTIAL', 'AUTO', 'FULL']) {
    await query('SELECT pgstream.alter_stream_table($1, refresh_mode => $2, schedule => $3)', [
      'a',
      mode,
      '2h',
    ])
    expect([await rows(), await history()]).toEqual(before)
  }
  expect(await refresh('a')).toBe('FULL')
  // Unchanged rows are found by the new key.
  await query(
    `UPDATE orders SET amount = amount + 1 WHERE region = 'r1'; SELECT pgstream.alter_stream_table('a', refresh_mode => 'AUTO')`,
  )
  const after = await rows()
  expect(
    after.filter((row, i) => row.ctid !== (before[0] as typeof after)[i].ctid).map((row) => row.region),
  ).toEqual(['r1'])
  await query(`UPDATE orders SET amount = amount + 1 WHERE region = 'r2'`)
  expect(await refresh('a')).toBe('DIFFERENTIAL')
  expect(await verified('a')).toEqual([])
})

describe('cycles', () => {
  beforeEach(async () => {
    await query(`SELECT pgstream.create_stream_table('b', 'SELECT region, total FROM a'); CREATE VIEW v AS SELECT region, total FROM b;
      SELECT pgstream.create_stream_table('c', 'SELECT region, total FROM v')`)
  })

  test.each([
    ['itself', 'a', 'SELECT region, total FROM a', 'public.a → public.a'],
    ['through others', 'a', 'SELECT region, total FROM c', 'public.a → public.c → public.b → public.a'],
    ['through a view', 'a', 'SELECT region, total FROM v', 'public.a → public.b → public.a'],
    [
      'recomputed',
      'b',
      'SELECT region, total FROM c WHERE now() IS NOT NULL',
      'public.b → public.c → public.b',
    ],
  ])('%s', async (_, name, definition, way) => {
    await expect(alter(name, definition)).rejects.toMatchObject({
      code: '42P17',
      message: `stream table public.${name} would read itself: ${way}`,
    })
    expect(await verified('a')).toEqual([])
  })

  test('by a view that is replaced', async () => {
    await query('CREATE OR REPLACE VIEW v AS SELECT region, total FROM c')
    expect(await state('c')).toEqual({ status: 'ERROR', reason: 'it would read itself: public.c → public.c' })
    await query(
      `CREATE OR REPLACE VIEW v AS SELECT region, total FROM a; SELECT pgstream.resume_stream_table('c')`,
    )
    await refresh('c')
    expect(await verified('c')).toEqual([])
  })

  test('closed by two sessions together', async () => {
    const other = await db.connect()
    await query(`SELECT pgstream.create_stream_table('x', 'SELECT region, amount AS total FROM orders');
      SELECT pgstream.create_stream_table('y', 'SELECT region, amount AS total FROM orders')`)
    await query('BEGIN')
    await alter('x', 'SELECT region, total FROM y')
    const second = other
      .query(`SELECT pgstream.alter_stream_table('y', query => 'SELECT region, total FROM x')`)
      .then(
        () => 'ok',
        (error) => error.code,
      )
    await query('COMMIT')
    expect(await second).toBe('42P17')
  })
})
