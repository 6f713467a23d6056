import type pg from 'pg'
import { describe, expect, test } from 'vitest'
import { create, type Scene, scenes, untilWaiting } from '../concurrency/scene.ts'
import { expectEqual, expectExact } from '../oracle/oracle.ts'

/** What alter_stream_table, create_stream_table and drop_stream_table do to a group of stream tables that meet. */
const scene = scenes()

const BASE = `CREATE TABLE base (id bigserial PRIMARY KEY, k int, v int);
  INSERT INTO base (k, v) SELECT i % 9, 1 FROM generate_series(1, 300) AS i`

async function diamond(client: pg.Client) {
  await create(client, 'a', 'SELECT k, count(*)::bigint AS n FROM base GROUP BY k', {
    schedule: 'calculated',
  })
  await create(client, 'b', 'SELECT k, sum(v)::bigint AS n FROM base GROUP BY k', { schedule: 'calculated' })
  await create(client, 'c', 'SELECT a.k, a.n, b.n AS m FROM a JOIN b USING (k)', { schedule: '1s' })
}

const typeOf = async (client: pg.Client, name: string, column: string) =>
  (
    await client.query(
      'SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = $1::regclass AND attname = $2',
      [name, column],
    )
  ).rows[0].type

const tables = async ({ client, schema }: Scene) =>
  (
    await client.query('SELECT pgs_name FROM pgstream.pgs_stream_tables WHERE pgs_schema = $1 ORDER BY 1', [
      schema,
    ])
  ).rows.map((row) => row.pgs_name)

describe('a column that gets another type in the middle of a diamond', () => {
  test('takes its readers along', async () => {
    const { client } = await scene(BASE)
    await diamond(client)
    await client.query(
      `SELECT pgstream.alter_stream_table('b', query => 'SELECT k, sum(v)::int AS n FROM base GROUP BY k')`,
    )
    expect(await typeOf(client, 'c', 'm')).toBe('integer')
    for (const name of ['a', 'b', 'c']) await expectExact(client, name)
    await client.query('INSERT INTO base (k, v) VALUES (1, 5)')
    await client.query('CALL pgstream.run_scheduler()')
    for (const name of ['a', 'b', 'c']) await expectExact(client, name)
  })

  test.each([
    [
      'another type',
      `SELECT pgstream.alter_stream_table('b', query => 'SELECT k, sum(v)::int AS n FROM base GROUP BY k')`,
    ],
    ['another key', `SELECT pgstream.alter_stream_table('b', refresh_mode => 'AUTO')`],
  ])('%s: a reader of both is no part in a deadlock', async (_, call) => {
    const { client, open } = await scene(BASE)
    await diamond(client)
    await client.query(
      `SELECT pgstream.alter_stream_table('c', refresh_mode => 'AUTO'); SELECT pgstream.alter_stream_table('b', refresh_mode => 'FULL')`,
    )
    await client.query('CALL pgstream.run_scheduler()')
    const reader = await open()
    await reader.query('BEGIN; SELECT FROM c')
    await client.query(`SET lock_timeout = '5s'`)
    await client.query(call)
    await reader.query(`SET LOCAL lock_timeout = '3s'; SELECT FROM b; COMMIT`)
    await client.query('CALL pgstream.run_scheduler()')
    const { rows } = await client.query(`SELECT DISTINCT data_timestamp FROM pgstream.pgs_status()
      WHERE name IN (SELECT format('%I.%I', pgs_schema, pgs_name) FROM pgstream.pgs_stream_tables WHERE pgs_relid IN ('a'::regclass, 'b'::regclass, 'c'::regclass))`)
    expect(rows).toHaveLength(1)
    expect(await typeOf(client, 'c', 'm')).toBe(await typeOf(client, 'b', 'n'))
    for (const name of ['a', 'b', 'c']) await expectExact(client, name)
  })

  test.each([
    [
      'a new member',
      `SELECT pgstream.create_stream_table('z', 'SELECT a.n, b.n AS x FROM a JOIN b USING (k)', '1s')`,
    ],
    [
      'a member with another query',
      `SELECT pgstream.alter_stream_table('a', query => 'SELECT k, count(*) + 1 AS n FROM base GROUP BY k')`,
    ],
    ['a member with another mode', `SELECT pgstream.alter_stream_table('b', refresh_mode => 'FULL')`],
    ['a member that is repaired', `SELECT pgstream.repair_stream_table('a')`],
  ])('is followed with %s, in the transaction that altered the base', async (_, call) => {
    const { client } = await scene(BASE)
    await create(client, 'a', 'SELECT k, count(*)::bigint AS n FROM base GROUP BY k', {
      schedule: 'calculated',
    })
    await create(client, 'b', 'SELECT k, max(v) AS n FROM base GROUP BY k', {
      mode: 'AUTO',
      schedule: 'calculated',
    })
    await create(client, 'c', 'SELECT a.k, a.n, b.n AS m FROM a JOIN b USING (k)', { schedule: '1s' })
    await client.query('BEGIN; ALTER TABLE base ALTER v TYPE bigint')
    await client.query(call)
    await client.query('COMMIT')
    await client.query('INSERT INTO base (k, v) VALUES (1, 1 + 2::bigint ^ 40)')
    await client.query('CALL pgstream.run_scheduler()')
    expect(await typeOf(client, 'c', 'm')).toBe('bigint')
    for (const name of ['a', 'b', 'c']) await expectExact(client, name)
  })
})

describe('capture that nobody needs any more', () => {
  const captures = async ({ client, schema }: Scene, writes = 'insert') =>
    (
      await client.query(
        `SELECT t.tgrelid::regclass::text AS name, p.prosrc NOT LIKE '%INSERT INTO%' AS does_nothing
         FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = $1::regnamespace AND p.proname ~ ('^capture_.*_' || $2 || '$') AND t.tgparentid = 0 ORDER BY 1`,
        [schema, writes],
      )
    ).rows.map(({ name, does_nothing }) => `${name} ${does_nothing ? 'nothing' : 'captured'}`)
  const tidy = ({ client }: Scene) => client.query('CALL pgstream.run_scheduler()')

  test.each([
    ['by another mode', `SELECT pgstream.alter_stream_table('c', refresh_mode => 'FULL')`],
    [
      'by another query',
      `SELECT pgstream.alter_stream_table('c', query => 'SELECT k, 1::bigint AS n, 2::bigint AS m FROM base')`,
    ],
    ['with the reader', `SELECT pgstream.drop_stream_table('c')`],
    ['with the reader, by DROP TABLE', 'DROP TABLE c'],
  ])('ends %s without a lock that readers of several members meet', async (_, end) => {
    const made = await scene(BASE)
    const { client, open } = made
    await diamond(client)
    const reader = await open()
    await client.query(`SET lock_timeout = '3s'`)
    await reader.query('BEGIN; SELECT FROM b')
    await client.query(end)
    await reader.query(`SET LOCAL lock_timeout = '3s'; SELECT FROM a`)
    // The one that nobody uses is done with, the other does nothing from now on.
    expect(await captures(made)).toEqual(['b nothing', 'base captured'])
    await client.query('INSERT INTO base (k, v) VALUES (1, 5)')
    await tidy(made)
    expect(await captures(made)).toEqual(['b nothing', 'base captured'])
    await reader.query('COMMIT')
    await tidy(made)
    expect(await captures(made)).toEqual(['base captured'])
    for (const name of ['a', 'b']) await expectExact(client, name)
    const { rows } = await client.query(
      `SELECT t.source_relid FROM pgstream.pgs_change_tracking t WHERE t.is_retired UNION ALL
       SELECT 1 FROM pgstream.health_check() h WHERE h.check_name IN ('capture', 'orphans') AND h.severity <> 'OK'`,
    )
    expect(rows).toEqual([])
  })

  test('is taken up again where it is needed meanwhile, and nothing that came in between counts', async () => {
    const made = await scene(BASE)
    const { client, open } = made
    await diamond(client)
    const reader = await open()
    await client.query(`SET lock_timeout = '3s'`)
    await reader.query('BEGIN; SELECT FROM a; SELECT FROM b')
    for (let i = 0; i < 2; i++) {
      await client.query(`SELECT pgstream.alter_stream_table('c', refresh_mode => 'FULL')`)
      expect(await captures(made)).toEqual(['a nothing', 'b nothing', 'base captured'])
      await client.query('INSERT INTO base (k, v) VALUES (1, 5)')
      for (const name of ['a', 'b', 'c']) await expectExact(client, name)
      await client.query(`SELECT pgstream.alter_stream_table('c', refresh_mode => 'DIFFERENTIAL')`)
      expect(await captures(made)).toEqual(['a captured', 'b captured', 'base captured'])
      await client.query('UPDATE base SET v = v + 1 WHERE k < 4')
      expect(await expectExact(client, 'c')).toBe('DIFFERENTIAL')
      await tidy(made)
    }
    await reader.query('COMMIT')
    await tidy(made)
    expect(await captures(made)).toEqual(['a captured', 'b captured', 'base captured'])
    // In one transaction, while somebody writes the source.
    const writer = await open()
    await client.query('CREATE TABLE other (k int, v int)')
    await create(client, 'd', 'SELECT k, sum(v) AS v FROM other GROUP BY k')
    await writer.query('BEGIN; INSERT INTO other VALUES (1, 1)')
    await client.query(`SELECT pgstream.drop_stream_table('d')`)
    expect(await captures(made)).toContain('other nothing')
    await writer.query('INSERT INTO other VALUES (2, 2); COMMIT; BEGIN; INSERT INTO other VALUES (3, 3)')
    const creating = create(client, 'e', 'SELECT k, count(v) AS n FROM other GROUP BY k')
    await untilWaiting(writer, client)
    await writer.query('INSERT INTO other VALUES (4, 4); COMMIT; INSERT INTO other VALUES (5, 5)')
    await creating
    await writer.query('INSERT INTO other VALUES (6, 6)')
    expect(await expectExact(client, 'e')).toBe('DIFFERENTIAL')
    expect(await captures(made)).toContain('other captured')
  })

  test.each([
    ['a column that was added', 'ALTER TABLE other ADD w int', []],
    ['the source that is dropped', 'DROP TABLE other', []],
    // Whatever takes a lesser lock leaves it.
    ['an index', 'CREATE INDEX ON other (k)', ['other nothing']],
  ])('goes with %s, where no scheduler runs', async (_, ddl, left) => {
    const made = await scene('CREATE TABLE other (k int, v int)')
    const { client, open } = made
    await create(client, 'd', 'SELECT k, sum(v) AS v FROM other GROUP BY k')
    const reader = await open()
    await reader.query('BEGIN; SELECT FROM other')
    await client.query(`SELECT pgstream.drop_stream_table('d')`)
    await reader.query('COMMIT')
    expect(await captures(made)).toEqual(['other nothing'])
    await client.query(`INSERT INTO other VALUES (1, 1); ${ddl}`)
    expect(await captures(made)).toEqual(left)
    await tidy(made)
    expect(await captures(made)).toEqual([])
    const { rows } = await client.query('SELECT FROM pgstream.pgs_change_tracking WHERE is_retired')
    expect(rows).toEqual([])
  })
})

test('capture that cannot be taken away keeps nothing from being refreshed', async () => {
  const { client, open } = await scene(
    'CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY)',
  )
  await create(client, 'st', 'SELECT id FROM t')
  await create(client, 'other', 'SELECT id FROM u', { schedule: '1s' })
  const reader = await open()
  await reader.query('BEGIN; SELECT FROM t')
  await client.query(`SELECT pgstream.drop_stream_table('st')`)
  await reader.query('COMMIT')
  const tracked = async () =>
    (await client.query(`SELECT FROM pgstream.pgs_change_tracking WHERE source_relid = 't'::regclass`))
      .rowCount
  expect(await tracked()).toBe(1)
  await client.query(`CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'nothing is dropped here'; END $$;
    CREATE EVENT TRIGGER nothing_is_dropped ON sql_drop EXECUTE FUNCTION refuse(); ALTER EVENT TRIGGER nothing_is_dropped ENABLE ALWAYS`)
  try {
    await client.query('INSERT INTO u VALUES (1)')
    await client.query('CALL pgstream.run_scheduler()')
    await expectEqual(client, 'other')
    expect(await tracked()).toBe(1)
  } finally {
    await client.query('DROP EVENT TRIGGER nothing_is_dropped')
  }
  await client.query('CALL pgstream.run_scheduler()')
  expect(await tracked()).toBe(0)
})

describe('drop_stream_table with cascade', () => {
  test('takes dependents that read each other', async () => {
    const made = await scene(BASE)
    const { client } = made
    await diamond(client)
    await create(client, 'q', 'SELECT a.k, c.m FROM a JOIN c USING (k)')
    await create(client, 'r', 'SELECT count(*) AS n FROM q JOIN c USING (k)')
    await client.query(`SELECT pgstream.drop_stream_table('a', cascade => true)`)
    expect(await tables(made)).toEqual(['b'])
    await client.query('INSERT INTO base (k, v) VALUES (1, 5)')
    await client.query('CALL pgstream.run_scheduler()')
    await expectExact(client, 'b')
  })
})

describe('a member that is altered while the scheduler waits for the group', () => {
  test.each([
    ['another mode', `refresh_mode => 'FULL'`],
    ['another query', `query => 'SELECT k, count(*) + 1 AS n FROM base GROUP BY k'`],
    // Its content is left to the next refresh.
    [
      'another query, under REPEATABLE READ',
      `query => 'SELECT k, count(*) + 1 AS n FROM base GROUP BY k'`,
      'REPEATABLE READ',
    ],
  ])('%s is no failure: the next try has the new plan', async (_, change, isolation = 'READ COMMITTED') => {
    const { client, open, schema } = await scene(BASE)
    await diamond(client)
    const [owner, worker] = await Promise.all([open(), open()])
    await client.query('INSERT INTO base (k, v) VALUES (1, 5)')
    await owner.query(`BEGIN ISOLATION LEVEL ${isolation}`)
    await owner.query(`SELECT pgstream.alter_stream_table('a', ${change})`)
    const running = worker.query('CALL pgstream.run_scheduler()')
    await untilWaiting(client, worker)
    await owner.query('COMMIT')
    await running
    // In the same call: nothing was left to a later one, nor noted as in vain.
    const { rows } = await client.query(
      `SELECT s.pgs_name, h.status, h.error_message FROM pgstream.pgs_refresh_history h JOIN pgstream.pgs_stream_tables s USING (pgs_id)
       WHERE s.pgs_schema = $1 AND h.status <> 'COMPLETED'`,
      [schema],
    )
    expect(rows).toEqual([])
    for (const name of ['a', 'b', 'c']) await expectEqual(client, name)
    // And with the new plan.
    await client.query('INSERT INTO base (k, v) VALUES (2, 5)')
    for (const name of ['a', 'b', 'c']) await expectExact(client, name)
  })
})

describe('one that comes to a group while the scheduler has it in hand', () => {
  const shown = async (client: pg.Client) =>
    (
      await client.query(
        'SELECT (SELECT sum(n) FROM a) AS a, (SELECT sum(n) FROM b) AS b, (SELECT sum(n) FROM s) AS s',
      )
    ).rows[0]
  const joins = `SELECT pgstream.alter_stream_table('s', query => 'SELECT sum(a.n) AS n FROM a JOIN b USING (k)')`

  test('moves with the others, also when that one waited for it', async () => {
    const { client, open } = await scene(BASE)
    await diamond(client)
    await create(client, 's', 'SELECT sum(v) AS n FROM base')
    await client.query('CALL pgstream.run_scheduler()')
    const [owner, worker] = await Promise.all([open(), open()])
    await owner.query('BEGIN')
    await owner.query(joins)
    await client.query('INSERT INTO base (k, v) VALUES (1, 1)')
    const running = worker.query('CALL pgstream.run_scheduler()')
    await untilWaiting(client, worker)
    await owner.query('COMMIT')
    await running
    expect(await shown(client)).toEqual({ a: '301', b: '301', s: '301' })
  })

  test('is not left behind by a graph that cannot be written', async () => {
    const { client, open } = await scene(BASE)
    await create(client, 'a', 'SELECT k, count(*) AS n FROM base GROUP BY k', { schedule: '1s' })
    await create(client, 'b', 'SELECT k, sum(v) AS n FROM base GROUP BY k', { schedule: '1s' })
    await create(client, 's', 'SELECT sum(v) AS n FROM base', { schedule: '1s' })
    await client.query('CALL pgstream.run_scheduler()')
    const other = await open()
    await other.query('BEGIN; LOCK TABLE pgstream._graph_lock IN SHARE ROW EXCLUSIVE MODE')
    await client.query(joins)
    await client.query('INSERT INTO base (k, v) VALUES (1, 1)')
    await client.query('CALL pgstream.run_scheduler()')
    expect(await shown(client)).toEqual({ a: '300', b: '300', s: '300' })
    await other.query('ROLLBACK')
    await client.query('CALL pgstream.run_scheduler()')
    expect(await shown(client)).toEqual({ a: '301', b: '301', s: '301' })
  })
})

test('refreshes by several at once and a query that is altered all the time meet in no deadlock', async () => {
  const { client, open } = await scene(BASE)
  await client.query('CREATE TABLE names (k int PRIMARY KEY, label text)')
  await client.query(`INSERT INTO names SELECT i, 'k' || i FROM generate_series(0, 8) AS i`)
  const query = (n: number) => `SELECT base.id, label, v + ${n} AS v FROM base JOIN names USING (k)`
  await create(client, 'st', query(0))
  const [first, second] = await Promise.all([open(), open()])
  let isDone = false
  const refreshing = [first, second].map(async (session, i) => {
    while (!isDone) {
      await session.query('UPDATE base SET v = v + 1 WHERE id = $1', [i + 1])
      await session.query(`SELECT pgstream.refresh_stream_table('st')`)
    }
  })
  const altering = (async () => {
    for (let n = 1; n <= 60; n += 1) {
      await client.query('UPDATE base SET v = v + 1 WHERE id = 9')
      await client.query('SELECT pgstream.alter_stream_table($1, query => $2)', ['st', query(n % 5)])
    }
  })().finally(() => {
    isDone = true
  })
  await Promise.all([altering, ...refreshing])
  await expectExact(client, 'st')
})

/** DDL takes the table and then the catalog's rows of its readers, a refresh the other way round: of the two DDL may be the one that is ended. */
async function renamed(session: pg.Client, rename: string): Promise<void> {
  for (;;)
    try {
      await session.query(rename)
      return
    } catch (error) {
      if ((error as { code?: string }).code !== '40P01') throw error
    }
}

/** Columns of base get other names, from one letter to another, again and again until it is stopped. */
function renaming(session: pg.Client, renames: readonly string[], pause: number): () => Promise<void> {
  let isDone = false
  const done = (async () => {
    while (!isDone)
      for (const [from, to] of renames) {
        await renamed(session, `ALTER TABLE base RENAME COLUMN ${from} TO ${to}`)
        await session.query('SELECT pg_sleep($1)', [pause])
      }
  })()
  return async () => {
    isDone = true
    await done
  }
}

test('renames that overtake the refresh of a group, however many come one after the other, are no failure', async () => {
  const { client, open } = await scene(BASE)
  await client.query(`CREATE FUNCTION slowly(v int) RETURNS int LANGUAGE plpgsql IMMUTABLE
    AS 'BEGIN PERFORM pg_catalog.pg_sleep(0.05); RETURN v; END'`)
  await create(client, 'a', 'SELECT k, slowly(v) AS v FROM base WHERE id > 300', { schedule: 'calculated' })
  await create(client, 'b', 'SELECT k, sum(v)::bigint AS n FROM base GROUP BY k', { schedule: 'calculated' })
  await create(client, 'c', 'SELECT a.k, a.v, b.n FROM a JOIN b USING (k)', { schedule: '1s' })
  const stop = renaming(await open(), ['vw', 'kl', 'lk', 'wv'], 0.03)
  for (let i = 0; i < 12; i++) {
    await client.query('INSERT INTO base SELECT FROM generate_series(1, 2)')
    await client.query('CALL pgstream.run_scheduler()')
  }
  await stop()
  const { rows } = await client.query(
    `SELECT s.pgs_name, x.message FROM pgstream.pgs_refresh_history AS h JOIN pgstream.pgs_stream_tables AS s USING (pgs_id)
     LEFT JOIN pgstream._error_texts AS x USING (refresh_id) WHERE s.pgs_schema = current_schema() AND h.status = 'FAILED'`,
  )
  expect(rows).toEqual([])
  await client.query('SELECT pgstream.refresh_stream_table($1)', ['c'])
  for (const name of ['a', 'b', 'c']) await expectExact(client, name)
})

test('nor are those that overtake one that is refreshed by itself', async () => {
  const { client, open } = await scene(BASE)
  await create(client, 'st', 'SELECT k, count(*)::int AS n, max(v) AS m FROM base GROUP BY k', {
    schedule: '1s',
  })
  const stop = renaming(await open(), ['vw', 'wv'], 0.012)
  for (let i = 0; i < 15; i++) {
    await client.query('INSERT INTO base SELECT FROM generate_series(1, 2)')
    await client.query(
      `UPDATE pgstream.frontiers SET retry_at = NULL, last_refresh_at = now() - interval '1 hour', checked_at = now() - interval '1 hour'`,
    )
    await client.query('CALL pgstream.run_scheduler()')
  }
  await stop()
  const { rows } = await client.query(
    `SELECT s.status, s.consecutive_errors FROM pgstream.pgs_stream_tables AS s WHERE s.pgs_schema = current_schema()`,
  )
  expect(rows).toEqual([{ status: 'ACTIVE', consecutive_errors: 0 }])
  await client.query('SELECT pgstream.refresh_stream_table($1)', ['st'])
  await expectExact(client, 'st')
})
