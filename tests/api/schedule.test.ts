import { expect, test } from 'vitest'
import { create, outcome, roles, type Scene, scenes } from '../concurrency/scene.ts'
import type { FreshDatabase } from '../support/server.ts'

const scene = scenes()
let database: FreshDatabase
const role = roles(() => database)
const SETUP = 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)'

test.each([
  ['999999999w', 'schedule "999999999w" is longer than 3650 days', '3650d'],
  ['3651d', 'is longer than 3650 days', '3650d'],
  ['99999999999s', 'invalid schedule: "99999999999s"', 'nine digits'],
  ['1s1s', 'invalid schedule: "1s1s"', 'each unit'],
  ['1s1m', 'invalid schedule: "1s1m"', 'larger first'],
  [`${'1s'.repeat(100_000)}`, /^invalid schedule: "(1s){50}\.\.\."$/, '30s'],
  [`${'0,'.repeat(1000)}0 * * * *`, /^invalid schedule: "[0,]{100}\.\.\."$/, 'cron'],
  ['* * 31 2 *', 'schedule "* * 31 2 *" never comes', 'another day or month'],
  ['0 0 30 2 *', 'never comes', 'another day'],
  ['0 0 31 4,6,9,11 *', 'never comes', 'another day'],
  ['*/0 * * * *', 'invalid schedule', 'cron'],
  ['5-1 * * * *', 'invalid schedule', 'cron'],
])('a schedule that is refused: %#', async (schedule, message, hint) => {
  const { client } = await scene(SETUP)
  const matches = {
    code: '22023',
    message: expect.stringMatching(message),
    hint: expect.stringContaining(hint),
  }
  if (typeof message === 'string') matches.message = expect.stringContaining(message)
  await expect(create(client, 'st', 'SELECT id FROM t', { schedule })).rejects.toMatchObject(matches)
  await create(client, 'st', 'SELECT id FROM t', { schedule: '1h' })
  await expect(
    client.query(`SELECT pgstream.alter_stream_table('st', schedule => $1)`, [schedule]),
  ).rejects.toMatchObject(matches)
})

test.each([
  ['1w2d3h4m5s', 788645],
  ['3650d', 315360000],
  [' 30s ', 30],
  ['90m', 5400],
])('duration %s', async (duration, seconds) => {
  const { client } = await scene(SETUP)
  const { rows } = await client.query('SELECT pgstream.parse_duration_seconds($1)::int AS n', [duration])
  expect(rows).toEqual([{ n: seconds }])
  await create(client, 'st', 'SELECT id FROM t', { schedule: duration })
})

test('blanks and line ends around a schedule are no part of it', async () => {
  const { client } = await scene(SETUP)
  const kept = async () =>
    (await client.query(`SELECT schedule FROM pgstream.pgs_stream_tables WHERE pgs_relid = 'st'::regclass`))
      .rows[0].schedule
  await create(client, 'st', 'SELECT id FROM t', { schedule: '\n*/5 * * * *\n' })
  expect(await kept()).toBe('*/5 * * * *')
  for (const [given, expected] of [
    ['\t2h\r\n', '2h'],
    ['@daily\n', '@daily'],
    ['calculated\n', null],
  ]) {
    await client.query(`SELECT pgstream.alter_stream_table('st', schedule => $1)`, [given])
    expect(await kept()).toBe(expected)
  }
})

test.each(['1s1s', '1m1h', '', '5', 's', '1S', `${'9'.repeat(10)}s`, '1s'.repeat(100_000)])(
  'a duration that is refused: %#',
  async (duration) => {
    const { client } = await scene()
    await expect(
      client.query('SELECT pgstream.parse_duration_seconds($1)', [duration]),
    ).rejects.toMatchObject({
      code: '22023',
      message: expect.stringMatching(/^invalid duration: ".{0,103}"$/),
      hint: expect.stringContaining('each unit once'),
    })
  },
)

test.each([
  ['*/10 * * * *', '2026-02-28 23:59:30', '2026-03-01 00:00:00'],
  ['* * * * *', '2026-02-28 23:58:00', '2026-02-28 23:59:00'],
  ['* * * * * *', '2026-02-28 23:59:59', '2026-03-01 00:00:00'],
  ['* * * * * *', '2026-02-28 23:59:58.5', '2026-02-28 23:59:59'],
  ['30 15 10 * * *', '2026-02-28 10:15:29', '2026-02-28 10:15:30'],
  ['30 15 10 * * *', '2026-02-28 10:15:30', '2026-03-01 10:15:30'],
  ['10,50 5 * * * *', '2026-02-28 10:05:20', '2026-02-28 10:05:50'],
  ['10,50 5 * * * *', '2026-02-28 10:05:50', '2026-02-28 11:05:10'],
  ['0 0 29 2 *', '2026-02-28 12:00:00', '2028-02-29 00:00:00'],
  ['0 0 31 * *', '2026-03-31 00:00:00', '2026-05-31 00:00:00'],
  ['0 0 * * 7', '2026-02-28 12:00:00', '2026-03-01 00:00:00'],
  ['0 0 * * 5-7', '2026-03-02 00:00:00', '2026-03-06 00:00:00'],
  // Either suffices when both are restricted, both are needed when one has a star.
  ['0 0 13 * fri', '2026-02-28 12:00:00', '2026-03-06 00:00:00'],
  ['0 0 */2 * 1', '2026-03-01 12:00:00', '2026-03-09 00:00:00'],
  ['@hourly', '2026-02-28 23:59:59', '2026-03-01 00:00:00'],
])('%s after %s', async (expression, since, next) => {
  const { client } = await scene()
  const { rows } = await client.query(
    `SELECT (pgstream._cron_next($1, ($2 || '+00')::timestamptz) AT TIME ZONE 'UTC')::text AS next`,
    [expression, since],
  )
  expect(rows).toEqual([{ next }])
})

/** A table and two stream tables over it that are due. */
async function two(): Promise<Scene> {
  const made = await scene(SETUP)
  database = made.db
  await create(made.client, 'one', 'SELECT id FROM t', { schedule: '1s' })
  await create(made.client, 'two', 'SELECT id + 1 AS id FROM t', { schedule: '1s' })
  await made.client.query('INSERT INTO t VALUES (2)')
  return made
}

const count = async ({ client }: Scene, name: string) =>
  (await client.query(`SELECT count(*)::int AS n FROM ${name}`)).rows[0].n

test.each([
  [`schedule_seconds = 1e15, schedule = '999999999w'`],
  [`schedule_seconds = 'NaN'`],
  [`schedule_seconds = NULL, schedule = 'nonsense'`],
  [`schedule_seconds = NULL, schedule = '61 * * * *'`],
  [`consecutive_errors = 2000000000, last_error = 'x'`],
])('one whose catalog row is bad (%s) does not stop the others', async (change) => {
  const made = await two()
  await made.client.query(`UPDATE pgstream.pgs_stream_tables SET ${change} WHERE pgs_relid = 'one'::regclass`)
  await made.client.query('CALL pgstream.run_scheduler()')
  expect(await count(made, 'two')).toBe(2)
  await made.client.query(`SELECT pgstream.drop_stream_table('one'), pgstream.drop_stream_table('two')`)
})

test('one whose failure cannot even be recorded does not stop the others', async () => {
  const made = await two()
  const { client } = made
  await client.query(`
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.pgs_id = (SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_relid = '${made.schema}.one'::regclass) THEN
        RAISE 'disk full'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER fail BEFORE INSERT ON pgstream.pgs_refresh_history FOR EACH ROW EXECUTE FUNCTION fail()`)
  await client.query('CALL pgstream.run_scheduler()')
  await client.query('DROP TRIGGER fail ON pgstream.pgs_refresh_history')
  expect(await count(made, 'two')).toBe(2)
})

test('an assertion that fails and a query that is canceled are failures like others', async () => {
  const { client } = await scene('CREATE TABLE t (id int PRIMARY KEY)')
  await client.query(`CREATE FUNCTION picky(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
    BEGIN
      ASSERT i <> 1;
      IF i = 2 THEN RAISE SQLSTATE '57014'; END IF;
      RETURN i;
    END $$`)
  await create(client, 'st', 'SELECT picky(id) AS id FROM t', { schedule: '1s' })
  const latest = async () =>
    (await client.query(`SELECT status, error_message AS e FROM pgstream.get_refresh_history('st', 1)`))
      .rows[0]
  await client.query('INSERT INTO t VALUES (1)')
  await client.query('CALL pgstream.run_scheduler()')
  expect(await latest()).toEqual({ status: 'FAILED', e: 'assertion failed' })
  await client.query(
    `UPDATE t SET id = 2; UPDATE pgstream.frontiers SET last_refresh_at = now() - interval '1h'`,
  )
  await client.query('CALL pgstream.run_scheduler()')
  expect(await latest()).toMatchObject({ status: 'SKIPPED' })
})

test('a refresh by the scheduler asks again whether it may', async () => {
  const made = await two()
  const { client } = made
  const mine = `WHERE pgs_relid = 'one'::regclass`
  const refreshed = async (...settings: string[]) => {
    await client.query('BEGIN')
    const found = await client.query(
      `SELECT pgs_id, f.xmin AS version FROM pgstream.frontiers f JOIN pgstream.pgs_stream_tables s USING (pgs_id) ${mine}`,
    )
    for (const each of settings) await client.query(each)
    const { rows } = await client.query('SELECT pgstream._refresh_due($1, $2) AS action', [
      found.rows[0].pgs_id,
      found.rows[0].version,
    ])
    await client.query('ROLLBACK')
    return rows[0].action
  }
  expect(await refreshed()).toBe('DIFFERENTIAL')
  expect(await refreshed(`SELECT pgstream.alter_stream_table('one', status => 'SUSPENDED')`)).toBe(null)
  expect(await refreshed(`UPDATE pgstream.pgs_stream_tables SET broken_reason = 'x' ${mine}`)).toBe(null)
  expect(await refreshed(`SET LOCAL pg_stream.enabled = off`)).toBe(null)
  expect(
    await refreshed(`UPDATE pgstream.frontiers SET retry_at = clock_timestamp() + interval '1 minute'`),
  ).toBe(null)
  expect(
    await refreshed(
      `UPDATE pgstream.pgs_stream_tables SET last_error = 'x', consecutive_errors = 1 ${mine}`,
      `UPDATE pgstream.frontiers SET last_refresh_at = clock_timestamp()`,
    ),
  ).toBe(null)
})

test('what is recomputed is not recomputed twice when two callers found it due', async () => {
  const { client } = await scene(SETUP)
  await create(client, 'full', 'SELECT id FROM t', { mode: 'FULL', schedule: '1h' })
  await client.query(
    `UPDATE pgstream.frontiers SET data_timestamp = now() - interval '1 day', checked_at = now() - interval '1 day'`,
  )
  await client.query('SELECT pgstream._follow_graph()')
  const found = (
    await client.query(
      'SELECT members[1] AS id, versions[1] AS version FROM pgstream._due() JOIN pgstream.pgs_stream_tables s ON s.pgs_id = members[1] WHERE s.pgs_relid = $1::regclass',
      ['full'],
    )
  ).rows
  expect(found).toHaveLength(1)
  const refreshed = async () =>
    (await client.query('SELECT pgstream._refresh_due($1, $2) AS action', [found[0].id, found[0].version]))
      .rows
  expect(await refreshed()).toEqual([{ action: 'FULL' }])
  expect(await refreshed()).toEqual([{ action: null }])
})

test.each([
  ['pg_stream.enabled', 'maybe', 'on'],
  ['pg_stream.max_consecutive_errors', 'abc', '3'],
  ['pg_stream.max_consecutive_errors', '0', '3'],
  ['pg_stream.history_retention_days', 'abc', '90'],
  ['pg_stream.history_retention_days', '-1', '90'],
  ['pg_stream.history_retention_days', '999999999', '90'],
  ['pg_stream.buffer_alert_threshold', '1e6', '1000000'],
  ['pg_stream.min_schedule_seconds', 'abc', '1'],
])('%s = %s: the scheduler says so and goes on with the default', async (setting, value, used) => {
  const made = await two()
  const { client, db } = made
  await client.query(`ALTER DATABASE ${db.name} SET ${setting} = '${value}'`)
  const worker = await made.open()
  const told: unknown[] = []
  worker.on('notice', ({ message }) => told.push(message))
  const listener = await made.open()
  const alerts: { event: string }[] = []
  listener.on('notification', ({ payload }) => alerts.push(JSON.parse(payload ?? '')))
  await listener.query('LISTEN pg_stream_alert')
  await worker.query(`SELECT pgstream._setting('${setting}')`)
  await worker.query('CALL pgstream.run_scheduler()')
  await worker.query(`UPDATE pgstream._scheduler SET watched_at = '-infinity'`)
  await worker.query('CALL pgstream.run_scheduler()')
  await client.query(`ALTER DATABASE ${db.name} RESET ${setting}`)
  expect(told).toEqual([`invalid value for setting ${setting}: "${value}"; the default, ${used}, is used`])
  await listener.query('SELECT 1')
  expect(alerts.filter(({ event }) => event === 'invalid_setting')).toEqual([
    { event: 'invalid_setting', setting, value, used },
  ])
  expect(await count(made, 'one')).toBe(2)
  await listener.end()
})

test('an invalid setting is an error for who defines something', async () => {
  const { client } = await scene(SETUP)
  await client.query(`SET pg_stream.min_schedule_seconds = 'abc'`)
  await expect(create(client, 'st', 'SELECT id FROM t', { schedule: '10s' })).rejects.toMatchObject({
    code: '22023',
    message: 'invalid value for setting pg_stream.min_schedule_seconds: "abc"',
    hint: expect.stringContaining('whole number'),
  })
})

test('the history is pruned by more than a pass adds, and by whatever clock it was written', async () => {
  const made = await two()
  const { client } = made
  const left = async () =>
    (
      await client.query(
        `SELECT count(*)::int AS n FROM pgstream.pgs_refresh_history WHERE start_time NOT BETWEEN now() - interval '90 days' AND now()`,
      )
    ).rows[0].n
  await client.query('BEGIN')
  await client.query(`
    DELETE FROM pgstream.pgs_refresh_history;
    INSERT INTO pgstream.graph (pgs_id, depth, ancestors, group_id, crons) SELECT -i, 0, '{}', -i, '{}' FROM generate_series(1, 1500) AS i;
    INSERT INTO pgstream.pgs_refresh_history (pgs_id, start_time, action, status)
    SELECT 1, now() + CASE i WHEN 1 THEN interval '4 years' ELSE interval '-100 days' END, 'FULL', 'COMPLETED' FROM generate_series(1, 3000) AS i`)
  expect(await left()).toBe(3000)
  await client.query('SELECT pgstream._prune_history()')
  expect(await left()).toBe(0)
  await client.query('ROLLBACK')
})

test('the history is not pruned by whoever sets a period', async () => {
  const made = await two()
  const { client } = made
  await client.query(
    `UPDATE pgstream.pgs_refresh_history SET start_time = now() - interval '80 days' WHERE refresh_id = 1`,
  )
  const { rows: before } = await client.query('SELECT count(*) FROM pgstream.pgs_refresh_history')
  for (const days of ['-1', '0'])
    await client.query(`SET pg_stream.history_retention_days = '${days}'; SELECT pgstream._prune_history()`)
  expect((await client.query('SELECT count(*) FROM pgstream.pgs_refresh_history')).rows).toEqual(before)
  await client.query('SET pg_stream.history_retention_days = 30; SELECT pgstream._prune_history()')
  expect((await client.query('SELECT FROM pgstream.pgs_refresh_history WHERE refresh_id = 1')).rows).toEqual(
    [],
  )
})

test('only the role that installed pg_stream, its members and superusers run the scheduler', async () => {
  const made = await two()
  const plain = await role('plain')
  const session = await made.open(plain)
  await expect(session.query('CALL pgstream.run_scheduler()')).rejects.toMatchObject({
    code: '42501',
    message: 'permission denied to run the scheduler',
    hint: expect.stringContaining('which installed pg_stream'),
  })
  expect(await outcome(made.client.query('CALL pgstream.run_scheduler()'))).toBe('ok')
  const installer = (await made.client.query('SELECT quote_ident(current_user) AS name')).rows[0].name
  await made.client.query(`INSERT INTO t VALUES (3); GRANT ${installer} TO ${plain}`)
  expect(await outcome(session.query('CALL pgstream.run_scheduler()'))).toBe('ok')
  expect(await count(made, 'one')).toBe(3)
})
