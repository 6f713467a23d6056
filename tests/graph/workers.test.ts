import type pg from 'pg'
import { afterEach, expect, test, vi } from 'vitest'
import { type CliProcess, runCli } from '../cli/cli-process.ts'
import { backendPid, create, outcome, refresh, scenes, untilWaiting } from '../concurrency/scene.ts'
import { expectEqual } from '../oracle/oracle.ts'
import { random } from '../race/workload.ts'
import { freshDatabase } from '../support/server.ts'

const scene = scenes()

const TABLES = `CREATE TABLE t (id int PRIMARY KEY, g int, v int);
  CREATE TABLE u (id int PRIMARY KEY, g int, v int);
  INSERT INTO t SELECT i, i % 5, i FROM generate_series(1, 50) AS i;
  INSERT INTO u SELECT i, i % 5, i FROM generate_series(1, 50) AS i`

const pass = (client: pg.Client) => client.query('CALL pgstream.run_scheduler()')

/** What the scheduler would refresh now. */
async function due(client: pg.Client): Promise<string[]> {
  await client.query('SELECT pgstream._follow_graph()')
  const { rows } = await client.query(
    `SELECT s.pgs_name AS name FROM pgstream._due() AS d JOIN pgstream.pgs_stream_tables AS s ON s.pgs_id = ANY (d.members)
     WHERE s.pgs_schema = current_schema() ORDER BY s.pgs_name`,
  )
  return rows.map(({ name }) => name)
}

/**
 * Passes until nothing is due. Not after the first: transactions that were under way count for all databases of a server, and
 * other tests have theirs, of many seconds.
 */
async function untilQuiet(client: pg.Client): Promise<void> {
  await vi.waitFor(
    async () => {
      await pass(client)
      expect(await due(client)).toEqual([])
    },
    { timeout: 50_000, interval: 50 },
  )
}

type Ending = (writer: pg.Client) => Promise<unknown>
const WRITES: readonly (readonly [string, Ending, Ending])[] = [
  [
    'a transaction that was the newest when the scheduler looked',
    (w) => w.query('BEGIN; INSERT INTO t VALUES (100, 1, 7)'),
    (w) => w.query('COMMIT'),
  ],
  [
    'one that wrote in a savepoint',
    (w) => w.query('BEGIN; SAVEPOINT a; INSERT INTO t VALUES (100, 1, 7); RELEASE a; SAVEPOINT b'),
    (w) => w.query('COMMIT'),
  ],
  [
    'one that took a part back',
    (w) =>
      w.query(
        'BEGIN; INSERT INTO t VALUES (100, 1, 7); SAVEPOINT a; INSERT INTO t VALUES (101, 1, 7); ROLLBACK TO a',
      ),
    (w) => w.query('COMMIT'),
  ],
  [
    'one that wrote thousands of rows',
    (w) => w.query('BEGIN; INSERT INTO t SELECT i, 1, 7 FROM generate_series(100, 3000) AS i'),
    (w) => w.query('COMMIT'),
  ],
  [
    'one that changed a partition by itself',
    (w) => w.query('BEGIN; UPDATE t_of_late SET v = v + 1 WHERE id = 45'),
    (w) => w.query('COMMIT'),
  ],
  [
    'one that was prepared',
    async (w) => {
      const { rows } = await w.query('SELECT current_database() AS name')
      await w.query(`BEGIN; INSERT INTO t VALUES (100, 1, 7); PREPARE TRANSACTION 'due_${rows[0].name}'`)
    },
    async (w) => {
      const { rows } = await w.query('SELECT current_database() AS name')
      await w.query(`COMMIT PREPARED 'due_${rows[0].name}'`)
    },
  ],
]

test.each(WRITES)('a commit with nothing after it is noticed: %s', async (_, begin, end) => {
  const { client, open } =
    await scene(`${TABLES}; ALTER TABLE t RENAME TO rows; ALTER INDEX t_pkey RENAME TO rows_pkey;
    CREATE TABLE t (id int PRIMARY KEY, g int, v int) PARTITION BY RANGE (id);
    CREATE TABLE t_of_early PARTITION OF t FOR VALUES FROM (0) TO (40);
    CREATE TABLE t_of_late PARTITION OF t FOR VALUES FROM (40) TO (10000);
    INSERT INTO t TABLE rows`)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { schedule: '1s' })
  await pass(client)
  const writer = await open()
  await begin(writer)
  await pass(client)
  await untilQuiet(client)
  await end(writer)
  expect(await due(client)).toEqual(['a'])
  await pass(client)
  await expectEqual(client, 'a')
  await untilQuiet(client)
})

test('who writes while a group is claimed is not overlooked', async () => {
  const { client, open } = await scene(TABLES)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { schedule: 'calculated' })
  await create(client, 'b', 'SELECT g, count(*) AS n FROM t GROUP BY g', { schedule: 'calculated' })
  await create(client, 'd', 'SELECT g, total, n FROM a JOIN b USING (g)', { schedule: '1s' })
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  await untilQuiet(client)
  const [writer, worker] = await Promise.all([open(), open()])
  // The claim has noted that nothing was altered, and waits as long as somebody holds lock 1.
  await client.query(`ALTER FUNCTION pgstream._note_unaltered(bigint[]) RENAME TO _note_at_once;
    CREATE FUNCTION pgstream._note_unaltered(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pgstream._note_at_once(ids);
      PERFORM pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1);
    END $$`)
  try {
    await client.query('INSERT INTO t VALUES (101, 1, 7)')
    await client.query(`UPDATE pgstream._catalog_looks SET looked_at = looked_at - interval '1 hour'`)
    await client.query('SELECT pg_advisory_lock(1)')
    const claiming = pass(worker)
    await untilWaiting(client, worker)
    await writer.query('BEGIN; INSERT INTO t VALUES (102, 1, 7)')
    await client.query('SELECT pg_advisory_unlock(1)')
    await claiming
  } finally {
    await client.query(`DROP FUNCTION pgstream._note_unaltered(bigint[]);
      ALTER FUNCTION pgstream._note_at_once(bigint[]) RENAME TO _note_unaltered`)
  }
  await writer.query('COMMIT')
  expect(await due(client)).toEqual(['a', 'b', 'd'])
  await pass(client)
  for (const name of ['a', 'b', 'd']) await expectEqual(client, name)
})

test('what was rolled back costs one look, and nothing after it', async () => {
  const { client, open } = await scene(TABLES)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { schedule: '1s' })
  const writer = await open()
  await writer.query('BEGIN; INSERT INTO t VALUES (100, 1, 7)')
  await pass(client)
  await writer.query('ROLLBACK')
  expect(await due(client)).toEqual(['a'])
  await untilQuiet(client)
})

test('transactions elsewhere, however many come and go, make nothing due', async () => {
  const { client, open } = await scene(TABLES)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { schedule: '1s' })
  await client.query('CREATE TABLE other (id int)')
  const others = await Promise.all([open(), open(), open()])
  const begin = (i: number) => others[i]?.query('BEGIN; INSERT INTO other VALUES (1)')
  const end = (i: number) => others[i]?.query('COMMIT')
  await begin(0)
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  await pass(client)
  // It was under way when the count was seen, and has not written what is read.
  await end(0)
  expect(await due(client)).toEqual([])
  await others[2]?.query('BEGIN; INSERT INTO t VALUES (101, 1, 7)')
  await client.query('INSERT INTO t VALUES (102, 1, 7)')
  await pass(client)
  await begin(1)
  const number = (await others[1]?.query('SELECT pg_current_xact_id()::text AS number'))?.rows[0].number
  // This one could have been the one that counted.
  await end(2)
  expect(await due(client)).toEqual(['a'])
  await pass(client)
  // This one was not.
  const { rows } = await client.query(
    `SELECT f.doubt_below <= $1 AS ok FROM pgstream.frontiers AS f JOIN pgstream.pgs_stream_tables AS s USING (pgs_id)
     WHERE s.pgs_schema = current_schema()`,
    [number],
  )
  expect(rows).toEqual([{ ok: true }])
  await end(1)
})

test('a refresh in another caller’s hands is doubted by those who read what it writes, and by nobody else', async () => {
  const { client, open } = await scene(TABLES)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { schedule: '1s' })
  await create(client, 'b', 'SELECT id, v FROM u', { schedule: '1s' })
  await create(client, 'c', 'SELECT v, count(*) AS n FROM b GROUP BY v', { schedule: '1s' })
  await untilQuiet(client)
  const other = await open()
  const alone = (by: pg.Client, name: string) =>
    by.query(
      `SELECT pgstream._refresh_due(pgs_id) FROM pgstream.pgs_stream_tables
       WHERE pgs_schema = current_schema() AND pgs_name = $1`,
      [name],
    )
  await client.query('INSERT INTO u VALUES (100, 1, 7)')
  await other.query('BEGIN')
  await alone(other, 'b')
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  await alone(client, 'a')
  await alone(client, 'c')
  await expectEqual(client, 'a')
  const { rows } = await client.query(
    `SELECT pgs_name FROM pgstream.frontiers JOIN pgstream.pgs_stream_tables USING (pgs_id)
     WHERE pgs_schema = current_schema() AND doubt IS NOT NULL`,
  )
  expect(rows).toEqual([{ pgs_name: 'c' }])
  await other.query('COMMIT')
  expect(await due(client)).toEqual(['c'])
  await pass(client)
  await expectEqual(client, 'c')
})

test('what another caller has refreshed since is not refreshed again', async () => {
  const { client } = await scene(TABLES)
  for (const name of ['a', 'b', 'c']) await create(client, name, 'SELECT id, v FROM t', { schedule: '1s' })
  await untilQuiet(client)
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  const { rows } = await client.query(
    'SELECT array_agg(members::text) AS members, array_agg(versions::text) AS versions FROM pgstream._due()',
  )
  const [{ members, versions }] = rows
  expect(members).toHaveLength(3)
  // Two who have found the same share it: that nothing was altered is noted, and is no refresh.
  await client.query('UPDATE pgstream._catalog_looks SET looked_at = NULL')
  await client.query('SELECT pgstream._note_due($1::text[])', [members])
  const noted = await client.query('SELECT FROM pgstream._catalog_looks WHERE looked_at IS NOT NULL')
  expect(noted.rowCount).toBe(3)
  const retried = () =>
    client.query(
      `SELECT pgstream._refresh_due((m::bigint[])[1], (v::xid[])[1]) AS done FROM unnest($1::text[], $2::text[]) AS u(m, v)`,
      [members, versions],
    )
  expect((await retried()).rows).toEqual(Array(3).fill({ done: 'DIFFERENTIAL' }))
  expect((await retried()).rows).toEqual(Array(3).fill({ done: null }))
})

/** How often a session has looked at everything, once what it counted is told. */
async function looks(client: pg.Client): Promise<number> {
  await client.query('SELECT pg_stat_force_next_flush()')
  const { rows } = await client.query(
    `SELECT coalesce(sum(calls), 0)::int AS n FROM pg_stat_user_functions WHERE schemaname = 'pgstream' AND funcname = '_wanting'`,
  )
  return rows[0].n
}

const unwatched = (client: pg.Client) =>
  client.query('UPDATE pgstream._scheduler SET watched_at = clock_timestamp()')

test('what a wait has found is not looked for again by the call, nor by the wait after it', async () => {
  const { client, open } = await scene(TABLES)
  await create(client, 'a', 'SELECT id, v FROM t', { schedule: '1s' })
  await untilQuiet(client)
  await unwatched(client)
  const caller = await open()
  await caller.query(`SET track_functions = 'pl'`)
  const before = await looks(caller)
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  const { rows: found } = await caller.query('CALL pgstream._await(10, NULL, NULL, 1)')
  expect(found).toMatchObject([{ due: 1 }])
  expect((await looks(caller)) - before).toBe(1)
  const { rows: done } = await caller.query('CALL pgstream._run(0, $1, NULL)', [found[0].work])
  expect(done).toEqual([{ refreshed: 1 }])
  await expectEqual(client, 'a')
  // Whether more is due by then.
  expect((await looks(caller)) - before).toBe(2)
  expect((await caller.query('CALL pgstream._await(0.2, NULL, NULL, 0)')).rows).toEqual([
    { due: 0, work: null },
  ])
  expect((await looks(caller)) - before).toBe(2)
  // What was found and is done by then is not done again.
  expect((await caller.query('CALL pgstream._run(0, $1, NULL)', [found[0].work])).rows).toEqual([
    { refreshed: 0 },
  ])
})

test('two who are given the same work share it: they begin far from each other', async () => {
  const { client, open } = await scene(TABLES)
  const names = Array.from({ length: 12 }, (_, i) => `s${i}`)
  for (const name of names) await create(client, name, 'SELECT id, v FROM t', { schedule: '1s' })
  await untilQuiet(client)
  await unwatched(client)
  const [first, second, holder] = await Promise.all([open(), open(), open()])
  await client.query(`INSERT INTO t VALUES (100, 1, 7); UPDATE pgstream._catalog_looks SET looked_at = NULL`)
  const { rows: found } = await client.query('CALL pgstream._await(10, NULL, NULL, 1)')
  expect(found).toMatchObject([{ due: 12 }])
  await holder.query('BEGIN; LOCK TABLE s0')
  const slow = first.query('CALL pgstream._run(0, $1, NULL)', [found[0].work])
  await untilWaiting(client, first)
  const { rows } = await second.query('CALL pgstream._run(0, $1, NULL)', [found[0].work])
  await holder.query('COMMIT')
  await slow
  // All but one; the first does not wait for ever and may have gone on.
  expect(rows[0].refreshed).toBeGreaterThan(5)
  await vi.waitFor(
    async () => {
      await pass(client)
      for (const name of names) await expectEqual(client, name)
    },
    { timeout: 20_000, interval: 50 },
  )
})

test('a call that takes no more than some leaves nobody behind where changes never end', async () => {
  const { client } = await scene(TABLES)
  const names = Array.from({ length: 6 }, (_, i) => `s${i}`)
  for (const name of names) await create(client, name, 'SELECT id, v FROM t', { schedule: '1s' })
  await create(client, 'above', 'SELECT sum(v) AS v FROM s5', { schedule: '1s' })
  await untilQuiet(client)
  await unwatched(client)
  const { rows: before } = await client.query(
    'SELECT max(refresh_id) AS last FROM pgstream.pgs_refresh_history',
  )
  const done = async () => {
    const { rows } = await client.query(
      `SELECT DISTINCT s.pgs_name AS name FROM pgstream.pgs_refresh_history AS h JOIN pgstream.pgs_stream_tables AS s USING (pgs_id)
       WHERE s.pgs_schema = current_schema() AND h.refresh_id > $1 ORDER BY 1`,
      [before[0].last],
    )
    return rows.map(({ name }) => name)
  }
  // As after a try in vain, whose pause is over.
  await client.query(`UPDATE pgstream.frontiers SET skips = 1, retry_at = clock_timestamp() - interval '1 second'
    WHERE pgs_id = (SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_schema = current_schema() AND pgs_name = 's4')`)
  for (let round = 0; round < 8; round++) {
    await client.query('UPDATE t SET v = v + 1 WHERE id = 1')
    await client.query('CALL pgstream._run(0, NULL, NULL, 2)')
    if (round === 0) expect(await done()).toEqual(['s0', 's1', 's4'])
  }
  expect(await done()).toEqual(['above', ...names])
})

test('who finds nothing has looked for the others, until something is captured', async () => {
  const { client, open } = await scene(TABLES)
  await create(client, 'a', 'SELECT id, v FROM t', { schedule: '1h' })
  await untilQuiet(client)
  await unwatched(client)
  const caller = await open()
  await caller.query(`SET track_functions = 'pl'`)
  const wait = async () => {
    const before = await looks(caller)
    await caller.query('CALL pgstream._await(0.3, NULL)')
    return (await looks(caller)) - before
  }
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  expect(await wait()).toBe(1)
  await client.query('INSERT INTO t VALUES (101, 1, 7)')
  await client.query('SELECT pgstream._look()')
  expect(await wait()).toBe(0)
})

test('what one has found and left is found by the next, though nothing tells of it any more', async () => {
  const { client, open } = await scene(TABLES)
  await create(client, 'a', 'SELECT id, v FROM t', { schedule: '1h' })
  await untilQuiet(client)
  await unwatched(client)
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  const look = async () => (await client.query('SELECT due FROM pgstream._look()')).rows[0]
  expect(await look()).toEqual({ due: 0 })
  await client.query(
    `UPDATE pgstream.frontiers SET checked_at = checked_at - interval '2 hours'
     WHERE pgs_id = (SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_relid = 'a'::regclass); SELECT pgstream._wake()`,
  )
  expect(await look()).toEqual({ due: 1 })
  const other = await open()
  expect((await other.query('CALL pgstream._await(2, NULL)')).rows).toMatchObject([{ due: 1 }])
})

test('while another is at work it is left what is due', async () => {
  const { client, open } = await scene(
    `${TABLES};
    -- Beats for a third of a second; the longest time between two of them, and when it ended.
    CREATE FUNCTION beating(OUT gap interval, OUT ended timestamptz) LANGUAGE plpgsql AS $$
    DECLARE began timestamptz := clock_timestamp(); last timestamptz := began;
    BEGIN
      gap := '0';
      LOOP
        PERFORM pgstream._beat();
        ended := clock_timestamp();
        gap := greatest(gap, ended - last);
        last := ended;
        EXIT WHEN ended > began + interval '0.3 seconds';
        PERFORM pg_sleep(0.002);
      END LOOP;
    END $$`,
  )
  await create(client, 'a', 'SELECT id, v FROM t', { schedule: '1s' })
  await untilQuiet(client)
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  const [other, caller] = await Promise.all([open(), open()])
  // A processor that is busy elsewhere makes both late: what was heard of the one in time is what counts.
  await vi.waitFor(
    async () => {
      const beating = other.query(
        `SELECT gap < interval '30 milliseconds' AS is_steady, ended::text FROM beating()`,
      )
      await client.query('SELECT pg_sleep(0.05)')
      await caller.query('CALL pgstream._await(20, NULL)')
      const { rows } = await caller.query('SELECT clock_timestamp()::text AS at')
      const [{ is_steady, ended }] = (await beating).rows
      if (!is_steady) throw new Error('never two beats close enough after each other')
      const order = await client.query('SELECT $1::timestamptz > $2::timestamptz AS after', [
        rows[0].at,
        ended,
      ])
      expect(order.rows).toEqual([{ after: true }])
    },
    { timeout: 50_000, interval: 10 },
  )
})

test('several callers do together what one would do, and nothing twice', async () => {
  const { client, open } = await scene(TABLES)
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  for (const [i, name] of names.entries())
    await create(client, name, `SELECT id, v FROM ${names[i - 1] ?? 't'}`, {
      schedule: name === 'f' ? '1s' : 'calculated',
    })
  await untilQuiet(client)
  const callers = await Promise.all([open(), open(), open(), open()])
  const isOver = new AbortController()
  const calls = callers.map(async (caller) => {
    while (!isOver.signal.aborted) await caller.query('CALL pgstream.run_scheduler(0.5)')
  })
  const refreshes = async () => {
    const { rows } = await client.query(
      `SELECT count(*)::int AS n FROM pgstream.pgs_refresh_history JOIN pgstream.pgs_stream_tables USING (pgs_id)
       WHERE pgs_schema = current_schema() AND initiated_by = 'SCHEDULER'`,
    )
    return rows[0].n
  }
  const before = await refreshes()
  for (let id = 200; id < 210; id++) {
    await client.query(`INSERT INTO t VALUES (${id}, 1, 1)`)
    await vi.waitFor(
      async () => {
        const { rowCount } = await client.query(`SELECT FROM f WHERE id = ${id}`)
        expect(rowCount).toBe(1)
      },
      { timeout: 20_000, interval: 5 },
    )
  }
  isOver.abort()
  await Promise.all(calls)
  for (const name of names) await expectEqual(client, name)
  expect((await refreshes()) - before).toBe(10 * names.length)
})

test('capture that begins again counts from the beginning, and is noticed', async () => {
  const { client } = await scene(TABLES)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { schedule: '1h' })
  const later = () =>
    client.query(`UPDATE pgstream.frontiers SET checked_at = checked_at - interval '2 hours'`)
  const write = async (from: number) => {
    for (let i = 0; i < 3; i++) await client.query(`INSERT INTO t VALUES (${from + i}, 1, 7)`)
  }
  await write(100)
  await later()
  await pass(client)
  await client.query(`SELECT pgstream.alter_stream_table('a', refresh_mode => 'FULL')`)
  await client.query(`SELECT pgstream.alter_stream_table('a', refresh_mode => 'DIFFERENTIAL')`)
  await write(200)
  await later()
  expect(await due(client)).toEqual(['a'])
})

test('a definition that reads another table does not go by what was counted of the first', async () => {
  const { client } = await scene(TABLES)
  await create(client, 'other', 'SELECT g, sum(v) AS total FROM u GROUP BY g', { schedule: '1h' })
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { schedule: '1h' })
  const later = () =>
    client.query(`UPDATE pgstream.frontiers SET checked_at = checked_at - interval '2 hours'`)
  for (let i = 0; i < 4; i++) await client.query(`INSERT INTO t VALUES (${100 + i}, 1, 7)`)
  for (let i = 0; i < 3; i++) await client.query(`INSERT INTO u VALUES (${100 + i}, 1, 7)`)
  await later()
  await pass(client)
  await untilQuiet(client)
  await client.query(
    `SELECT pgstream.alter_stream_table('a', query => 'SELECT g, sum(v) AS total FROM u GROUP BY g')`,
  )
  await pass(client)
  // Counts as many for the second as there were for the first.
  await client.query('INSERT INTO u VALUES (200, 1, 7)')
  await later()
  expect(await due(client)).toContain('a')
})

test('whatever is committed and not shown is due: writers, people and passes in any order', async () => {
  const { client, open } = await scene(TABLES)
  const calculated = { schedule: 'calculated' }
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', calculated)
  await create(client, 'b', 'SELECT g, count(*) AS n FROM t GROUP BY g', calculated)
  await create(client, 'd', 'SELECT a.g, a.total, b.n FROM a JOIN b ON b.g = a.g', { schedule: '1s' })
  await create(client, 'e', 'SELECT d.g, d.n, u.v FROM d JOIN u ON u.id = d.g + 1', { schedule: '1s' })
  const names = ['a', 'b', 'd', 'e']
  const writers = await Promise.all([open(), open(), open()])
  const person = await open()
  const isOpen = writers.map(() => false)
  const pick = random(Number(process.env.PG_STREAM_RACE_SEED ?? 1))
  const behind = async () => {
    const { rows } = await client.query(
      'SELECT n FROM unnest($1::text[]) AS n WHERE EXISTS (SELECT FROM pgstream.verify_stream_table(n))',
      [names],
    )
    return rows.map(({ n }) => n)
  }
  for (let step = 0; step < 150; step++) {
    const i = pick(writers.length)
    const writer = writers[i]
    const id = 1000 * (i + 1) + step
    const kind = pick(8)
    if (kind < 3) {
      if (!isOpen[i] && pick(2) === 0) {
        await writer?.query('BEGIN')
        isOpen[i] = true
      }
      await writer?.query(`INSERT INTO ${pick(3) === 0 ? 'u' : 't'} VALUES (${id}, ${pick(5)}, 1)`)
    } else if (kind === 3 && isOpen[i]) {
      await writer?.query('SAVEPOINT a')
      await writer?.query(`INSERT INTO t VALUES (${id}, 1, 1)`)
      await writer?.query(pick(2) === 0 ? 'ROLLBACK TO a' : 'RELEASE a')
    } else if (kind === 4 && isOpen[i]) {
      await writer?.query(pick(3) === 0 ? 'ROLLBACK' : 'COMMIT')
      isOpen[i] = false
    } else if (kind === 5) {
      await refresh(person, names[pick(names.length)] ?? '')
    } else if (kind === 6) {
      await person.query('BEGIN')
      await refresh(person, names[pick(names.length)] ?? '')
      await person.query('ROLLBACK')
    } else await pass(client)
    const late = await behind()
    if (late.length > 0 && (await due(client)).length === 0)
      throw new Error(`step ${step}: ${late.join()} not due`)
    if (step % 10 === 9) {
      await pass(client)
      expect(await behind(), `step ${step}`).toEqual([])
    }
  }
  for (const writer of writers) await writer.query('ROLLBACK')
  await pass(client)
  expect(await behind()).toEqual([])
  await untilQuiet(client)
})

/** Something due whose refresh waits for a table that is locked, and as long as it can: not to be timed. */
async function blocked(client: pg.Client, locker: pg.Client): Promise<void> {
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  await client.query('UPDATE pgstream.frontiers SET skips = 3')
  await locker.query('BEGIN; LOCK TABLE a IN SHARE MODE')
}
const DIAMOND = {
  a: 'SELECT g, sum(v) AS total FROM t GROUP BY g',
  b: 'SELECT g, count(*) AS n FROM t GROUP BY g',
  d: 'SELECT a.g, a.total, b.n FROM a JOIN b ON b.g = a.g',
}
const SINGLE = { a: DIAMOND.a }
const KINDS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['a stream table', SINGLE],
  ['a group', DIAMOND],
]
const claims = async (client: pg.Client) =>
  (
    await client.query(
      `SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 'pgstream.graph'::regclass AND objid <> 0
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    )
  ).rowCount

test.each(KINDS)(
  "%s in one worker's hands is left to it, and the other goes on with the rest",
  async (_, tables) => {
    const { client, open } = await scene(TABLES)
    for (const [name, query] of Object.entries(tables)) await create(client, name, query, { schedule: '1s' })
    await create(client, 'other', 'SELECT g, max(v) AS most FROM u GROUP BY g', { schedule: '1s' })
    const [one, two, locker] = await Promise.all([open(), open(), open()])
    await blocked(client, locker)
    const working = outcome(pass(one))
    await untilWaiting(client, one)
    await client.query('INSERT INTO u VALUES (100, 1, 700)')
    await pass(two)
    // Both without having waited for the first.
    expect((await client.query('SELECT most FROM other WHERE g = 1')).rows).toEqual([{ most: 700 }])
    await untilWaiting(client, one)
    await locker.query('COMMIT')
    expect(await working).toBe('ok')
    for (const name of Object.keys(tables)) await expectEqual(client, name)
    const { rows } = await client.query(
      `SELECT count(*)::int AS n FROM pgstream.get_refresh_history('a', 100) WHERE initiated_by = 'SCHEDULER'`,
    )
    expect(rows).toEqual([{ n: 1 }])
    expect(await claims(client)).toBe(0)
  },
)

test.each(KINDS)(
  "%s in one worker's hands is not due to those who wait, until it is let go",
  async (_, tables) => {
    const { client, open, db } = await scene(TABLES)
    for (const [name, query] of Object.entries(tables)) await create(client, name, query, { schedule: '1s' })
    const [one, locker] = await Promise.all([open(), open()])
    await untilQuiet(client)
    await blocked(client, locker)
    await unwatched(client)
    const look = async () => (await client.query('SELECT due, work FROM pgstream._look()')).rows[0]
    expect(await look()).toMatchObject({ due: 1 })
    const working = outcome(pass(one))
    await untilWaiting(client, one)
    expect(await look()).toEqual({ due: 0, work: '{}' })
    expect((await client.query('CALL pgstream._await(0.3, NULL)')).rows).toMatchObject([{ due: 0 }])
    // Nothing is counted when it is let go.
    await client.query('SELECT pg_terminate_backend($1, 5000)', [backendPid(one)])
    expect(await working).not.toBe('ok')
    expect((await client.query('CALL pgstream._await(20, NULL)')).rows).toMatchObject([{ due: 1 }])

    // A person's transaction has it.
    await locker.query('COMMIT; BEGIN')
    await refresh(locker, 'a')
    expect(await look()).toEqual({ due: 0, work: '{}' })
    await locker.query('ROLLBACK')
    // The same lock in anybody's hands hides nothing.
    await client.query(`CREATE ROLE ${db.name}_anybody LOGIN`)
    const anybody = await open(`${db.name}_anybody`)
    await anybody.query(
      `SELECT pg_advisory_lock(c::oid::int, s.pgs_id::int) FROM pgstream.pgs_stream_tables s,
       unnest('{pgstream.frontiers,pgstream.pgs_stream_tables,pgstream.truncations}'::regclass[]) AS c WHERE s.pgs_schema = current_schema()`,
    )
    expect(await look()).toMatchObject({ due: 1 })
    await anybody.end()
    await client.query(`DROP ROLE ${db.name}_anybody`)
    await pass(client)
    for (const name of Object.keys(tables)) await expectEqual(client, name)
  },
)

test.each(KINDS)(
  'a backend terminated in the midst of %s loses nothing and blocks nobody',
  async (_, tables) => {
    const { client, open } = await scene(TABLES)
    for (const [name, query] of Object.entries(tables)) await create(client, name, query, { schedule: '1s' })
    const [one, two, locker] = await Promise.all([open(), open(), open()])
    await blocked(client, locker)
    const working = outcome(pass(one))
    await untilWaiting(client, one)
    await client.query('SELECT pg_terminate_backend($1, 5000)', [backendPid(one)])
    expect(await working).not.toBe('ok')
    await locker.query('COMMIT')
    expect(await claims(client)).toBe(0)
    await pass(two)
    for (const name of Object.keys(tables)) await expectEqual(client, name)
  },
)

test('a canceled call keeps no claim, whether it was canceled in a refresh or beside it', async () => {
  const { client, open } = await scene(TABLES)
  for (const [name, query] of Object.entries(DIAMOND)) await create(client, name, query, { schedule: '1s' })
  const [one, locker] = await Promise.all([open(), open()])
  await blocked(client, locker)
  const working = outcome(pass(one))
  await untilWaiting(client, one)
  await client.query('SELECT pg_cancel_backend($1)', [backendPid(one)])
  expect(await working).toBe('ok')
  expect(await claims(client)).toBe(0)
  await locker.query('COMMIT')
  // Between two statements.
  await one.query(
    `SELECT (pgstream._claim_group(d.group_id, d.members, d.versions)).claimed FROM pgstream._due() AS d`,
  )
  await client.query('UPDATE pgstream.frontiers SET retry_at = NULL, skips = 0')
  await one.query(
    `SELECT (pgstream._claim_group(d.group_id, d.members, d.versions)).claimed FROM pgstream._due() AS d`,
  )
  expect(await claims(client)).toBe(1)
  await pass(one)
  expect(await claims(client)).toBe(0)
  await expectEqual(client, 'd')
})

const running: CliProcess[] = []
afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL')
  await Promise.all(running.splice(0).map(({ ended }) => ended))
})

/** The sessions of worker processes that wait for a lock. */
async function untilWorkerWaits(client: pg.Client): Promise<void> {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const { rowCount } = await client.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pg_stream worker'
         AND cardinality(pg_blocking_pids(pid)) > 0`,
    )
    if (rowCount) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('no worker waits')
}

async function untilExact(client: pg.Client, names: readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const { rowCount } = await client.query(
      'SELECT FROM unnest($1::text[]) AS n WHERE EXISTS (SELECT FROM pgstream.verify_stream_table(n))',
      [names],
    )
    if (rowCount === 0) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  for (const name of names) await expectEqual(client, name)
}

test.each(KINDS)('a worker process killed in the midst of %s is replaced by any other', async (_, tables) => {
  const { client, open, db } = await scene(TABLES)
  for (const [name, query] of Object.entries(tables)) await create(client, name, query, { schedule: '1s' })
  const locker = await open()
  await blocked(client, locker)
  const first = runCli(['worker', db.url])
  running.push(first)
  await untilWorkerWaits(client)
  first.child.kill('SIGKILL')
  await first.ended
  await locker.query('COMMIT')
  running.push(runCli(['worker', db.url]))
  await untilExact(client, Object.keys(tables))
  await client.query('INSERT INTO t VALUES (101, 2, 8)')
  await untilExact(client, Object.keys(tables))
})

test('one worker process: a branch that is blocked does not hold up another', async () => {
  const { client, open, db } = await scene(TABLES)
  for (const [name, query] of Object.entries(DIAMOND)) await create(client, name, query, { schedule: '1s' })
  await create(client, 'other', 'SELECT g, max(v) AS most FROM u GROUP BY g', { schedule: '1s' })
  const locker = await open()
  await blocked(client, locker)
  running.push(runCli(['worker', db.url, '--concurrency', '2']))
  await untilWorkerWaits(client)
  for (let i = 0; i < 3; i++) {
    await client.query(`INSERT INTO u VALUES (${100 + i}, 1, ${700 + i})`)
    await untilExact(client, ['other'])
  }
  await locker.query('COMMIT')
  await untilExact(client, ['a', 'b', 'd', 'other'])
})

test('a definition that is not committed keeps nobody from being refreshed', async () => {
  const { client, open } = await scene(`${TABLES}; CREATE TABLE w (id int)`)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { schedule: '* * * * * *' })
  await create(client, 'b', 'SELECT g, max(v) AS most FROM u GROUP BY g', { schedule: '1s' })
  await client.query('SELECT pgstream._follow_graph()')
  const definer = await open()
  await definer.query('BEGIN')
  await create(definer, 'c', 'SELECT id FROM w')
  await client.query(`INSERT INTO t VALUES (100, 1, 7); INSERT INTO u VALUES (100, 1, 700);
    UPDATE pgstream._scheduler SET looked_at = '-infinity';
    UPDATE pgstream.frontiers SET checked_at = checked_at - interval '2 seconds'`)
  const { rows } = await client.query('SELECT due FROM pgstream._look()')
  expect(rows[0].due).toBeGreaterThan(1)
  await pass(client)
  for (const name of ['a', 'b']) await expectEqual(client, name)
  await definer.query('ROLLBACK')
})

test('a reader of what never stops changing is not left behind', async () => {
  const { client, open } = await scene(TABLES)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { schedule: '1s' })
  await create(client, 'b', 'SELECT a.g, a.total, u.v FROM a JOIN u ON u.id = a.g + 1', { schedule: '1s' })
  const [writer, ...workers] = await Promise.all([open(), open(), open()])
  const end = Date.now() + 3_000
  await Promise.all([
    (async () => {
      for (let i = 0; Date.now() < end; i++)
        await writer.query(`UPDATE t SET v = v + 1 WHERE id = ${1 + (i % 50)}`)
    })(),
    ...workers.map(async (worker) => {
      while (Date.now() < end) await pass(worker)
    }),
  ])
  const { rows } = await client.query(
    `SELECT s.pgs_name AS name, count(*)::int AS n FROM pgstream.pgs_refresh_history AS h JOIN pgstream.pgs_stream_tables AS s USING (pgs_id)
     WHERE s.pgs_schema = current_schema() AND h.initiated_by = 'SCHEDULER' GROUP BY 1 ORDER BY 1`,
  )
  const [a, b] = rows.map(({ n }) => Number(n))
  expect(a).toBeGreaterThan(2)
  expect(b).toBeGreaterThan(Number(a) / 10)
})

test('a clock that is set back keeps nobody waiting for it', async () => {
  const { client } = await scene(TABLES)
  await create(client, 'moved', 'SELECT id, v FROM t', { schedule: '1m' })
  await create(client, 'failed', 'SELECT id, 1 / v AS part FROM t', { schedule: '1m' })
  await create(client, 'timed', 'SELECT id, v FROM u', { schedule: '@hourly' })
  await create(client, 'rested', 'SELECT id, g FROM u', { schedule: '1m' })
  await untilQuiet(client)
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  expect(await due(client)).toEqual([])
  const mine = `WHERE pgs_id IN (SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_schema = current_schema())`
  await client.query(`UPDATE pgstream.frontiers SET checked_at = checked_at + interval '1 hour' ${mine};
    UPDATE pgstream.frontiers SET retry_at = now() + interval '1 hour', last_refresh_at = now() + interval '1 hour'
    WHERE pgs_id = (SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_relid = 'failed'::regclass);
    UPDATE pgstream.pgs_stream_tables SET last_error = 'of then', consecutive_errors = 1 WHERE pgs_relid = 'failed'::regclass;
    UPDATE pgstream._scheduler SET watched_at = now() + interval '1 hour', looked_at = now() + interval '1 hour'`)
  expect(await due(client)).toEqual(['failed', 'moved', 'rested', 'timed'])
  // With the look around, which is due as well; those of other tests may be by now, too.
  const looked = await client.query(
    `SELECT due - cardinality(work) AS others, (SELECT count(*)::int FROM unnest(work) AS w
       WHERE w.members && ARRAY(SELECT s.pgs_id FROM pgstream.pgs_stream_tables AS s WHERE s.pgs_schema = current_schema())) AS mine
     FROM pgstream._look()`,
  )
  expect(looked.rows).toEqual([{ others: 1, mine: 4 }])
  await pass(client)
  for (const name of ['moved', 'failed', 'timed', 'rested']) await expectEqual(client, name)
  await untilQuiet(client)
  const { rows } = await client.query(
    `SELECT bool_and(f.checked_at <= now()) AND bool_and(w.watched_at <= now() AND w.looked_at <= now()) AS ok
     FROM pgstream.frontiers AS f, pgstream._scheduler AS w ${mine}`,
  )
  expect(rows).toEqual([{ ok: true }])
})

test('a clock that is set back while a caller waits makes it wait no longer', async () => {
  const db = await freshDatabase()
  const { client } = db
  // The hours by which the clock is off: a sequence, which everybody sees at once.
  await client.query(`SET allow_system_table_mods = on; CREATE SEQUENCE behind MINVALUE 0;
    CREATE FUNCTION right_time() RETURNS timestamptz VOLATILE LANGUAGE internal AS 'clock_timestamp';
    CREATE FUNCTION hours_behind() RETURNS interval VOLATILE LANGUAGE plpgsql AS $$
      BEGIN RETURN make_interval(hours => (SELECT last_value::int FROM public.behind)); END $$;
    CREATE OR REPLACE FUNCTION pg_catalog.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql
      AS 'SELECT public.right_time() - public.hours_behind()';
    ${TABLES}`)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { schedule: '1s' })
  const worker = await db.connect()
  const call = worker.query('CALL pgstream.run_scheduler(8)')
  await client.query('INSERT INTO t VALUES (99, 1, 5)')
  await vi.waitFor(() => expectTotal(client, 1280), { timeout: 6_000 })
  await vi.waitFor(async () => expect((await waits(client)).rows).toEqual([{ waits: true }]), {
    timeout: 3_000,
  })
  await client.query(`SELECT setval('behind', 1)`)
  const { rows } = await client.query(`SELECT clock_timestamp() < now() - interval '59 minutes' AS is_behind`)
  expect(rows).toEqual([{ is_behind: true }])
  await client.query('INSERT INTO t VALUES (100, 1, 7)')
  await vi.waitFor(() => expectTotal(client, 1287), { timeout: 20_000, interval: 20 })
  // And it ends when it was to end.
  await call
  await db.close()
})

/** For changes: it has looked, and found none. */
const waits = (client: pg.Client) =>
  client.query(
    `SELECT count(*) = 1 AS waits FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'
       AND clock_timestamp() > query_start + interval '0.5 seconds'`,
  )

async function expectTotal(client: pg.Client, total: number): Promise<void> {
  const { rows } = await client.query('SELECT sum(total)::int AS total FROM a')
  expect(rows).toEqual([{ total }])
}

test('a time by cron that comes while a refresh is under way is still to be served', async () => {
  const { client } = await scene(TABLES)
  await create(client, 'a', 'SELECT g, sum(v) AS total FROM t GROUP BY g', { schedule: '@hourly' })
  await client.query('SELECT pgstream._follow_graph()')
  const { rows } = await client.query(
    `WITH noted AS MATERIALIZED (
       SELECT s.pgs_id, pgstream._note_look(ARRAY[s.pgs_id], '{DIFFERENTIAL}', '{0}', '2020-01-01 02:59:59.9+00', NULL, NULL, 0, false)
       FROM pgstream.pgs_stream_tables AS s WHERE s.pgs_schema = current_schema())
     SELECT count(*)::int AS n FROM noted`,
  )
  expect(rows).toEqual([{ n: 1 }])
  const { rows: next } = await client.query(
    `SELECT fires_at = '2020-01-01 03:00:00+00' AS served FROM pgstream.graph JOIN pgstream.pgs_stream_tables AS s USING (pgs_id)
     WHERE s.pgs_schema = current_schema()`,
  )
  expect(next).toEqual([{ served: true }])
})
