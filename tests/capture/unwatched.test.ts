import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

/** Without event triggers, as on a managed server: capture functions and refreshes find out by themselves. */
let db: FreshDatabase

beforeAll(async () => {
  db = await freshDatabase({ watched: false })
})
afterAll(() => db.close())

async function setUp() {
  await db.client.query(`DROP TABLE IF EXISTS st; DROP TABLE IF EXISTS t;
    SELECT pgstream._forget_stream_table(pgs_id) FROM pgstream.pgs_stream_tables;
    CREATE TABLE t (id int PRIMARY KEY, a text, b text, n numeric); INSERT INTO t VALUES (1, 'a', 'b', 1), (2, 'a', 'c', 2);
    SELECT pgstream.create_stream_table('st', 'SELECT id, a, n FROM t')`)
}

const state = async () =>
  (await db.client.query('SELECT status, broken_reason FROM pgstream.pgs_stream_tables')).rows[0]
const refresh = async () =>
  (await db.client.query(`SELECT pgstream.refresh_stream_table('st') AS action`)).rows[0]?.action
const verified = async () => (await db.client.query(`SELECT * FROM pgstream.verify_stream_table('st')`)).rows

test('nobody watches', async () => {
  expect((await db.client.query('SELECT pgstream._ddl_is_watched() AS watched')).rows).toEqual([
    { watched: false },
  ])
})

test('a rename: writers go on, the next refresh computes anew, then differentially', async () => {
  await setUp()
  await db.client.query(
    `ALTER TABLE t RENAME a TO z; UPDATE t SET z = 'changed' WHERE id = 1; INSERT INTO t VALUES (3, 'x', 'y', 3)`,
  )
  expect(await refresh()).toBe('REINITIALIZE')
  expect(await verified()).toEqual([])
  await db.client.query(`UPDATE t SET z = 'again' WHERE id = 2; DELETE FROM t WHERE id = 3`)
  expect(await refresh()).toBe('DIFFERENTIAL')
  expect(await verified()).toEqual([])
})

test('swapped names', async () => {
  await setUp()
  await db.client.query(
    `ALTER TABLE t RENAME a TO x; ALTER TABLE t RENAME b TO a; ALTER TABLE t RENAME x TO b; UPDATE t SET b = 'moved', a = 'other'`,
  )
  expect(await refresh()).toBe('REINITIALIZE')
  expect(await verified()).toEqual([])
})

test('a captured column is dropped: writers go on, the refresh says why it cannot', async () => {
  await setUp()
  await db.client.query(
    `ALTER TABLE t DROP COLUMN n; INSERT INTO t VALUES (5, 'a', 'b'); UPDATE t SET a = 'q'; DELETE FROM t WHERE id = 1`,
  )
  await expect(refresh()).rejects.toMatchObject({
    code: '55000',
    message: expect.stringContaining('column n of source table public.t was dropped'),
  })
  expect(await state()).toBeDefined()
})

test('a changed type: writers go on, and the next refresh reads the definition again', async () => {
  await setUp()
  await db.client.query(`ALTER TABLE t ALTER n TYPE text; UPDATE t SET n = 'not a number'`)
  expect(await refresh()).toBe('REINITIALIZE')
  expect(await verified()).toEqual([])
  await db.client.query(`UPDATE t SET n = 'another' WHERE id = 1`)
  expect(await refresh()).toBe('DIFFERENTIAL')
  expect(await verified()).toEqual([])
})

test.each([
  `ALTER a SET DEFAULT 'y'`,
  `ALTER a SET DEFAULT 'x', ALTER a SET DEFAULT 'y'`,
  'ALTER a SET STATISTICS 50',
  'ALTER a SET STORAGE EXTERNAL',
  'ADD COLUMN more int DEFAULT 3',
])('what is harmless: ALTER TABLE t %s', async (change) => {
  await setUp()
  await db.client.query(`SELECT pgstream.alter_stream_table('st', refresh_mode => 'DIFFERENTIAL');
    ALTER TABLE t ALTER a SET DEFAULT 'w'; INSERT INTO t VALUES (3, 'x', 'y', 3)`)
  expect(await refresh()).toBe('DIFFERENTIAL')
  await db.client.query(`ALTER TABLE t ${change}; INSERT INTO t (id) VALUES (4)`)
  expect(await refresh()).toBe('DIFFERENTIAL')
  expect(await verified()).toEqual([])
})

test('a rename in a transaction that is rolled back', async () => {
  await setUp()
  await db.client.query(
    `BEGIN; ALTER TABLE t RENAME a TO z; UPDATE t SET z = 'no'; ROLLBACK; UPDATE t SET a = 'yes' WHERE id = 1`,
  )
  expect(await refresh()).toBe('DIFFERENTIAL')
  expect(await verified()).toEqual([])
})

/** Each leaves the catalogs as they were, and rows that came or went. */
const cameAndWent = {
  'a partition, detached': `CREATE TABLE p PARTITION OF t FOR VALUES IN (3); INSERT INTO t VALUES (7, 3, 'p', 'q', 1);
    ALTER TABLE t DETACH PARTITION p`,
  'a partition, dropped': `CREATE TABLE p PARTITION OF t FOR VALUES IN (3); INSERT INTO t VALUES (7, 3, 'p', 'q', 1);
    DROP TABLE p`,
  'a partition that rows were moved to': `CREATE TABLE p PARTITION OF t FOR VALUES IN (3); UPDATE t SET k = 3 WHERE id = 1;
    ALTER TABLE t DETACH PARTITION p`,
  'a partition of a partition': `CREATE TABLE p PARTITION OF t2 FOR VALUES IN (22); INSERT INTO t VALUES (7, 22, 'p', 'q', 1);
    ALTER TABLE t2 DETACH PARTITION p`,
  'a partition attached and detached': `CREATE TABLE p (LIKE t); ALTER TABLE t ATTACH PARTITION p FOR VALUES IN (3);
    INSERT INTO t VALUES (7, 3, 'p', 'q', 1), (8, 1, 'p', 'q', 1); ALTER TABLE t DETACH PARTITION p`,
  'a partition that was one of another for a while': `CREATE TABLE o (LIKE t) PARTITION BY LIST (k);
    ALTER TABLE t DETACH PARTITION t1; ALTER TABLE o ATTACH PARTITION t1 FOR VALUES IN (1); INSERT INTO o VALUES (7, 1, 'p', 'q', 1);
    ALTER TABLE o DETACH PARTITION t1; ALTER TABLE t ATTACH PARTITION t1 FOR VALUES IN (1)`,
  'a child, dropped': `CREATE TABLE c () INHERITS (u); INSERT INTO c VALUES (7, 1, 'p', 'q', 1);
    UPDATE u SET a = 'changed'; DROP TABLE c`,
  'a child of a child': `CREATE TABLE c () INHERITS (u1); INSERT INTO c VALUES (7, 1, 'p', 'q', 1);
    DELETE FROM u WHERE id < 8; ALTER TABLE c NO INHERIT u1`,
  'a parent': `CREATE TABLE o (LIKE u) PARTITION BY LIST (k); ALTER TABLE o ATTACH PARTITION w FOR VALUES IN (1);
    INSERT INTO o VALUES (7, 1, 'p', 'q', 1); ALTER TABLE o DETACH PARTITION w`,
  'names of columns': `ALTER TABLE w RENAME a TO x; ALTER TABLE w RENAME b TO a; ALTER TABLE w RENAME x TO b;
    UPDATE w SET a = 'moved'; ALTER TABLE w RENAME a TO x; ALTER TABLE w RENAME b TO a; ALTER TABLE w RENAME x TO b`,
}

// Which is the faster is not asked here.
const CREATE = `SELECT pgstream.create_stream_table($1, $2, refresh_mode => 'DIFFERENTIAL')`

for (const [isolation, who] of [
  ['READ COMMITTED', 'whoever writes'],
  ['REPEATABLE READ', 'whoever writes'],
  ['REPEATABLE READ', 'others'],
] as const)
  test(`what came and went between two refreshes, written in ${isolation}, made by ${who}`, async () => {
    const writer = await db.connect()
    const maker = who === 'others' ? await db.connect() : writer
    await writer.query(`SET default_transaction_isolation = '${isolation.toLowerCase()}'`)
    for (const [what, statements] of Object.entries(cameAndWent)) {
      await db.client.query(`DROP TABLE IF EXISTS st, counted, t, u1, u, w, p, c, o CASCADE;
        SELECT pgstream._forget_stream_table(pgs_id) FROM pgstream.pgs_stream_tables`)
      await db.client.query(`CREATE TABLE t (id int, k int, a text, b text, n numeric) PARTITION BY LIST (k);
        CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
        CREATE TABLE t2 PARTITION OF t FOR VALUES IN (2, 22) PARTITION BY LIST (k); CREATE TABLE t21 PARTITION OF t2 FOR VALUES IN (2);
        CREATE TABLE u (id int, k int, a text, b text, n numeric); CREATE TABLE u1 () INHERITS (u); CREATE TABLE w (LIKE u);
        INSERT INTO t VALUES (1, 1, 'a', 'b', 1), (2, 2, 'a', 'b', 1); INSERT INTO u SELECT * FROM t; INSERT INTO u1 SELECT * FROM t;
        INSERT INTO w SELECT * FROM t WHERE k = 1`)
      const query = `SELECT id, k, a, n FROM t UNION ALL SELECT id, k, a, n FROM u UNION ALL SELECT id, k, a, n FROM w`
      await db.client.query(CREATE, ['st', query])
      await db.client.query(CREATE, [
        'counted',
        'SELECT (SELECT count(*) FROM t) AS t, (SELECT count(*) FROM u) AS u, (SELECT count(*) FROM w) AS w',
      ])
      const bySts = async (action: string) => {
        for (const name of ['st', 'counted']) {
          const { rows } = await db.client.query('SELECT pgstream.refresh_stream_table($1) AS action', [name])
          expect([name, rows[0].action], what).toEqual([name, action])
          expect(
            (await db.client.query('SELECT * FROM pgstream.verify_stream_table($1)', [name])).rows,
            what,
          ).toEqual([])
        }
      }
      // The plans of the writers are there before.
      const some = `INSERT INTO t VALUES (5, 1, 'a', 'b', 1), (6, 2, 'a', 'b', 1); INSERT INTO u VALUES (5, 1, 'a', 'b', 1);
        INSERT INTO w VALUES (5, 1, 'a', 'b', 1); UPDATE t SET n = 2; UPDATE u SET n = 2; UPDATE w SET n = 2;
        DELETE FROM t WHERE id >= 5; DELETE FROM u WHERE id >= 5; DELETE FROM w WHERE id >= 5; INSERT INTO t VALUES (9, 1, 'a', 'b', 1)`
      await writer.query(some)
      await bySts('DIFFERENTIAL')
      for (const statement of statements.split(';'))
        await (/^\s*(INSERT|UPDATE|DELETE)/.test(statement) ? writer : maker).query(statement)
      for (const name of ['st', 'counted']) {
        await db.client.query('SELECT pgstream.refresh_stream_table($1)', [name])
        expect(
          (await db.client.query('SELECT * FROM pgstream.verify_stream_table($1)', [name])).rows,
          `${what}: ${name}`,
        ).toEqual([])
      }
      // By the change again.
      await writer.query(some)
      await bySts('DIFFERENTIAL')
    }
  })

test('transactions that see the catalogs as they were look once, not each of them', async () => {
  await db.client.query(`DROP TABLE IF EXISTS st, counted, t CASCADE; SELECT pgstream._forget_stream_table(pgs_id) FROM pgstream.pgs_stream_tables;
    CREATE TABLE t (id int, k int) PARTITION BY LIST (k); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
    SELECT pgstream.create_stream_table('st', 'SELECT id, k FROM t')`)
  const writer = await db.connect()
  await writer.query(`SET default_transaction_isolation = 'repeatable read'; SET track_functions = 'all'`)
  const calls = async () => {
    await writer.query('SELECT pg_stat_force_next_flush()')
    const { rows } = await db.client.query(
      `SELECT coalesce(sum(calls), 0)::int AS calls FROM pg_stat_user_functions WHERE funcname = '_current_carriers'`,
    )
    return rows[0].calls
  }
  const looks = async (statements: string[]) => {
    const before = await calls()
    for (const statement of statements) await writer.query(statement)
    return (await calls()) - before
  }
  const insert = 'INSERT INTO t VALUES (1, 1)'
  // Of the first transaction nothing holds for others: the plan was made in it.
  expect(await looks([insert, insert])).toBe(2)
  expect(await looks([insert, `BEGIN; ${insert}; ${insert}; ROLLBACK`, insert])).toBe(0)
  // In it, after it (a transaction is told of its own DDL once more at its end), and for those that follow.
  expect(
    await looks([`BEGIN; ALTER TABLE t ADD x int; ${insert}; ${insert}; COMMIT`, insert, insert, insert]),
  ).toBe(3)
  await writer.query(`SET default_transaction_isolation = 'read committed'; ALTER TABLE t ADD y int`)
  expect(await looks([`BEGIN ISOLATION LEVEL SERIALIZABLE; ${insert}; COMMIT`, insert, insert, insert])).toBe(
    2,
  )
  await db.client.query('CREATE TABLE t3 PARTITION OF t FOR VALUES IN (3)')
  await writer.query('INSERT INTO t VALUES (3, 3)')
  await db.client.query('ALTER TABLE t DETACH PARTITION t3')
  expect(await refresh()).toBe('REINITIALIZE')
  expect(await verified()).toEqual([])
})

test('names of columns that were swapped and back, of values that each session prints otherwise', async () => {
  await db.client.query(`DROP TABLE IF EXISTS st, t CASCADE; SELECT pgstream._forget_stream_table(pgs_id) FROM pgstream.pgs_stream_tables;
    CREATE TABLE t (id int); INSERT INTO t VALUES (1);
    ALTER TABLE t ADD a timestamptz DEFAULT '2026-01-01 00:00+00', ADD b timestamptz DEFAULT '2025-01-01 00:00+00';
    SET TimeZone = 'UTC'; SELECT pgstream.create_stream_table('st', 'SELECT id, a FROM t', refresh_mode => 'DIFFERENTIAL')`)
  const written = async () =>
    (
      await db.client.query(
        `SELECT xmin FROM pg_proc WHERE proname ~ '^capture_[0-9]+_insert$' AND prosrc <> ''`,
      )
    ).rows
  const before = await written()
  for (const zone of ['Asia/Tokyo', 'UTC']) {
    await db.client.query(`SET TimeZone = '${zone}'; INSERT INTO t VALUES (2, now(), now())`)
    expect(await refresh()).toBe('DIFFERENTIAL')
    expect(await written()).toEqual(before)
  }
  await db.client.query(`ALTER TABLE t RENAME a TO x; ALTER TABLE t RENAME b TO a; ALTER TABLE t RENAME x TO b; UPDATE t SET b = now();
    ALTER TABLE t RENAME a TO x; ALTER TABLE t RENAME b TO a; ALTER TABLE t RENAME x TO b; SET TimeZone = 'Asia/Tokyo'`)
  expect(await refresh()).toBe('REINITIALIZE')
  expect(await verified()).toEqual([])
  await db.client.query('RESET TimeZone')
})

test('what the scheduler finds broken stays in ERROR, with the reason', async () => {
  await setUp()
  await db.client.query(`SELECT pgstream.alter_stream_table('st', schedule => '1s'); ALTER TABLE t DROP COLUMN n;
    INSERT INTO t VALUES (5, 'a', 'b'); UPDATE pgstream.frontiers SET checked_at = now() - interval '1 hour'`)
  await db.client.query('CALL pgstream.run_scheduler()')
  expect(await state()).toEqual({
    status: 'ERROR',
    broken_reason: expect.stringContaining('column n of source table public.t was dropped'),
  })
  const { rows } = await db.client.query('SELECT last_error FROM pgstream.stream_tables_info')
  expect(rows[0].last_error).toContain('column n of source table public.t was dropped')
})

test('stream tables that swapped their names, and one that has the name of another that is gone', async () => {
  await setUp()
  await db.client.query(`SELECT pgstream.create_stream_table('two', 'SELECT id, b FROM t');
    SELECT pgstream.create_stream_table('three', 'SELECT b, id FROM t');
    SELECT pgstream.create_stream_table('gone', 'SELECT id FROM t')`)
  await db.client.query(`ALTER TABLE st RENAME TO first; ALTER TABLE two RENAME TO st; ALTER TABLE three RENAME TO two;
    ALTER TABLE first RENAME TO three; INSERT INTO t VALUES (3, 'x', 'y', 3)`)
  for (const name of ['two', 'st', 'three']) {
    await db.client.query('SELECT pgstream.refresh_stream_table($1)', [name])
    expect((await db.client.query('SELECT * FROM pgstream.verify_stream_table($1)', [name])).rows).toEqual([])
  }
  await db.client.query('DROP TABLE gone; ALTER TABLE st RENAME TO gone; DELETE FROM t WHERE id = 1')
  await db.client.query(`SELECT pgstream.refresh_stream_table('gone')`)
  expect((await db.client.query(`SELECT * FROM pgstream.verify_stream_table('gone')`)).rows).toEqual([])
  await db.client.query('CALL pgstream.run_scheduler(1)')
  const { rows } = await db.client.query(
    'SELECT pgs_name AS name, pgs_name = c.relname AS follows, status FROM pgstream.pgs_stream_tables s LEFT JOIN pg_class c ON c.oid = s.pgs_relid ORDER BY 1',
  )
  expect(rows.filter(({ follows }) => follows)).toEqual(
    ['gone', 'three', 'two'].map((name) => ({ name, follows: true, status: 'ACTIVE' })),
  )
})
