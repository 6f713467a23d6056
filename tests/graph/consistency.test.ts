import type pg from 'pg'
import { describe, expect, test, vi } from 'vitest'
import { create, outcome, refresh, roles, type Scene, scenes, untilWaiting } from '../concurrency/scene.ts'
import { expectEqual, expectExact, expectExactWhenQuiet } from '../oracle/oracle.ts'

const makeScene = scenes()
let latest: Scene
const scene = async (setup?: string) => {
  latest = await makeScene(setup)
  return latest
}
const newRole = roles(() => latest.db)

const DIAMOND = `CREATE TABLE t (id int PRIMARY KEY, g int, v int);
  INSERT INTO t SELECT i, i % 5, i FROM generate_series(1, 50) AS i`

async function diamond(client: pg.Client, schedule = '1s') {
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { schedule: 'calculated' })
  await create(client, 'b', 'SELECT g, count(*) AS n FROM t GROUP BY g', { schedule: 'calculated' })
  await create(client, 'd', 'SELECT a.g, a.total, b.n FROM a JOIN b ON b.g = a.g', { schedule })
}

const moments = async (client: pg.Client) =>
  (
    await client.query(
      `SELECT count(DISTINCT data_timestamp)::int AS moments, count(DISTINCT f.snapshot::text)::int AS snapshots
       FROM pgstream.pgs_stream_tables s JOIN pgstream.frontiers f USING (pgs_id) WHERE pgs_schema = current_schema()`,
    )
  ).rows[0]

test('the scheduler moves a diamond at one snapshot', async () => {
  const { client } = await scene(DIAMOND)
  await diamond(client)
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  await client.query('CALL pgstream.run_scheduler()')
  expect(await moments(client)).toEqual({ moments: 1, snapshots: 1 })
  for (const name of ['a', 'b', 'd']) await expectExact(client, name)
  // Once is enough: what the members pass on to each other is consumed.
  await client.query('CALL pgstream.run_scheduler()')
  const { rows: refreshes } = await client.query(
    `SELECT count(*)::int AS n FROM pgstream.get_refresh_history('d', 100) WHERE initiated_by = 'SCHEDULER'`,
  )
  expect(refreshes).toEqual([{ n: 1 }])
  const { rows } = await client.query(
    `SELECT DISTINCT reported.data_timestamp = f.data_timestamp OR reported.data_timestamp > f.data_timestamp AS ok
     FROM pgstream._freshness() reported JOIN pgstream.frontiers f USING (pgs_id)`,
  )
  expect(rows).toEqual([{ ok: true }])
})

test('a reader in one REPEATABLE READ transaction sees one state of the world, under writers', async () => {
  const { client, open } = await scene(DIAMOND)
  await diamond(client)
  const [writer, worker, reader] = await Promise.all([open(), open(), open()])
  const end = Date.now() + 4_000
  let reads = 0
  const seen = new Set<string>()
  const write = async () => {
    for (let i = 0; Date.now() < end; i++)
      await writer.query(
        `INSERT INTO t VALUES (${1000 + i}, ${i % 5}, 1); UPDATE t SET v = v + 1 WHERE id = ${i % 50}`,
      )
  }
  const work = async () => {
    while (Date.now() < end) await worker.query('CALL pgstream.run_scheduler()')
  }
  const read = async () => {
    while (Date.now() < end) {
      await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
      const { rows } = await reader.query(`
        SELECT (SELECT sum(total) FROM a)::text AS a, (SELECT sum(n) FROM b)::text AS b,
          (SELECT sum(total) FROM d)::text AS a_in_d, (SELECT sum(n) FROM d)::text AS b_in_d`)
      await reader.query('COMMIT')
      reads += 1
      seen.add(rows[0].b)
      expect(rows[0]).toEqual({ a: rows[0].a_in_d, b: rows[0].b_in_d, a_in_d: rows[0].a, b_in_d: rows[0].b })
    }
  }
  await Promise.all([write(), work(), read()])
  expect(reads).toBeGreaterThan(10)
  expect(seen.size).toBeGreaterThan(2)
  await client.query('CALL pgstream.run_scheduler()')
  for (const name of ['a', 'b', 'd']) await expectExact(client, name)
})

test('a person refreshes the group, and what lies below', async () => {
  const { client } = await scene(DIAMOND)
  await diamond(client, '1h')
  await create(client, 'top', 'SELECT count(*) AS groups, sum(n) AS n FROM d')
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  expect(await refresh(client, 'top')).toBe('DIFFERENTIAL')
  expect((await client.query('SELECT n::int FROM top')).rows).toEqual([{ n: 51 }])
  for (const name of ['a', 'b', 'd', 'top']) await expectExact(client, name)
  expect(await refresh(client, 'top')).toBe('NO_DATA')
  await client.query('DELETE FROM t WHERE id = 1')
  expect(await refresh(client, 'b')).toBe('DIFFERENTIAL')
  // The other members came along; the reader above did not.
  for (const name of ['a', 'b', 'd']) await expectExact(client, name)
  expect((await client.query('SELECT sum(n)::int AS n FROM d')).rows).toEqual([{ n: 50 }])
})

test('a member that was just filled comes to the moment of its group', async () => {
  const { client } = await scene(DIAMOND)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g')
  await create(client, 'b', 'SELECT g, count(*) AS n FROM t GROUP BY g')
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  await refresh(client, 'a')
  await client.query('INSERT INTO t VALUES (101, 1, 7)')
  await create(client, 'd', 'SELECT a.g, a.total, b.n FROM a JOIN b ON b.g = a.g')
  expect((await client.query('SELECT total::int, n::int FROM d WHERE g = 1')).rows).toEqual([
    { total: 249, n: 12 },
  ])
})

test('nothing new is as old as what is read: the moment of a stream table over others', async () => {
  const { client } = await scene(DIAMOND)
  await create(client, 'below', 'SELECT id, v FROM t')
  await create(client, 'above', 'SELECT sum(v) AS total FROM below')
  const moments = async () => {
    const { rows } = await client.query(
      `SELECT data_timestamp > clock_timestamp() - interval '1 hour' AS fresh FROM pgstream.pgs_stream_tables JOIN pgstream.frontiers USING (pgs_id)
       WHERE pgs_schema = current_schema() ORDER BY pgs_id`,
    )
    return rows.map(({ fresh }) => fresh)
  }
  const later = () =>
    client.query(
      `UPDATE pgstream.frontiers SET checked_at = checked_at - interval '2 hours', data_timestamp = data_timestamp - interval '2 hours'`,
    )
  await later()
  expect(await refresh(client, 'above')).toBe('NO_DATA')
  expect(await moments()).toEqual([true, true])
  await later()
  await client.query("SELECT pgstream.alter_stream_table('below', status => 'SUSPENDED')")
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  expect(await refresh(client, 'above')).toBe('NO_DATA')
  expect(await moments()).toEqual([false, false])
})

test('members that are recomputed hold writers off for the last pass, and no longer', async () => {
  const { client, open } = await scene(DIAMOND)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { mode: 'FULL' })
  await create(client, 'b', 'SELECT g, count(*) AS n FROM t GROUP BY g')
  await create(client, 'd', 'SELECT a.g, a.total, b.n FROM a JOIN b ON b.g = a.g')
  const writer = await open()
  await client.query('INSERT INTO t VALUES (100, 1, 7); BEGIN')
  await refresh(client, 'd')
  const writing = writer.query('INSERT INTO t VALUES (101, 1, 7)')
  await untilWaiting(client, writer)
  await client.query('COMMIT')
  await writing
  expect((await client.query('SELECT total::int, n::int FROM d WHERE g = 1')).rows).toEqual([
    { total: 242, n: 11 },
  ])
})

test('one member that fails keeps the whole group as it was, and is the one to be told of', async () => {
  const { client } = await scene(DIAMOND)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { schedule: 'calculated' })
  await create(client, 'b', 'SELECT id, g, 100 / v AS part FROM t', { schedule: 'calculated' })
  await create(client, 'd', 'SELECT a.g, a.total, b.part FROM a JOIN b ON b.g = a.g', { schedule: '1s' })
  await client.query('INSERT INTO t VALUES (100, 1, 0)')
  await client.query('CALL pgstream.run_scheduler()')
  const status = async () =>
    (
      await client.query(
        `SELECT pgs_name AS name, consecutive_errors AS errors FROM pgstream.stream_tables_info
         WHERE pgs_schema = current_schema() ORDER BY pgs_name`,
      )
    ).rows
  expect(await status()).toEqual([
    { name: 'a', errors: 0 },
    { name: 'b', errors: 1 },
    { name: 'd', errors: 0 },
  ])
  expect((await client.query('SELECT sum(total)::int AS total FROM a')).rows).toEqual([{ total: 1275 }])
  await client.query(`DELETE FROM t WHERE id = 100;
    UPDATE pgstream.frontiers SET retry_at = NULL, last_refresh_at = now() - interval '1 hour'`)
  await client.query('CALL pgstream.run_scheduler()')
  for (const name of ['a', 'b', 'd']) await expectExact(client, name)
  expect(await status()).toEqual([
    { name: 'a', errors: 0 },
    { name: 'b', errors: 0 },
    { name: 'd', errors: 0 },
  ])
})

test('a group needs no snapshot of its own where the caller has one', async () => {
  const { client, open } = await scene(DIAMOND)
  await diamond(client, '1h')
  const other = await open()
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await client.query('SELECT 1')
  await other.query('INSERT INTO t VALUES (101, 1, 7)')
  expect(await refresh(client, 'd')).toBe('DIFFERENTIAL')
  expect((await client.query('SELECT sum(n)::int AS n FROM d')).rows).toEqual([{ n: 51 }])
  await client.query('COMMIT')
  expect(await moments(client)).toEqual({ moments: 1, snapshots: 1 })
  await refresh(client, 'd')
  for (const name of ['a', 'b', 'd']) await expectExact(client, name)
})

test('what a stream table shows is not younger than what it reads', async () => {
  const { client } = await scene(`${DIAMOND}; CREATE TABLE u (id int PRIMARY KEY)`)
  await create(client, 'a', 'SELECT id, v FROM t')
  await create(client, 'b', 'SELECT a.id, a.v FROM a JOIN u ON u.id = a.id')
  await client.query(`SELECT pgstream.alter_stream_table('a', status => 'SUSPENDED')`)
  await client.query('INSERT INTO t VALUES (100, 1, 1)')
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  await client.query('INSERT INTO u VALUES (3)')
  expect(await refresh(client, 'b')).toBe('DIFFERENTIAL')
  const staleness = async () => (await client.query(`SELECT pgstream.get_staleness('b') AS s`)).rows[0].s
  expect(await staleness()).toBeGreaterThan(1)
  await client.query(`SELECT pgstream.resume_stream_table('a')`)
  await refresh(client, 'b')
  expect(await staleness()).toBeLessThan(1)
})

test('cycles of any length are refused', async () => {
  const { client, schema } = await scene(DIAMOND)
  await create(client, 'a', 'SELECT id, v FROM t')
  await create(client, 'b', 'SELECT id, v FROM a')
  await create(client, 'c', 'SELECT id, v FROM b')
  await expect(
    client.query(`SELECT pgstream.alter_stream_table('a', query => 'SELECT id, v FROM c')`),
  ).rejects.toMatchObject({
    code: '42P17',
    message: `stream table ${schema}.a would read itself: ${schema}.a → ${schema}.c → ${schema}.b → ${schema}.a`,
  })
})

test('who waits to hold writers off does not keep them waiting behind a long one', async () => {
  const { client, open } = await scene(DIAMOND)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { mode: 'FULL' })
  await create(client, 'b', 'SELECT g, count(*) AS n FROM t GROUP BY g')
  await create(client, 'd', 'SELECT a.g, a.total, b.n FROM a JOIN b ON b.g = a.g')
  const [long, writer] = await Promise.all([open(), open()])
  await long.query('BEGIN; INSERT INTO t VALUES (100, 1, 7)')
  let isDone = false
  const refreshing = refresh(client, 'd').finally(() => {
    isDone = true
  })
  await new Promise((resolve) => setTimeout(resolve, 200))
  for (let i = 0; i < 5; i++) await writer.query(`INSERT INTO t VALUES (${200 + i}, 1, 1)`)
  expect(isDone).toBe(false)
  await long.query('COMMIT')
  await refreshing
  for (const name of ['a', 'b', 'd']) await expectExact(client, name)
})

test('two who want to hold writers off after writing themselves do not wait for each other for ever', async () => {
  const { client, open } = await scene(DIAMOND)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { mode: 'FULL' })
  await create(client, 'b', 'SELECT g, count(*) AS n FROM t GROUP BY g')
  await create(client, 'd', 'SELECT a.g, a.total, b.n FROM a JOIN b ON b.g = a.g')
  const people = await Promise.all([open(), open()])
  const outcomes = await Promise.all(
    people.map(async (person, i) => {
      await person.query(`BEGIN; INSERT INTO t VALUES (${100 + i}, 1, 7)`)
      await new Promise((resolve) => setTimeout(resolve, 100))
      const result = await outcome(refresh(person, 'd'))
      await person.query(result === 'ok' ? 'COMMIT' : 'ROLLBACK')
      return result
    }),
  )
  expect(outcomes.sort()).toEqual(['40P01', 'ok'])
  for (const name of ['a', 'b', 'd']) await expectExact(client, name)
})

test('people who refresh one group never wait for each other both ways', async () => {
  const { client, open } = await scene(`${DIAMOND}; CREATE TABLE u (id int PRIMARY KEY)`)
  for (const [name, source] of [
    ['a', 't'],
    ['b', 'u'],
  ])
    await client.query(
      `SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL', consistency_group => 'both')`,
      [name, `SELECT id FROM ${source}`],
    )
  const [one, two] = await Promise.all([open(), open()])
  await client.query('INSERT INTO u VALUES (1)')
  await one.query('BEGIN')
  await refresh(one, 'a')
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  const other = outcome(refresh(two, 'a'))
  await untilWaiting(client, two)
  expect(await outcome(refresh(one, 'a'))).toBe('ok')
  await one.query('COMMIT')
  expect(await other).toBe('ok')
  for (const name of ['a', 'b']) await expectExact(client, name)
})

test('a member that is dropped meanwhile is no error for who refreshes another', async () => {
  const { client, open } = await scene(DIAMOND)
  await diamond(client, '1h')
  const dropper = await open()
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  await dropper.query('BEGIN')
  await dropper.query(`SELECT pgstream.drop_stream_table('d')`)
  const refreshing = refresh(client, 'a')
  await untilWaiting(dropper, client)
  await dropper.query('COMMIT')
  expect(await refreshing).toBe('DIFFERENTIAL')
  for (const name of ['a', 'b']) await expectExact(client, name)
})

test('a stream table that moves twice in one statement is followed by its changes', async () => {
  const { client, open } = await scene(DIAMOND)
  await create(client, 'a', 'SELECT id, g, v FROM t WHERE v > 3')
  await create(client, 'e', 'SELECT g, sum(v) AS total FROM a GROUP BY g')
  const writer = await open()
  await writer.query('SELECT pg_advisory_lock(4711); INSERT INTO t VALUES (100, 1, 7)')
  const twice = client.query(`SELECT pgstream.refresh_stream_table('e') AS first, pg_advisory_xact_lock(4711),
    pgstream.refresh_stream_table('e') AS second`)
  await untilWaiting(writer, client)
  await writer.query('INSERT INTO t VALUES (101, 1, 7)')
  await writer.query('SELECT pg_advisory_unlock(4711)')
  const { first, second } = (await twice).rows[0]
  expect({ first, second }).toEqual({ first: 'DIFFERENTIAL', second: 'DIFFERENTIAL' })
  for (const name of ['a', 'e']) await expectExact(client, name)
})

test('a group whose writers cannot be held off in time is tried again, and said to wait', async () => {
  const { client, open } = await scene(DIAMOND)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { mode: 'FULL', schedule: '1s' })
  await create(client, 'b', 'SELECT g, count(*) AS n FROM t GROUP BY g', { schedule: '1s' })
  await create(client, 'd', 'SELECT a.g, a.total, b.n FROM a JOIN b ON b.g = a.g', { schedule: '1s' })
  const writer = await open()
  await client.query(`INSERT INTO t VALUES (100, 1, 7);
    UPDATE pgstream.pgs_stream_tables SET needs_reinit = true WHERE pgs_schema = current_schema() AND pgs_name = 'b'`)
  await writer.query('BEGIN; INSERT INTO t VALUES (101, 1, 7)')
  await client.query('CALL pgstream.run_scheduler()')
  const skipped = await client.query(
    `SELECT status, initiated_by FROM pgstream.get_refresh_history('a', 1) WHERE status = 'SKIPPED'`,
  )
  expect(skipped.rows).toEqual([{ status: 'SKIPPED', initiated_by: 'SCHEDULER' }])
  await writer.query('COMMIT')
  await client.query('UPDATE pgstream.frontiers SET retry_at = NULL')
  await client.query('CALL pgstream.run_scheduler()')
  for (const name of ['a', 'b', 'd']) await expectExact(client, name)
})

test('a member that is defined again brings the others of its group to its moment', async () => {
  const { client } = await scene(DIAMOND)
  await diamond(client, '1h')
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  await client.query(
    `SELECT pgstream.alter_stream_table('b', query => 'SELECT g, count(*) + 0 AS n FROM t GROUP BY g')`,
  )
  const { rows } = await client.query(
    `SELECT a.total::int, b.n::int, d.total::int AS d_total, d.n::int AS d_n FROM a, b, d WHERE a.g = 1 AND b.g = 1 AND d.g = 1`,
  )
  expect(rows).toEqual([{ total: 242, n: 11, d_total: 242, d_n: 11 }])
  await client.query('INSERT INTO t VALUES (101, 1, 7)')
  await client.query(
    `SELECT pgstream.alter_stream_table('a', query => 'SELECT g, sum(v) + 0 AS total FROM t GROUP BY g')`,
  )
  expect((await client.query('SELECT n::int FROM b WHERE g = 1')).rows).toEqual([{ n: 12 }])
  for (const name of ['a', 'b', 'd']) await expectExact(client, name)
})

test('a member is defined again while somebody refreshes what it reads, and then the group', async () => {
  const { client, open } = await scene(DIAMOND)
  await create(client, 'below', 'SELECT id, g, v FROM t WHERE v > 0', { schedule: 'calculated' })
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM below GROUP BY g', { schedule: 'calculated' })
  await create(client, 'b', 'SELECT g, count(*) AS n FROM below GROUP BY g', { schedule: '1h', mode: 'FULL' })
  await create(client, 'd', 'SELECT a.g, a.total, b.n FROM a JOIN b ON b.g = a.g', { schedule: '1h' })
  const [person, owner] = await Promise.all([open(), open()])
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  await person.query('BEGIN')
  await refresh(person, 'below')
  const altered = outcome(
    owner.query(
      `SELECT pgstream.alter_stream_table('a', query => 'SELECT g, sum(v) + 0 AS total FROM below GROUP BY g')`,
    ),
  )
  // What this waits for does not wait for us.
  expect([await altered, await outcome(refresh(person, 'b'))]).toEqual(['ok', 'ok'])
  await person.query('COMMIT')
  await client.query('CALL pgstream.run_scheduler()')
  for (const name of ['below', 'a', 'b', 'd']) await expectEqual(client, name)
})

test('who cannot keep up with writers lets go of the group until they are held off', async () => {
  const { client, open } = await scene(DIAMOND)
  await diamond(client, '1s')
  const [long, person, worker] = await Promise.all([open(), open(), open()])
  const writers = await Promise.all([open(), open()])
  await long.query('BEGIN; INSERT INTO t VALUES (100, 1, 7)')
  let isWriting = true
  const writing = Promise.all(
    writers.map(async (writer, w) => {
      for (let i = 0; isWriting; i++)
        await writer.query(`INSERT INTO t VALUES (${10_000 * (w + 1) + i}, ${i % 5}, 1)`)
    }),
  )
  let isDone = false
  const refreshing = refresh(person, 'd').finally(() => {
    isDone = true
  })
  // While the person may have to wait for the long one, the scheduler need not.
  const moved = new Set<string>()
  for (let i = 0; i < 500 && moved.size < 3; i++) {
    await worker.query('UPDATE pgstream.frontiers SET retry_at = NULL')
    await worker.query('CALL pgstream.run_scheduler()')
    moved.add((await client.query('SELECT sum(n)::text AS n FROM d')).rows[0].n)
  }
  expect(moved.size).toBe(3)
  isWriting = false
  await writing
  await long.query('COMMIT')
  await refreshing
  expect(isDone).toBe(true)
  for (const name of ['a', 'b', 'd']) await expectExact(client, name)
})

test('who joins a declared group comes to its moment at once', async () => {
  const { client } = await scene(DIAMOND)
  await create(client, 'a', 'SELECT sum(v) AS v FROM t')
  await create(client, 'b', 'SELECT sum(v) AS v FROM t')
  await client.query('UPDATE t SET v = v + 1')
  await refresh(client, 'a')
  for (const name of ['a', 'b'])
    await client.query(`SELECT pgstream.alter_stream_table($1, consistency_group => 'sums')`, [name])
  expect((await client.query('SELECT a.v = b.v AS same FROM a, b')).rows).toEqual([{ same: true }])
})

/** Not the groups of other tests: they are left as they are. */
async function pass(client: pg.Client): Promise<void> {
  await client.query('CALL pgstream.run_scheduler()')
}

test('a partitioned table and its partition show one moment to who reads both', async () => {
  const { client } = await scene(`CREATE TABLE t (id int, g int, v int) PARTITION BY RANGE (id);
    CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (1000);
    INSERT INTO t SELECT i, i % 5, i FROM generate_series(1, 50) AS i`)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g')
  await create(client, 'b', 'SELECT g, count(*) AS n FROM t1 GROUP BY g')
  await create(client, 'd', 'SELECT a.g, a.total, b.n FROM a JOIN b ON b.g = a.g')
  await client.query('INSERT INTO t1 VALUES (100, 1, 7)')
  // At a snapshot for each statement they could differ by transactions of other databases.
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await refresh(client, 'a')
  await client.query('COMMIT')
  expect(await moments(client)).toEqual({ moments: 1, snapshots: 1 })
  for (const name of ['a', 'b', 'd']) await expectExact(client, name)
})

test('who waited for a definition that makes a group refreshes the group', async () => {
  const { client, open } = await scene(
    `${DIAMOND}; CREATE TABLE u (id int PRIMARY KEY, v int); INSERT INTO u VALUES (1, 1)`,
  )
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g')
  await create(client, 'b', 'SELECT g, count(*) AS n FROM t GROUP BY g')
  const [defining, person] = await Promise.all([open(), open()])
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  await defining.query('BEGIN')
  await create(defining, 'd', 'SELECT a.g, a.total, b.n FROM a JOIN b ON b.g = a.g')
  await client.query('INSERT INTO t VALUES (101, 1, 7)')
  const refreshing = refresh(person, 'a')
  await untilWaiting(client, person)
  await defining.query('COMMIT')
  expect(await refreshing).toBe('DIFFERENTIAL')
  expect((await client.query('SELECT total::int, n::int FROM a JOIN b USING (g) WHERE g = 1')).rows).toEqual([
    { total: 249, n: 12 },
  ])
  expect((await client.query('SELECT total::int, n::int FROM d WHERE g = 1')).rows).toEqual([
    { total: 249, n: 12 },
  ])
})

test('so does who waited in a chain, and for another group', async () => {
  const { client, open } = await scene(DIAMOND)
  await create(client, 'x', 'SELECT id, g, v FROM t WHERE v > 0')
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM x GROUP BY g')
  await create(client, 'b', 'SELECT g, count(*) AS n FROM x GROUP BY g')
  const [defining, person] = await Promise.all([open(), open()])
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  await refresh(client, 'x')
  await defining.query('BEGIN')
  await create(defining, 'd', 'SELECT a.g, a.total, b.n FROM a JOIN b ON b.g = a.g')
  await client.query('INSERT INTO t VALUES (101, 1, 7)')
  const refreshing = refresh(person, 'a')
  await untilWaiting(client, person)
  await defining.query('COMMIT')
  expect(await refreshing).toBe('DIFFERENTIAL')
  expect((await client.query('SELECT total::int, n::int FROM d WHERE g = 1')).rows).toEqual([
    { total: 249, n: 12 },
  ])
  for (const name of ['a', 'b', 'd']) await expectExact(client, name)
})

test('a group that a replaced view makes comes to one moment at the next look', async () => {
  const { client } = await scene(
    `${DIAMOND}; CREATE TABLE u (g int PRIMARY KEY, n bigint); INSERT INTO u VALUES (1, 10)`,
  )
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g')
  await create(client, 'b', 'SELECT g, count(*) AS n FROM t GROUP BY g')
  await client.query('CREATE VIEW side AS SELECT g, n FROM u')
  await create(client, 'd', 'SELECT a.g, a.total, side.n FROM a JOIN side ON side.g = a.g')
  await pass(client)
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  await refresh(client, 'b')
  await client.query(`CREATE OR REPLACE VIEW side AS SELECT g, n FROM b; UPDATE pgstream.frontiers SET checked_at = now() - interval '1 day'
    FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = frontiers.pgs_id AND s.pgs_name = 'd' AND s.pgs_schema = current_schema()`)
  await client.query('INSERT INTO t VALUES (101, 1, 7)')
  await pass(client)
  expect(await moments(client)).toMatchObject({ moments: 1 })
  for (const name of ['a', 'b', 'd']) await expectEqual(client, name)
  const { rows } = await client.query(
    'SELECT a.total::int, b.n::int, d.total::int AS d_total, d.n::int AS d_n FROM a, b, d WHERE a.g = 1 AND b.g = 1 AND d.g = 1',
  )
  expect(rows).toEqual([{ total: 249, n: 12, d_total: 249, d_n: 12 }])
  // And is not due any more.
  expect((await client.query('SELECT FROM pgstream._groups_apart()')).rows).toEqual([])
})

test('a member that is resumed brings its group to one moment at the next look', async () => {
  const { client } = await scene(DIAMOND)
  await diamond(client, '1h')
  await client.query(`SELECT pgstream.alter_stream_table('b', status => 'SUSPENDED')`)
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  await refresh(client, 'd')
  expect((await client.query('SELECT total::int, n::int FROM d WHERE g = 1')).rows).toEqual([
    { total: 242, n: 10 },
  ])
  await pass(client)
  await client.query(`SELECT pgstream.resume_stream_table('b')`)
  expect((await client.query('SELECT due > 0 AS due FROM pgstream._look()')).rows).toEqual([{ due: true }])
  await pass(client)
  expect((await client.query('SELECT total::int, n::int FROM d WHERE g = 1')).rows).toEqual([
    { total: 242, n: 11 },
  ])
  for (const name of ['a', 'b', 'd']) await expectEqual(client, name)
  expect((await client.query('SELECT FROM pgstream._groups_apart()')).rows).toEqual([])
})

test('so does one whose group shows the moment of what lies below and stays behind', async () => {
  const { client } = await scene(
    `${DIAMOND}; CREATE TABLE u (g int PRIMARY KEY); INSERT INTO u SELECT generate_series(0, 4)`,
  )
  await create(client, 'low', 'SELECT g FROM u')
  await client.query(`SELECT pgstream.alter_stream_table('low', status => 'SUSPENDED')`)
  await client.query('INSERT INTO u VALUES (5)')
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t JOIN low USING (g) GROUP BY g')
  await create(client, 'b', 'SELECT g, count(*) AS n FROM t GROUP BY g')
  await create(client, 'd', 'SELECT a.g, a.total, b.n FROM a JOIN b ON b.g = a.g')
  await pass(client)
  await client.query(`SELECT pgstream.alter_stream_table('b', status => 'SUSPENDED')`)
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  await refresh(client, 'd')
  await pass(client)
  await client.query(`SELECT pgstream.resume_stream_table('b')`)
  await pass(client)
  expect((await client.query('SELECT total::int, n::int FROM d WHERE g = 1')).rows).toEqual([
    { total: 242, n: 11 },
  ])
  for (const name of ['a', 'b', 'd']) await expectEqual(client, name)
  // And is not due again for what it cannot change.
  await pass(client)
  expect((await client.query('SELECT FROM pgstream._groups_apart()')).rows).toEqual([])
})

test('members that a failing one holds say by whom, and go on when that one is suspended', async () => {
  const { client, schema } = await scene(DIAMOND)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { schedule: '1s' })
  await create(client, 'b', 'SELECT id, g, 100 / v AS part FROM t', { schedule: '1s' })
  await create(client, 'd', 'SELECT a.g, a.total, b.part FROM a JOIN b ON b.g = a.g', { schedule: '1s' })
  const again = async () => {
    await client.query(
      `UPDATE pgstream.frontiers SET retry_at = NULL, last_refresh_at = now() - interval '1 hour'`,
    )
    await pass(client)
  }
  const group = async () =>
    (
      await client.query(
        `SELECT held_by, left_out FROM pgstream.diamond_groups() WHERE members && ARRAY[format('%I.a', current_schema())]`,
      )
    ).rows[0]
  expect(await group()).toEqual({ held_by: null, left_out: null })
  await client.query('INSERT INTO t VALUES (100, 1, 0)')
  await again()
  const why = 'SQLSTATE 22012 (division by zero)'
  expect(await group()).toEqual({ held_by: `${schema}.b: ${why}`, left_out: null })
  const said = (await client.query(`SELECT error_type, error_message FROM pgstream.diagnose_errors('a')`))
    .rows
  expect(said).toEqual([{ error_type: 'group', error_message: `held by ${schema}.b: ${why}` }])
  expect(
    (await client.query(`SELECT value FROM pgstream.explain_st('d') WHERE property = 'group'`)).rows,
  ).toEqual([{ value: `held by ${schema}.b: ${why}` }])
  expect(
    (
      await client.query(
        `SELECT waiting_for FROM pgstream.stream_tables_info WHERE pgs_relid = 'a'::regclass`,
      )
    ).rows,
  ).toEqual([{ waiting_for: `held by ${schema}.b: ${why}` }])
  expect(
    (await client.query(`SELECT detail FROM pgstream.health_check() WHERE check_name = 'failing'`)).rows[0]
      .detail,
  ).toContain(`${why} (and holds ${schema}.a, ${schema}.d)`)
  for (let i = 0; i < 3; i++) await again()
  expect(await group()).toEqual({ held_by: null, left_out: [`${schema}.b`] })
  await expectEqual(client, 'a')
  expect((await client.query(`SELECT FROM pgstream.diagnose_errors('a')`)).rows).toEqual([])
})

test('nobody joins a group of others', async () => {
  const { client, open, schema, db } = await scene(`${DIAMOND}; GRANT SELECT ON t TO PUBLIC`)
  await client.query(`GRANT CREATE ON SCHEMA ${schema} TO PUBLIC`)
  const [mine, theirs] = [await newRole('mine'), await newRole('theirs')]
  const [me, them] = [await open(mine), await open(theirs)]
  const define = (who: pg.Client, name: string, group: string | null) =>
    outcome(
      who.query('SELECT pgstream.create_stream_table($1, $2, consistency_group => $3)', [
        name,
        'SELECT g, sum(v) AS total FROM t GROUP BY g',
        group,
      ]),
    )
  expect(await define(me, 'a', 'books')).toBe('ok')
  expect(await define(them, 'b', 'books')).toBe('42501')
  expect(await define(them, 'b', ' books ')).toBe('42501')
  expect(await define(them, 'b', null)).toBe('ok')
  const join = (who: pg.Client) =>
    outcome(who.query(`SELECT pgstream.alter_stream_table('b', consistency_group => 'books')`))
  expect(await join(them)).toBe('42501')
  expect(
    await outcome(them.query(`SELECT pgstream.alter_stream_table('b', consistency_group => 'others')`)),
  ).toBe('ok')
  // Its own group it may be given again.
  expect(
    await outcome(me.query(`SELECT pgstream.alter_stream_table('a', consistency_group => 'books')`)),
  ).toBe('ok')
  await db.client.query(`GRANT ${mine} TO ${theirs}`)
  expect(await join(them)).toBe('ok')
})

test('nobody draws the stream tables of others into a group', async () => {
  const { client, open, schema, db } = await scene(`${DIAMOND}; CREATE TABLE u (g int PRIMARY KEY, n int);
    GRANT SELECT ON t, u TO PUBLIC`)
  await client.query(`GRANT CREATE ON SCHEMA ${schema} TO PUBLIC`)
  const [mine, theirs] = [await newRole('drawing'), await newRole('drawn')]
  const [me, them] = [await open(mine), await open(theirs)]
  const define = (who: pg.Client, name: string, query: string, group: string | null = null) =>
    outcome(
      who.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'AUTO', consistency_group => $3)`, [
        name,
        query,
        group,
      ]),
    )
  const through = 'SELECT g, count(*) AS n FROM base GROUP BY g'
  expect(await define(them, 'base', 'SELECT id, g, v FROM t WHERE v > 0')).toBe('ok')
  await client.query('GRANT SELECT ON base TO PUBLIC')
  expect(await define(me, 'direct', 'SELECT g, n FROM u', 'drawn')).toBe('ok')
  await expect(
    me.query(`SELECT pgstream.create_stream_table('reader', $1, '1s', consistency_group => 'drawn')`, [
      through,
    ]),
  ).rejects.toMatchObject({
    code: '42501',
    message: `permission denied for stream table ${schema}.base`,
    hint: expect.stringContaining(`GRANT ${theirs} TO ${mine}`),
  })
  expect(await define(me, 'reader', through)).toBe('ok')
  const alter = (how: string) => outcome(me.query(`SELECT pgstream.alter_stream_table('reader', ${how})`))
  // Whoever follows what is defined, we or a scheduler.
  for (const looked of ['clock_timestamp()', `'-infinity'`]) {
    await client.query(`UPDATE pgstream._scheduler SET looked_at = ${looked}`)
    expect(await alter(`consistency_group => 'drawn'`)).toBe('42501')
  }
  expect(await alter(`query => 'SELECT g, n FROM u'`)).toBe('ok')
  expect(await alter(`consistency_group => 'drawn'`)).toBe('ok')
  expect(await alter(`query => '${through}'`)).toBe('42501')
  // Where the ways of both part at it, it stays what it was.
  expect(await define(me, 'one', through, 'parting')).toBe('ok')
  expect(await define(me, 'other', 'SELECT g, sum(v) AS total FROM base GROUP BY g', 'parting')).toBe('ok')
  const group = async () =>
    (
      await client.query(
        `SELECT members FROM pgstream.diamond_groups() WHERE 'drawn' = ANY (consistency_groups)`,
      )
    ).rows
  expect(await group()).toEqual([{ members: [`${schema}.direct`, `${schema}.reader`] }])
  await db.client.query(`GRANT ${theirs} TO ${mine}`)
  expect(await alter(`query => '${through}'`)).toBe('ok')
  expect((await group())[0].members.sort()).toEqual([
    `${schema}.base`,
    `${schema}.direct`,
    `${schema}.reader`,
  ])
  // What that role may capture is maintained from now on, and filled for it.
  for (const name of ['one', 'other', 'reader', 'direct', 'base']) await expectExactWhenQuiet(client, name)
})

describe('repair_stream_table of one of a group', () => {
  /** 100 and 100 twice; 50 go from a to b, so that the sums are 150 and 250. */
  const pair = async () => {
    const made = await scene(`CREATE TABLE left_accounts (id int PRIMARY KEY, bal int);
      CREATE TABLE right_accounts (id int PRIMARY KEY, bal int);
      INSERT INTO left_accounts VALUES (1, 100), (2, 100); INSERT INTO right_accounts VALUES (1, 100), (2, 100)`)
    const { client } = made
    // A scheduler is there, to follow what is defined, and has not done so yet.
    await client.query('UPDATE pgstream._scheduler SET looked_at = clock_timestamp()')
    for (const [name, from, mode] of [
      ['sa', 'left_accounts', 'FULL'],
      ['sb', 'right_accounts', 'AUTO'],
    ])
      await client.query(
        `SELECT pgstream.create_stream_table($1, $2, '1h', $3, consistency_group => 'repaired')`,
        [name, `SELECT sum(bal) AS total FROM ${from}`, mode],
      )
    await client.query(`BEGIN; UPDATE left_accounts SET bal = bal - 50 WHERE id = 1;
      UPDATE right_accounts SET bal = bal + 50 WHERE id = 1; COMMIT`)
    return made
  }
  const totals = async (client: pg.Client) =>
    (await client.query('SELECT sa.total::int AS a, sb.total::int AS b FROM sa, sb')).rows[0]
  const unpair = async (client: pg.Client) =>
    client.query(`SELECT pgstream.drop_stream_table('sa'), pgstream.drop_stream_table('sb')`)

  test('comes with the others, or not at all when a lock keeps one back', async () => {
    const { client, open } = await pair()
    const writer = await open()
    await writer.query('BEGIN; UPDATE left_accounts SET bal = bal WHERE id = 2')
    await client.query(`SET lock_timeout = '300ms'`)
    expect(await outcome(client.query(`SELECT pgstream.repair_stream_table('sb')`))).toBe('55P03')
    expect(await totals(client)).toEqual({ a: 200, b: 200 })
    await writer.query('ROLLBACK')
    await client.query(`SELECT pgstream.repair_stream_table('sb'); RESET lock_timeout`)
    expect(await totals(client)).toEqual({ a: 150, b: 250 })
    for (const name of ['sa', 'sb']) await expectEqual(client, name)
    await unpair(client)
  })

  test.each([
    ['', 'looked_at'],
    // What is defined is followed by the repair itself then, and followed again when that was rolled back.
    [', where the scheduler has stopped looking meanwhile', `'-infinity'`],
  ])('repairs those that are damaged as well%s', async (_, looked) => {
    const { client } = await pair()
    await client.query(`CREATE FUNCTION meanwhile() RETURNS event_trigger LANGUAGE plpgsql AS
        $$BEGIN UPDATE pgstream._scheduler SET looked_at = ${looked}; END$$;
      CREATE EVENT TRIGGER meanwhile ON ddl_command_end WHEN TAG IN ('CREATE FUNCTION') EXECUTE FUNCTION meanwhile()`)
    await client.query(`SET pg_stream.internal = 'on'; DO $$ DECLARE f regprocedure; BEGIN
      FOR f IN SELECT p.oid FROM pg_proc p JOIN pgstream.pgs_stream_tables s ON p.proname ~ format('^refresh_%s_', s.pgs_id)
        WHERE s.pgs_name IN ('sa', 'sb') AND s.pgs_schema = current_schema() LOOP EXECUTE 'DROP FUNCTION ' || f; END LOOP; END $$;
      RESET pg_stream.internal`)
    await client.query(`SELECT pgstream.repair_stream_table('sb')`)
    await client.query('DROP EVENT TRIGGER meanwhile')
    expect(await totals(client)).toEqual({ a: 150, b: 250 })
    for (const name of ['sa', 'sb']) await expectExact(client, name)
    await unpair(client)
  })

  test('is refused while another cannot be computed, and is said which', async () => {
    const { client } = await pair()
    await client.query(
      `SELECT pgstream.alter_stream_table('sa', query => 'SELECT sum(200 / bal) AS total FROM left_accounts')`,
    )
    const before = await totals(client)
    await client.query(`BEGIN; UPDATE left_accounts SET bal = 0 WHERE id = 2;
      UPDATE right_accounts SET bal = 300 WHERE id = 2; COMMIT`)
    await expect(client.query(`SELECT pgstream.repair_stream_table('sb')`)).rejects.toMatchObject({
      code: '22012',
      detail: expect.stringContaining('.sa, which is kept at one moment'),
      hint: expect.stringContaining('Suspend that one'),
    })
    expect(await totals(client)).toEqual(before)
    await client.query(`SELECT pgstream.alter_stream_table('sa', status => 'SUSPENDED')`)
    await client.query(`SELECT pgstream.repair_stream_table('sb')`)
    await expectEqual(client, 'sb')
    await unpair(client)
  })
})

test('what reads one that was behind is not dated as if it had caught up with it', async () => {
  const { client, open } = await scene(
    'CREATE TABLE src (id int PRIMARY KEY); CREATE TABLE other (id int PRIMARY KEY)',
  )
  await create(client, 'low', 'SELECT id FROM src', { schedule: '1h' })
  await create(client, 'middle', 'SELECT id FROM low', { schedule: '1h' })
  await create(client, 'high', 'SELECT id FROM middle', { schedule: '1h' })
  await create(client, 'apart', 'SELECT id FROM other', { schedule: '1h' })
  // Until no transaction that was under way, of other tests either, may have counted.
  const settle = () =>
    vi.waitFor(
      async () => {
        await client.query(
          'SELECT pgstream._refresh_due(pgs_id) FROM pgstream.pgs_stream_tables ORDER BY pgs_id',
        )
        const { rowCount } = await client.query('SELECT FROM pgstream.frontiers WHERE doubt IS NOT NULL')
        expect(rowCount).toBe(0)
      },
      { timeout: 50_000, interval: 50 },
    )
  await settle()
  const reader = await open()
  const look = async () => {
    await client.query(`UPDATE pgstream._scheduler SET looked_at = '-infinity'`)
    await client.query('SELECT FROM pgstream._look()')
  }
  const move = (name: string) =>
    client.query(
      `SELECT pgstream._refresh_due(d.members[1], below => d.below) FROM pgstream._due_of(ARRAY(SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_relid = $1::regclass),
         ARRAY(SELECT f.xmin FROM pgstream.frontiers f JOIN pgstream.pgs_stream_tables USING (pgs_id) WHERE pgs_relid = $1::regclass)) AS d`,
      [name],
    )
  // Which of them show the last row, and are dated after it was committed.
  const standing = async (committed: string) => {
    const { rows } = await reader.query(
      `SELECT s.pgs_name AS name, f.data_timestamp >= $1::timestamptz AS is_dated_after FROM pgstream._freshness() f
       JOIN pgstream.pgs_stream_tables s USING (pgs_id) WHERE s.pgs_schema = current_schema()`,
      [committed],
    )
    return Object.fromEntries(rows.map((row) => [row.name, row.is_dated_after]))
  }
  const now = async () => (await client.query('SELECT clock_timestamp()::text AS at')).rows[0].at

  await client.query('INSERT INTO src VALUES (1)')
  const committed = await now()
  await look()
  expect(await standing(committed)).toEqual({ low: false, middle: false, high: false, apart: true })
  await move('low')
  expect((await client.query('SELECT FROM middle')).rowCount).toBe(0)
  expect(await standing(committed)).toEqual({ low: true, middle: false, high: false, apart: true })
  // What is refreshed in between is dated by what it read: `high` shows nothing new.
  await client.query(`UPDATE pgstream.pgs_stream_tables SET needs_reinit = true WHERE pgs_name = 'high'`)
  await move('high')
  expect(await standing(committed)).toEqual({ low: true, middle: false, high: false, apart: true })
  await move('middle')
  expect(await standing(committed)).toEqual({ low: true, middle: true, high: false, apart: true })
  await move('high')
  expect(await standing(committed)).toEqual({ low: true, middle: true, high: true, apart: true })
  for (const name of ['low', 'middle', 'high']) await expectExact(client, name)

  // One that never moves is as young as the last look, whatever goes on elsewhere.
  await settle()
  await client.query('INSERT INTO other VALUES (1)')
  const later = await now()
  await look()
  await client.query('INSERT INTO src VALUES (2)')
  expect(await standing(later)).toEqual({ low: true, middle: true, high: true, apart: false })
})

test.each([
  ['one member', `SELECT pgstream.alter_stream_table('d', status => 'SUSPENDED')`],
  ['all', 'SELECT pgstream.pause_all()'],
])('who suspends %s while the group is refreshed leaves it of one moment', async (_, suspend) => {
  const { client, open } = await scene(DIAMOND)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { mode: 'FULL' })
  await create(client, 'b', 'SELECT g, count(*) AS n FROM t GROUP BY g')
  await create(client, 'd', 'SELECT a.g, a.total, b.n FROM a JOIN b ON b.g = a.g')
  const [reader, person] = await Promise.all([open(), open()])
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  await reader.query('BEGIN; LOCK TABLE b IN SHARE MODE')
  const refreshing = refresh(person, 'a')
  await untilWaiting(client, person)
  await client.query(suspend)
  await reader.query('COMMIT')
  await refreshing
  for (const name of ['a', 'b', 'd']) await expectEqual(client, name)
  expect((await moments(client)).moments).toBe(1)
  const { rows } = await client.query(
    `SELECT status FROM pgstream.pgs_stream_tables WHERE pgs_schema = current_schema() AND pgs_name = 'd'`,
  )
  expect(rows).toEqual([{ status: 'SUSPENDED' }])
  await client.query(`SELECT pgstream.resume_all(), pgstream.resume_stream_table('d')`)
})
