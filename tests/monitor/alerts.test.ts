import { expect, test } from 'vitest'
import { create, scenes } from '../concurrency/scene.ts'

const scene = scenes()

/** A session that hears alerts; what it heard since the last time. */
async function listening(setup: string) {
  const made = await scene(setup)
  const listener = await made.open()
  let heard: string[] = []
  listener.on('notification', ({ payload }) => heard.push(payload ?? ''))
  await listener.query('LISTEN pg_stream_alert')
  return {
    ...made,
    heard: async () => {
      await listener.query('SELECT 1')
      const payloads = heard
      heard = []
      for (const each of payloads) expect(Buffer.byteLength(each)).toBeLessThan(8000)
      // Those of other tests in this database are theirs.
      return payloads
        .map((each) => JSON.parse(each))
        .filter(({ schema = made.schema }) => schema === made.schema)
    },
    /** One pass of the scheduler that looks for what people should know. */
    pass: async () => {
      await made.client.query(`UPDATE pgstream._scheduler SET watched_at = '-infinity'`)
      await made.client.query('CALL pgstream.run_scheduler()')
    },
  }
}

test.each([
  ['ASCII', 'x'.repeat(20_000)],
  ['three bytes each', '例'.repeat(5_000)],
  ['escapes', '"\\\n'.repeat(3_000)],
  ['control characters', '\u0001'.repeat(2_000)],
  ['just too long', 'y'.repeat(7_900)],
])('a long text is cut to what fits: %s', async (_, text) => {
  const { client, heard } = await listening('')
  await client.query(
    `SELECT pgstream._alert('refresh_failed', NULL, jsonb_build_object('error', $1::text, 'second', $1::text, 'n', 5))`,
    [text],
  )
  const [alert] = await heard()
  expect(alert).toMatchObject({ event: 'refresh_failed', n: 5 })
  expect(alert.error.endsWith('...')).toBe(true)
  expect(text.startsWith(alert.error.slice(0, -3))).toBe(true)
})

test('what cannot be cut is left out', async () => {
  const { client, heard } = await listening('')
  await client.query(
    `SELECT pgstream._alert('refresh_failed', NULL, jsonb_build_object('list', (SELECT jsonb_agg(i) FROM generate_series(1, 9000) AS i)))`,
  )
  expect(await heard()).toEqual([{ event: 'refresh_failed' }])
})

test('long names', async () => {
  const name = '例'.repeat(21)
  const { client, heard, pass } = await listening('CREATE TABLE t (id int PRIMARY KEY, v int)')
  await create(client, `"${name}"`, 'SELECT id, 1 / v AS v FROM t', { schedule: '1s' })
  await client.query('INSERT INTO t VALUES (1, 0)')
  await pass()
  expect(await heard()).toEqual([
    expect.objectContaining({ event: 'refresh_failed', name, sqlstate: '22012' }),
  ])
})

test('an error text of any length and script is recorded, and the others go on', async () => {
  const { client, heard, pass } = await listening('CREATE TABLE t (id int PRIMARY KEY, v text)')
  await create(client, 'bad', 'SELECT id, v::int AS v FROM t', { schedule: '1s' })
  await create(client, 'good', 'SELECT id FROM t', { schedule: '1s' })
  await client.query(`INSERT INTO t VALUES (1, repeat('例', 10000))`)
  await pass()
  expect((await client.query('TABLE good')).rows).toEqual([{ id: 1 }])
  const { rows } = await client.query(
    `SELECT length(error_message) > 9000 AS whole FROM pgstream.get_refresh_history('bad', 1)`,
  )
  expect(rows).toEqual([{ whole: true }])
  expect((await heard()).map(({ event }) => event).sort()).toEqual(['refresh_completed', 'refresh_failed'])
})

test('stale_data: once when it begins, again only when it was over', async () => {
  const { client, heard, pass } = await listening('CREATE TABLE t (id int PRIMARY KEY, v int)')
  await create(client, 'st', 'SELECT id, 1 / v AS v FROM t', { schedule: '1m' })
  await client.query('INSERT INTO t VALUES (1, 0)')
  const age = (interval: string) =>
    client.query(
      `UPDATE pgstream.frontiers SET data_timestamp = now() - $1::interval, checked_at = now() - $1::interval, last_refresh_at = now() - interval '1 hour'
       WHERE pgs_id = (SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_relid = 'st'::regclass)`,
      [interval],
    )
  const events = async () =>
    (await heard()).map(({ event }) => event).filter((event) => event !== 'refresh_failed')
  await age('119 seconds')
  await pass()
  expect(await events()).toEqual([])
  await age('10 minutes')
  await pass()
  const stale = (await heard()).find(({ event }) => event === 'stale_data')
  expect(stale).toMatchObject({ name: 'st', schedule: '1m', status: 'ACTIVE' })
  expect(stale.staleness_seconds).toBeGreaterThan(599)
  expect(
    (await client.query(`SELECT event, relid::regclass::text AS name FROM pgstream.open_alerts`)).rows,
  ).toEqual([{ event: 'stale_data', name: 'st' }])
  await pass()
  await pass()
  expect(await events()).toEqual([])
  await client.query('UPDATE t SET v = 1')
  await age('10 minutes')
  await pass()
  expect(await events()).toEqual(['refresh_completed'])
  expect((await client.query('TABLE pgstream.open_alerts')).rows).toEqual([])
  // Suspended by its owner: as wished. Dropped: nothing stays.
  await client.query(`SELECT pgstream.alter_stream_table('st', status => 'SUSPENDED')`)
  await age('10 minutes')
  await pass()
  expect(await events()).toEqual([])
  await client.query(`SELECT pgstream.resume_stream_table('st'); UPDATE t SET v = 0`)
  await age('10 minutes')
  await pass()
  expect(await events()).toEqual(['resumed', 'stale_data'])
  await client.query(`SELECT pgstream.drop_stream_table('st')`)
  await create(client, 'other', 'SELECT id FROM t')
  await pass()
  expect((await client.query('TABLE pgstream.open_alerts')).rows).toEqual([])
})

test('what nobody gave a number is not stale by what it reads, which may be older', async () => {
  const { client, schema, heard, pass } = await listening('CREATE TABLE t (id int PRIMARY KEY, v int)')
  await create(client, 'hourly', 'SELECT id, v FROM t', { schedule: '1h' })
  await create(client, 'over_it', 'SELECT sum(v) AS v FROM hourly', { schedule: 'calculated' })
  await client.query('CALL pgstream.run_scheduler()')
  await client.query('INSERT INTO t VALUES (1, 1)')
  const stale = async (interval: string) => {
    await client.query(
      `UPDATE pgstream.frontiers SET data_timestamp = now() - $1::interval, checked_at = now() - $1::interval
       WHERE pgs_id IN (SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_schema = $2)`,
      [interval, schema],
    )
    const { rows } = await client.query(
      `SELECT (SELECT array_agg(i.pgs_name::text ORDER BY 1) FROM pgstream.stream_tables_info i WHERE i.stale AND i.pgs_schema = $1) AS info,
         (SELECT array_agg(relid::regclass::text ORDER BY 1) FROM pgstream._stale()
           JOIN pgstream.pgs_stream_tables s ON s.pgs_id = id WHERE NOT is_over AND s.pgs_schema = $1) AS alerted`,
      [schema],
    )
    return rows[0]
  }
  expect(await stale('50 minutes')).toEqual({ info: null, alerted: null })
  await pass()
  expect((await heard()).filter(({ event }) => event === 'stale_data')).toEqual([])
  expect((await stale('3 hours')).alerted).toEqual(['hourly', 'over_it'])
})

test('what was exact until it moved is not stale because a refresh is kept waiting, whoever calls the scheduler', async () => {
  const { client, open, heard, pass } = await listening('CREATE TABLE t (id int PRIMARY KEY)')
  await create(client, 'st', 'SELECT id FROM t', { schedule: '1m' })
  await create(client, 'above', 'SELECT count(*) AS n FROM st', { schedule: '1m' })
  await client.query(`UPDATE pgstream.frontiers SET checked_at = '-infinity'`)
  await pass()
  // Refreshed an hour ago, and nothing has come since.
  await client.query(
    `UPDATE pgstream.frontiers SET data_timestamp = now() - interval '1 hour', checked_at = now() - interval '1 hour';
     UPDATE pgstream._scheduler SET looked_at = now() - interval '1 hour'`,
  )
  await pass()
  const other = await open()
  await other.query('BEGIN; LOCK TABLE st IN SHARE MODE')
  await client.query('INSERT INTO t VALUES (1)')
  for (let look = 1; look <= 2; look += 1) {
    await pass()
    const { rows } = await client.query(
      `SELECT pgstream.get_staleness('st') AS st, pgstream.get_staleness('above') AS above`,
    )
    expect(Math.max(rows[0].st, rows[0].above)).toBeLessThan(600)
    await client.query(`UPDATE pgstream._scheduler SET looked_at = looked_at - interval '2 seconds'`)
  }
  expect((await heard()).filter(({ event }) => event === 'stale_data')).toEqual([])
  await other.query('ROLLBACK')
})

test('a poll asks for a pass when nobody has looked for a while', async () => {
  const { client } = await listening('CREATE TABLE t (id int PRIMARY KEY)')
  await client.query(
    `SELECT pgstream.alter_stream_table(name, status => 'SUSPENDED') FROM pgstream.pgs_status()`,
  )
  await create(client, 'st', 'SELECT id FROM t')
  const due = async () => (await client.query(`CALL pgstream._await(0, NULL)`)).rows[0].due
  await client.query(`UPDATE pgstream._scheduler SET watched_at = clock_timestamp()`)
  expect(await due()).toBe(0)
  await client.query(`UPDATE pgstream._scheduler SET watched_at = '-infinity'`)
  expect(await due()).toBe(1)
  await client.query('SET pg_stream.enabled = off')
  expect(await due()).toBe(0)
})

test('buffer_growth_warning: above the threshold once, again when it was well below', async () => {
  const { client, heard, pass, schema } = await listening('CREATE TABLE t (id int PRIMARY KEY)')
  await client.query('SET pg_stream.buffer_alert_threshold = 5000')
  await create(client, 'st', 'SELECT id FROM t', { schedule: '1h' })
  await client.query('INSERT INTO t SELECT generate_series(1, 3000)')
  await pass()
  expect(await heard()).toEqual([])
  await client.query('INSERT INTO t SELECT generate_series(3001, 20000)')
  await pass()
  const [alert, ...more] = await heard()
  expect(more).toEqual([])
  expect(alert).toMatchObject({ event: 'buffer_growth_warning', schema, name: 't', threshold: 5000 })
  expect(alert.rows).toBeGreaterThan(15_000)
  expect(alert.rows).toBeLessThan(25_000)
  expect(alert.bytes).toBeGreaterThan(20_000 * 4)
  await client.query('INSERT INTO t VALUES (0)')
  await pass()
  expect(await heard()).toEqual([])
  await client.query(`SELECT pgstream.refresh_stream_table('st')`)
  await pass()
  expect((await client.query(`SELECT FROM pgstream.open_alerts`)).rows).toEqual([])
  await client.query('UPDATE t SET id = -id')
  await pass()
  expect((await heard()).map(({ event }) => event)).toEqual(['buffer_growth_warning'])
})
