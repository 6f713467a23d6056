import type pg from 'pg'
import { describe, expect, test } from 'vitest'
import { create, refresh, roles, scenes } from '../concurrency/scene.ts'
import type { FreshDatabase } from '../support/server.ts'

const scene = scenes()
let database: FreshDatabase
const role = roles(() => database)

test('values of hidden tables show in error texts for the owner only', async () => {
  const { client, open, db } = await scene(`CREATE TABLE hidden (id int PRIMARY KEY, word text)`)
  database = db
  const [owner, member, stranger, monitor] = [
    await role('owner'),
    await role('member'),
    await role('stranger'),
    await role('monitor'),
  ]
  await client.query(`
    GRANT ${owner} TO ${member}; GRANT pg_read_all_stats TO ${monitor}; GRANT SELECT, TRIGGER ON hidden TO ${owner};
    GRANT CREATE ON SCHEMA ${(await client.query('SELECT current_schema() AS s')).rows[0].s} TO ${owner}`)
  const listener = await open(stranger)
  const alerts: string[] = []
  listener.on('notification', ({ payload }) => alerts.push(payload ?? ''))
  await listener.query('LISTEN pg_stream_alert')

  await create(await open(owner), 'numbers', 'SELECT id, word::int AS number FROM hidden', { schedule: '1s' })
  await client.query(`INSERT INTO hidden VALUES (1, 'hunter2-secret')`)
  await client.query('CALL pgstream.run_scheduler()')

  const SOURCES = [
    'SELECT * FROM pgstream.pgs_refresh_history',
    'SELECT * FROM pgstream.pgs_stream_tables',
    'SELECT * FROM pgstream.stream_tables_info',
    'SELECT * FROM pgstream.frontiers',
    'SELECT * FROM pgstream.pg_stat_stream_tables',
    'SELECT * FROM pgstream.pgs_status()',
    'SELECT * FROM pgstream.st_refresh_stats()',
    `SELECT * FROM pgstream.get_refresh_history('numbers')`,
    `SELECT * FROM pgstream.explain_st('numbers')`,
    'SELECT * FROM pgstream._visible_errors',
  ]
  const seen = async (name: string, prepare = 'SELECT 1') => {
    const session = await open(name)
    await session.query(prepare)
    const texts: string[] = []
    for (const source of SOURCES) texts.push(JSON.stringify((await session.query(source)).rows))
    return texts.map((text) => text.includes('hunter2'))
  }
  const none = SOURCES.map(() => false)
  expect(await seen(stranger)).toEqual(none)
  expect(await seen(stranger, 'SET row_security = off')).toEqual(none)
  const some = [false, false, true, false, false, false, false, true, true, true]
  for (const name of [owner, member, monitor]) expect(await seen(name)).toEqual(some)
  // A function of one's own in the condition sees nothing more.
  const session = await open(stranger)
  await session.query(
    `CREATE FUNCTION pg_temp.spy(t text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE '%', t; END $$`,
  )
  expect(
    (await session.query('SELECT FROM pgstream._visible_errors WHERE pg_temp.spy(message)')).rows,
  ).toEqual([])
  await expect(session.query('TABLE pgstream._error_texts')).rejects.toMatchObject({ code: '42501' })

  const kind = 'SQLSTATE 22P02 (invalid text representation)'
  expect((await session.query(`SELECT last_error FROM pgstream.stream_tables_info`)).rows).toEqual([
    { last_error: kind },
  ])
  const history = `SELECT error_message FROM pgstream.get_refresh_history('numbers') WHERE status = 'FAILED'`
  expect((await session.query(history)).rows).toEqual([{ error_message: kind }])
  expect((await client.query(history)).rows).toEqual([
    { error_message: 'invalid input syntax for type integer: "hunter2-secret"' },
  ])
  await listener.query('SELECT 1')
  expect(alerts.map((text) => JSON.parse(text))).toEqual([
    expect.objectContaining({
      event: 'refresh_failed',
      error: kind,
      sqlstate: '22P02',
      consecutive_errors: 1,
    }),
  ])

  await client.query(`SELECT pgstream.drop_stream_table('numbers')`)
  expect((await client.query('TABLE pgstream._error_texts')).rows).toEqual([])
})

test('a row that could not be computed and is gone: the kind in the reason, the words on the line', async () => {
  const { client, open, db } = await scene(
    'CREATE TABLE a (id int PRIMARY KEY, v int); CREATE TABLE b (id int PRIMARY KEY, v int)',
  )
  database = db
  await client.query(`
    CREATE FUNCTION picky(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
    BEGIN IF i = 0 THEN RAISE 'hunter2-secret' USING ERRCODE = '22023'; END IF; RETURN i; END $$;
    INSERT INTO a VALUES (1, 1), (2, 1); INSERT INTO b VALUES (1, 2), (2, 2)`)
  await create(client, 'joined', 'SELECT a.id FROM a JOIN b USING (id) WHERE picky(a.v - b.v) > 0')
  // Whichever comes first, one row is asked for 0 on the way.
  await client.query('UPDATE a SET v = id + 1; UPDATE b SET v = 9 - 4 * id')
  expect(await refresh(client, 'joined')).toBe('REINITIALIZE')
  expect((await client.query('TABLE joined')).rows).toEqual([{ id: 2 }])
  const latest = `SELECT reason, error_message FROM pgstream.get_refresh_history('joined', 1)`
  const reason = 'a changed row could not be computed: SQLSTATE 22023 (data exception)'
  expect((await client.query(latest)).rows).toEqual([{ reason, error_message: 'hunter2-secret' }])
  expect((await (await open(await role('other'))).query(latest)).rows).toEqual([
    { reason, error_message: null },
  ])
})

test('a source that is denied is not tried again as a recomputation', async () => {
  const { client, open, schema } = await scene(
    `CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY)`,
  )
  const owner = await role('denied')
  await client.query(
    `GRANT SELECT, TRIGGER ON t, u TO ${owner}; GRANT CREATE ON SCHEMA ${schema} TO ${owner}`,
  )
  const session = await open(owner)
  await create(session, 'st', 'SELECT t.id FROM t JOIN u USING (id)')
  await client.query(`REVOKE SELECT ON u FROM ${owner}; INSERT INTO t VALUES (1)`)
  const contexts: string[] = []
  session.on('notice', ({ message }) => contexts.push(String(message)))
  await session.query('SET client_min_messages = debug1')
  const error = await session.query(`SELECT pgstream.refresh_stream_table('st')`).catch((e) => e)
  expect(error).toMatchObject({ code: '42501' })
  // One refresh below it, not two.
  expect(contexts.join('\n').match(/function pgstream\._refresh\(/g)).toHaveLength(1)
})

describe('an error in a refresh that a person asked for', () => {
  const SETUP = `
    CREATE DOMAIN small AS int CONSTRAINT is_small CHECK (VALUE < 1000);
    CREATE TABLE t (id int PRIMARY KEY, k int, v int); CREATE TABLE u (k int PRIMARY KEY, w int);
    INSERT INTO t SELECT i, i % 3, 1 FROM generate_series(1, 10) AS i; INSERT INTO u SELECT i, 1 FROM generate_series(0, 3) AS i;
    CREATE FUNCTION picky(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
    BEGIN
      IF i = 7 THEN
        RAISE 'no seven' USING ERRCODE = '22023', DETAIL = 'seven', HINT = 'Not 7.', SCHEMA = 'a', TABLE = 'b', COLUMN = 'c', DATATYPE = 'd';
      END IF;
      RETURN 1 / i;
    END $$`
  const failing = async (client: pg.Client, name: string) =>
    client.query('SELECT pgstream.refresh_stream_table($1)', [name]).then(
      () => expect.unreachable(),
      (error) => error as pg.DatabaseError,
    )
  const isShort = ({ where }: pg.DatabaseError) => {
    expect(where).toContain('pgstream._refresh_or_recompute(')
    expect(where?.split('\n').length).toBeLessThan(12)
    expect(where?.length).toBeLessThan(1_500)
  }

  test('has its words and a short context, and the whole context is there for who wants it', async () => {
    const { client } = await scene(SETUP)
    await create(
      client,
      'st',
      'SELECT k, count(*) AS n, sum(100 / v) AS s FROM t JOIN u USING (k) GROUP BY k',
    )
    await client.query('INSERT INTO t VALUES (100, 1, 0)')
    const error = await failing(client, 'st')
    isShort(error)
    expect(error).toMatchObject({
      code: '22012',
      message: 'division by zero',
      detail: undefined,
      hint: undefined,
      table: undefined,
    })
    const told: string[] = []
    client.on('notice', ({ message }) => told.push(String(message)))
    await client.query('SET client_min_messages = debug1')
    await failing(client, 'st')
    expect(told.join('\n').split('\n').length).toBeGreaterThan(30)
  })

  test('loses nothing of what it says', async () => {
    const { client, schema } = await scene(SETUP)
    await create(client, 'domains', 'SELECT id, v::small AS v FROM t')
    await create(client, 'functions', 'SELECT id, k, picky(v) AS v FROM t')
    await client.query('INSERT INTO t VALUES (100, 1, 1001)')
    const domain = await failing(client, 'domains')
    isShort(domain)
    expect(domain).toMatchObject({
      code: '23514',
      schema,
      dataType: 'small',
      constraint: 'is_small',
      table: undefined,
    })
    // Where in the functions of the query it came about is part of the detail.
    await client.query('UPDATE t SET v = 7 WHERE id = 100')
    const raised = await failing(client, 'functions')
    isShort(raised)
    expect(raised).toMatchObject({
      ...{
        code: '22023',
        message: 'no seven',
        hint: 'Not 7.',
        schema: 'a',
        table: 'b',
        column: 'c',
        dataType: 'd',
      },
      detail: expect.stringMatching(
        /^seven\nContext: PL\/pgSQL function .*picky\(integer\) line 4 at RAISE$/,
      ),
      constraint: undefined,
    })
    await client.query('UPDATE t SET v = 0 WHERE id = 100')
    expect(await failing(client, 'functions')).toMatchObject({
      code: '22012',
      detail: expect.stringMatching(
        /^Context: PL\/pgSQL expression "1 \/ i"\nPL\/pgSQL function .*picky\(integer\) line 6 at RETURN$/,
      ),
      hint: undefined,
    })
  })

  test('when it was canceled', async () => {
    const { client } = await scene(`${SETUP};
      CREATE FUNCTION slow(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(10); RETURN i; END'`)
    await create(client, 'st', 'SELECT k, max(slow(v)) AS v FROM t JOIN u USING (k) GROUP BY k', {
      initialize: false,
    })
    await client.query(`SET statement_timeout = '300ms'`)
    const error = await failing(client, 'st')
    isShort(error)
    expect(error).toMatchObject({ code: '57014', detail: expect.stringContaining('slow(integer) line 1') })
  })

  test('and in the first fill', async () => {
    const { client } = await scene(SETUP)
    await client.query('INSERT INTO t VALUES (100, 1, 0)')
    const error = await create(
      client,
      'st',
      'SELECT k, sum(100 / v) AS s FROM t JOIN u USING (k) GROUP BY k',
    ).then(
      () => expect.unreachable(),
      (e) => e as pg.DatabaseError,
    )
    expect(error).toMatchObject({ code: '22012', message: 'division by zero' })
    expect(error.where?.length).toBeLessThan(1_500)
  })
})
