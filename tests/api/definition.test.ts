import { beforeEach, expect, test } from 'vitest'
import { uninstall } from '../../src/hosts/install.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let db: FreshDatabase

beforeEach(async () => {
  db = await freshDatabase()
  await db.client.query(`
    CREATE TABLE orders (id int PRIMARY KEY, region text, amount numeric);
    INSERT INTO orders SELECT i, 'r' || i % 3, i FROM generate_series(1, 30) AS i`)
  return () => db.close()
})

const one = async (query: string, values: unknown[] = []) => (await db.client.query(query, values)).rows[0]
const verified = async (name: string) =>
  (await db.client.query('SELECT * FROM pgstream.verify_stream_table($1)', [name])).rows
const TOTALS = 'SELECT region, sum(amount) AS total FROM orders GROUP BY region'

test.each([
  ['30s', 30],
  ['5m', 300],
  ['1h30m', 5400],
  ['2d', 172800],
  ['1w', 604800],
  ['1s', 1],
  ['calculated', null],
  [null, null],
  ['CALCULATED', null],
  ['* * * * *', null],
  ['*/5 0-6,20 1 jan-mar mon-fri', null],
  ['30 * * * * *', null],
  ['@hourly', null],
])('schedule %s', async (schedule, seconds) => {
  await db.client.query(`SELECT pgstream.create_stream_table('t', 'SELECT id FROM orders', $1)`, [schedule])
  const row = await one('SELECT schedule, schedule_seconds FROM pgstream.pgs_stream_tables')
  expect(row.schedule_seconds).toBe(seconds)
  expect(row.schedule).toBe(schedule?.toLowerCase() === 'calculated' ? null : schedule)
})

test('durations', async () => {
  expect((await one(`SELECT pgstream.parse_duration_seconds('1w2d3h4m5s') AS s`)).s).toBe(
    String(604800 + 172800 + 10800 + 240 + 5),
  )
})

test('the names of the specification, by position', async () => {
  await db.client.query(`SELECT pgstream.create_stream_table('t', $1, '1m', 'DIFFERENTIAL')`, [TOTALS])
  expect(
    await one(
      'SELECT name, status, refresh_mode, is_populated, consecutive_errors, schedule FROM pgstream.pgs_status()',
    ),
  ).toEqual({
    name: 'public.t',
    status: 'ACTIVE',
    refresh_mode: 'DIFFERENTIAL',
    is_populated: true,
    consecutive_errors: 0,
    schedule: '1m',
  })
  expect((await db.client.query('SELECT * FROM t LIMIT 0')).fields.map((f) => f.name)).toEqual([
    'region',
    'total',
  ])
})

test('quoted and Unicode names, and the search_path of the caller', async () => {
  await db.client.query(`CREATE SCHEMA "Ünï ""q"; CREATE TABLE "Ünï ""q".orders (id int PRIMARY KEY, "sélect" text);
    INSERT INTO "Ünï ""q".orders VALUES (1, 'x'); SET search_path = "Ünï ""q", public`)
  await db.client.query(
    `SELECT pgstream.create_stream_table('"Tàble, ""1"', 'SELECT id, "sélect" AS "Füm f" FROM orders;')`,
  )
  await db.client.query('RESET search_path; INSERT INTO "Ünï ""q".orders VALUES (2, NULL)')
  const name = '"Ünï ""q"."Tàble, ""1"'
  await db.client.query('SELECT pgstream.refresh_stream_table($1)', [name])
  expect(await verified(name)).toEqual([])
  expect((await one(`SELECT count(*)::int AS n FROM ${name}`)).n).toBe(2)
})

test('initialize => false leaves the filling to the first refresh', async () => {
  await db.client.query(`SELECT pgstream.create_stream_table('t', $1, initialize => false)`, [TOTALS])
  expect(await one('SELECT status, is_populated FROM pgstream.pgs_status()')).toEqual({
    status: 'INITIALIZING',
    is_populated: false,
  })
  await expect(verified('t')).rejects.toMatchObject({ code: '55000' })
  await db.client.query(`INSERT INTO orders VALUES (100, 'r9', 1)`)
  expect((await one(`SELECT pgstream.refresh_stream_table('t') AS action`)).action).toBe('FULL')
  expect(await verified('t')).toEqual([])
})

test('created under REPEATABLE READ, filled later', async () => {
  await db.client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  const other = await db.connect()
  await other.query(`INSERT INTO orders VALUES (100, 'r9', 1)`)
  await db.client.query(`SELECT pgstream.create_stream_table('t', $1)`, [TOTALS])
  await db.client.query('COMMIT')
  expect((await one('SELECT status FROM pgstream.pgs_status()')).status).toBe('INITIALIZING')
  await db.client.query(`SELECT pgstream.refresh_stream_table('t')`)
  expect(await verified('t')).toEqual([])
})

test('a definition rolled back leaves nothing', async () => {
  await db.client.query(`BEGIN; SELECT pgstream.create_stream_table('t', 'SELECT id FROM orders'); ROLLBACK`)
  expect(
    await one(
      `SELECT to_regclass('t') AS t, (SELECT count(*)::int FROM pg_trigger WHERE tgname LIKE 'pgstream%') AS triggers`,
    ),
  ).toEqual({ t: null, triggers: 0 })
})

test('two definitions in one transaction, one over the other', async () => {
  await db.client.query('BEGIN')
  await db.client.query(`SELECT pgstream.create_stream_table('a', $1)`, [TOTALS])
  await db.client.query(`UPDATE orders SET amount = amount + 1 WHERE id = 1`)
  await db.client.query(
    `SELECT pgstream.create_stream_table('b', 'SELECT count(*) AS n, sum(total) AS s FROM a WHERE total > 100')`,
  )
  await db.client.query(`SELECT pgstream.refresh_stream_table('a'), pgstream.refresh_stream_table('b')`)
  expect(await verified('a')).toEqual([])
  expect(await verified('b')).toEqual([])
  await db.client.query('COMMIT; DELETE FROM orders WHERE id < 10')
  await db.client.query(`SELECT pgstream.refresh_stream_table('a')`)
  await db.client.query(`SELECT pgstream.refresh_stream_table('b')`)
  expect(await verified('b')).toEqual([])
  await expect(db.client.query(`SELECT pgstream.drop_stream_table('a')`)).rejects.toMatchObject({
    code: '2BP01',
    message: expect.stringContaining('public.b'),
  })
  await db.client.query(`SELECT pgstream.drop_stream_table('a', cascade => true)`)
  expect((await db.client.query('SELECT * FROM pgstream.pgs_status()')).rows).toEqual([])
})

test('the query is altered online: same table, same rights, readers of it stay', async () => {
  await db.client.query(`SELECT pgstream.create_stream_table('a', $1)`, [TOTALS])
  await db.client.query(
    `SELECT pgstream.create_stream_table('b', 'SELECT max(total) AS m FROM a'); CREATE VIEW v AS SELECT * FROM a; CREATE INDEX mine ON a (total)`,
  )
  const before = (await one(`SELECT 'a'::regclass::oid AS oid`)).oid
  await db.client.query(`SELECT pgstream.alter_stream_table('a', query => $1)`, [
    'SELECT region, sum(amount) * 2 AS total FROM orders WHERE id > 5 GROUP BY region',
  ])
  expect((await one(`SELECT 'a'::regclass::oid AS oid`)).oid).toBe(before)
  expect(await verified('a')).toEqual([])
  await db.client.query(`SELECT pgstream.refresh_stream_table('b')`)
  expect(await verified('b')).toEqual([])
  expect((await one(`SELECT to_regclass('mine') IS NOT NULL AS kept`)).kept).toBe(true)
  await db.client.query(`UPDATE orders SET amount = 7 WHERE id = 20`)
  expect((await one(`SELECT pgstream.refresh_stream_table('a') AS action`)).action).toBe('DIFFERENTIAL')
  expect(await verified('a')).toEqual([])
})

test('a query with other columns replaces the table and keeps its grants', async () => {
  await db.client.query(
    `CREATE ROLE "r_${db.name}"; SELECT pgstream.create_stream_table('a', 'SELECT id FROM orders'); GRANT SELECT ON a TO "r_${db.name}"`,
  )
  await db.client.query(`SELECT pgstream.alter_stream_table('a', query => $1, schedule => '5s')`, [TOTALS])
  expect(await verified('a')).toEqual([])
  expect((await one(`SELECT has_table_privilege('r_${db.name}', 'a', 'SELECT') AS can`)).can).toBe(true)
  expect(await one('SELECT schedule, status FROM pgstream.pgs_status()')).toEqual({
    schedule: '5s',
    status: 'ACTIVE',
  })
  await db.client.query(`DROP OWNED BY "r_${db.name}"; DROP ROLE "r_${db.name}"`)
})

test('the mode is altered', async () => {
  await db.client.query(`SELECT pgstream.create_stream_table('a', $1)`, [TOTALS])
  await db.client.query(`SELECT pgstream.alter_stream_table('a', refresh_mode => 'full')`)
  expect((await one('SELECT count(*)::int AS n FROM pgstream.pgs_change_tracking')).n).toBe(0)
  await db.client.query(`INSERT INTO orders VALUES (200, 'r1', 3)`)
  expect((await one(`SELECT pgstream.refresh_stream_table('a') AS action`)).action).toBe('FULL')
  await db.client.query(`SELECT pgstream.alter_stream_table('a', refresh_mode => 'DIFFERENTIAL')`)
  await db.client.query(`INSERT INTO orders VALUES (201, 'r1', 3)`)
  expect((await one(`SELECT pgstream.refresh_stream_table('a') AS action`)).action).toBe('DIFFERENTIAL')
  expect(await verified('a')).toEqual([])
})

test('suspended and resumed', async () => {
  await db.client.query(`SELECT pgstream.create_stream_table('a', $1)`, [TOTALS])
  await db.client.query(`SELECT pgstream.alter_stream_table('a', status => 'suspended')`)
  await expect(db.client.query(`SELECT pgstream.refresh_stream_table('a')`)).rejects.toMatchObject({
    code: '55000',
    hint: expect.stringContaining('resume'),
  })
  await db.client.query(`SELECT pgstream.resume_stream_table('a')`)
  expect((await one('SELECT status FROM pgstream.pgs_status()')).status).toBe('ACTIVE')
})

test('an exported definition makes the same stream table again', async () => {
  await db.client.query(
    `CREATE SCHEMA s; SET search_path = s, public; SELECT pgstream.create_stream_table('a', $$${TOTALS}$$, '7m', 'DIFFERENTIAL'); RESET search_path`,
  )
  const text = (await one(`SELECT pgstream.export_definition('s.a') AS text`)).text
  await db.client.query(`SELECT pgstream.drop_stream_table('s.a')`)
  await db.client.query(text)
  expect(await one('SELECT name, schedule, refresh_mode FROM pgstream.pgs_status()')).toEqual({
    name: 's.a',
    schedule: '7m',
    refresh_mode: 'DIFFERENTIAL',
  })
  expect((await one(`SELECT pgstream.export_definition('s.a') AS text`)).text).toBe(text)
})

test('so does that of one with a bound that only a setting allows', async () => {
  await db.client.query('SET pg_stream.min_schedule_seconds = 0.05')
  await db.client.query(
    `SELECT pgstream.create_stream_table('fast', $$${TOTALS}$$, '250ms'), pgstream.create_stream_table('slow', $$${TOTALS}$$, '2s')`,
  )
  const text = (await one(`SELECT pgstream.export_definition('fast') AS text`)).text
  const slow = (await one(`SELECT pgstream.export_definition('slow') AS text`)).text
  expect(slow).not.toContain('min_schedule_seconds')
  await db.client.query(
    `SELECT pgstream.drop_stream_table('fast'), pgstream.drop_stream_table('slow'); RESET pg_stream.min_schedule_seconds`,
  )
  await db.client.query(text)
  expect(await one('SELECT name, schedule FROM pgstream.pgs_status()')).toEqual({
    name: 'public.fast',
    schedule: '250ms',
  })
  // It is for this one definition.
  await expect(
    db.client.query(`SELECT pgstream.create_stream_table('faster', $$${TOTALS}$$, '250ms')`),
  ).rejects.toMatchObject({ code: '22023' })
})

test('validate_query tells and leaves nothing', async () => {
  const { rows } = await db.client.query('SELECT * FROM pgstream.validate_query($1)', [TOTALS])
  expect(rows).toContainEqual({ property: 'strategy', value: 'DIFFERENTIAL' })
  expect(rows).toContainEqual({ property: 'source', value: 'public.orders' })
  expect((await db.client.query('SELECT * FROM pgstream.pgs_status()')).rows).toEqual([])
  expect(
    (await db.client.query(`SELECT * FROM pgstream.validate_query('SELECT id FROM orders LIMIT 10')`)).rows,
  ).toContainEqual({ property: 'not incremental', value: expect.stringMatching(/LIMIT/) })
})

test('an owner without privileges on pg_stream: everything with own rights only', async () => {
  const role = `owner_${db.name}`
  await db.client.query(
    `CREATE ROLE ${role} LOGIN; GRANT CREATE ON SCHEMA public TO ${role}; GRANT SELECT (id, region), TRIGGER ON orders TO ${role}`,
  )
  const owner = await db.connect(role)
  await owner.query(
    `SELECT pgstream.create_stream_table('a', 'SELECT region, count(*) AS n FROM orders GROUP BY region')`,
  )
  await db.client.query(`INSERT INTO orders VALUES (300, 'r1', 3)`)
  await owner.query(`SELECT pgstream.refresh_stream_table('a')`)
  expect((await owner.query(`SELECT * FROM pgstream.verify_stream_table('a')`)).rows).toEqual([])
  expect(
    (await owner.query('SELECT tableowner::text AS o FROM pg_tables WHERE tablename = $1', ['a'])).rows,
  ).toEqual([{ o: role }])
  const made = await db.client.query(
    `SELECT DISTINCT pg_get_userbyid(proowner)::text AS o FROM pg_proc WHERE pronamespace = 'pgstream_state'::regnamespace AND proname ~ '^refresh_'`,
  )
  expect(made.rows).toEqual([{ o: role }])
  // A function of the owner's in the query runs as the owner, even when a superuser refreshes.
  await owner.query(
    `CREATE FUNCTION public.who(int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN current_user || $1; END'`,
  )
  await owner.query(
    `SELECT pgstream.create_stream_table('w', 'SELECT id, who(id) AS who FROM orders WHERE id > 290')`,
  )
  await db.client.query(`INSERT INTO orders VALUES (301, 'r1', 3); SELECT pgstream.refresh_stream_table('w')`)
  expect((await db.client.query('SELECT * FROM w ORDER BY id')).rows).toEqual([
    { id: 300, who: `${role}300` },
    { id: 301, who: `${role}301` },
  ])
  await owner.query(`SELECT pgstream.drop_stream_table('a'); SELECT pgstream.drop_stream_table('w')`)
  await owner.end()
  await db.client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
})

test('uninstall removes everything, and leaves the stream tables as ordinary tables', async () => {
  const before = await db.client
    .query(`SELECT pgstream.create_stream_table('a', $1)`, [TOTALS])
    .then(() => db.client.query('TABLE a'))
  await uninstall(db.client)
  const { rows } = await db.client.query(`
    SELECT nspname::text AS name FROM pg_namespace WHERE nspname LIKE 'pgstream%' UNION ALL SELECT tgname FROM pg_trigger WHERE tgname LIKE 'pgstream%'
    UNION ALL SELECT evtname FROM pg_event_trigger WHERE evtname LIKE 'pg_stream%'`)
  expect(rows).toEqual([])
  expect((await db.client.query('TABLE a')).rows).toEqual(before.rows)
  await db.client.query('DELETE FROM a')
})
