import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { upgrade } from '../../src/hosts/install.ts'
import { outside } from '../../src/hosts/outside.ts'
import { serverHost } from '../../src/hosts/server-host.ts'
import { untilWaiting } from '../concurrency/scene.ts'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase, testServer } from '../support/server.ts'
import { runCli } from './cli-process.ts'

let database: FreshDatabase | undefined

async function run(...args: string[]): Promise<{ status: number | string; out: string; err: string }> {
  const cli = runCli(args)
  const status = await cli.ended
  return { status, out: cli.out(), err: cli.err() }
}

/** The command line's process on the server, once it waits for this client. */
async function untilBlocked(client: pg.Client): Promise<number> {
  for (;;) {
    // Within a transaction the view is looked at once.
    await client.query('SELECT pg_stat_clear_snapshot()')
    const { rows } = await client.query<{ pid: number }>(
      `SELECT a.pid FROM pg_stat_activity a
       WHERE a.application_name = 'pg-stream' AND pg_backend_pid() = ANY (pg_blocking_pids(a.pid))`,
    )
    if (rows[0]) return rows[0].pid
    await sleep(20)
  }
}

afterEach(async () => {
  await database?.close()
  database = undefined
})

test('a server of one’s own: install, upgrade, uninstall', async () => {
  database = await freshDatabase({ pgStream: false })
  const { url, client } = database
  const embedded = testServer().dataFolder !== ''
  expect(await run('upgrade', url)).toMatchObject({
    status: 1,
    err: 'pg-stream: pg_stream is not installed there; use pg-stream install\n',
  })
  expect(await run('install', url)).toEqual({
    status: 0,
    out: 'installed\n',
    err: embedded ? '' : expect.stringContaining('no compiler on this server'),
  })
  expect(await run('install', url)).toMatchObject({
    status: 1,
    err: 'pg-stream: pg_stream is already installed there; use pg-stream upgrade\n',
  })
  expect(await run('status', url)).toEqual({ status: 0, out: 'no stream tables\n', err: '' })
  expect(await run('verify', url)).toEqual({ status: 0, out: 'no stream tables\n', err: '' })
  expect(await run('upgrade', url)).toEqual({ status: 0, out: 'upgraded\n', err: '' })
  expect(await run('uninstall', url)).toEqual({ status: 0, out: 'uninstalled\n', err: '' })
  const { rows } = await client.query(
    `SELECT nspname AS left FROM pg_namespace WHERE nspname LIKE 'pgstream%'
     UNION ALL SELECT evtname FROM pg_event_trigger`,
  )
  expect(rows).toEqual([])
})

test('an upgrade leaves no function of an earlier version that has the same name and other arguments', async () => {
  database = await freshDatabase()
  const { client } = database
  await client.query(`
    CREATE FUNCTION pgstream.drain(timeout_s integer DEFAULT 60, why text DEFAULT '') RETURNS boolean LANGUAGE sql AS 'SELECT false';
    CREATE FUNCTION pgstream._lock_group(members bigint[], why text DEFAULT '') RETURNS void LANGUAGE sql AS ''`)
  await upgrade(client, undefined)
  const { rows } = await client.query(
    `SELECT proname::text AS name, pg_get_function_arguments(oid) AS arguments FROM pg_proc
     WHERE pronamespace = 'pgstream'::regnamespace AND proname IN ('drain', '_lock_group') ORDER BY 1`,
  )
  expect(rows).toEqual([
    { name: '_lock_group', arguments: 'members bigint[]' },
    { name: 'drain', arguments: 'timeout_s integer DEFAULT 60' },
  ])
})

test('two upgrades at once both come about', async () => {
  database = await freshDatabase()
  const [one, other] = [await database.connect(), await database.connect()]
  await Promise.all([upgrade(one, undefined), upgrade(other, undefined)])
})

test('an upgrade in the midst of the work of others is made again, and ends none of them in a deadlock', async () => {
  database = await freshDatabase()
  const { client, connect } = database
  const upgrading = await connect()
  await client.query(`BEGIN; LOCK TABLE pgstream.pgs_change_tracking IN ACCESS SHARE MODE`)
  const upgraded = upgrade(upgrading, undefined)
  const observer = await connect()
  await untilWaiting(observer, upgrading)
  await client.query('SELECT count(*) FROM pgstream.stream_tables_info')
  await client.query('COMMIT')
  await upgraded
})

test('what the database has for its people cuts no command short', async () => {
  database = await freshDatabase()
  const { client, url, name } = database
  for (const setting of [
    'default_transaction_read_only = on',
    'default_transaction_isolation = serializable',
    'exit_on_error = on',
    `lock_timeout = '100ms'`,
    `statement_timeout = '500ms'`,
    `idle_in_transaction_session_timeout = '1ms'`,
    `idle_session_timeout = '500ms'`,
    `transaction_timeout = '500ms'`,
  ])
    await client.query(`ALTER DATABASE ${name} SET ${setting}`).catch((error) => {
      // It came with PostgreSQL 17.
      if (!setting.startsWith('transaction_timeout')) throw error
    })
  await client.query('BEGIN; LOCK TABLE pgstream.pgs_change_tracking IN ACCESS SHARE MODE')
  const upgraded = run('upgrade', url)
  await untilBlocked(client)
  await client.query('SELECT pg_sleep(1)')
  await client.query('COMMIT')
  expect(await upgraded).toEqual({ status: 0, out: 'upgraded\n', err: '' })
  // Who says so in the URL is heard.
  expect(await run('upgrade', `${url}?statement_timeout=1`)).toMatchObject({ status: 1, out: '' })
})

test('a connection that is lost is one clear line', async () => {
  database = await freshDatabase()
  const { client, url } = database
  await client.query('BEGIN; LOCK TABLE pgstream.pgs_change_tracking IN ACCESS SHARE MODE')
  const upgraded = run('upgrade', url)
  const pid = await untilBlocked(client)
  await client.query(`SELECT pg_terminate_backend(${pid})`)
  expect(await upgraded).toEqual({
    status: 1,
    out: '',
    err: expect.stringMatching(/^pg-stream: .*terminating connection due to administrator command\n$/),
  })
  await client.query('COMMIT')
})

test('a role that is no superuser hears what it lacks, and installs with it', async () => {
  database = await freshDatabase({ pgStream: false })
  const { client, name } = database
  const url = new URL(database.url)
  url.username = `joe_${name}`
  await client.query(`CREATE ROLE joe_${name} LOGIN; GRANT CREATE ON DATABASE ${name} TO joe_${name}`)
  const grant = `GRANT SET ON PARAMETER pg_stream.internal, pg_stream.refreshing TO joe_${name}`
  expect(await run('install', url.href)).toMatchObject({
    status: 1,
    err: `pg-stream: role joe_${name} may not set the parameters of pg_stream; have a superuser run: ${grant}\n`,
  })
  await client.query(grant)
  expect(await run('install', url.href)).toMatchObject({ status: 0, out: 'installed\n' })
  expect(await run('upgrade', url.href)).toMatchObject({ status: 0, out: 'upgraded\n' })
  expect(await run('uninstall', url.href)).toMatchObject({ status: 0 })
  await client.query(`DROP OWNED BY joe_${name}; DROP ROLE joe_${name}`)
})

test.skipIf(process.env.PG_STREAM_TEST_URL !== undefined)(
  'every database of an embedded server can have definitions: installed there, and upgraded from before',
  async () => {
    database = await freshDatabase({ pgStream: false })
    const { url, client } = database
    const define = (name: string) =>
      client.query(
        `SELECT pgstream.create_stream_table('${name}', 'SELECT k, count(*) AS n FROM t GROUP BY k')`,
      )
    await client.query('CREATE TABLE t (id int PRIMARY KEY, k int); INSERT INTO t VALUES (1, 1)')
    expect(await run('install', url)).toEqual({ status: 0, out: 'installed\n', err: '' })
    await define('first')
    expect(await expectExact(client, 'first')).toBe('NO_DATA')
    // Installed by a version that did not look for the compiler.
    await client.query(outside.compileFunction)
    await expect(define('second')).rejects.toMatchObject({ code: '55000' })
    expect(await run('upgrade', url)).toMatchObject({ status: 0 })
    await define('second')
    await client.query('INSERT INTO t VALUES (2, 1)')
    expect(await expectExact(client, 'second')).toBe('DIFFERENTIAL')
  },
)

test('a role that may not see the files of the server finds no compiler', async () => {
  database = await freshDatabase({ pgStream: false })
  const { client, name } = database
  await client.query(`CREATE ROLE files_${name}`)
  try {
    await client.query(`SET ROLE files_${name}`)
    expect(await serverHost(client)).toBe(outside)
  } finally {
    await client.query(`RESET ROLE; DROP ROLE files_${name}`)
  }
})

test('input that is no database', async () => {
  database = await freshDatabase({ pgStream: false })
  expect(await run('status', 'localhost')).toMatchObject({
    status: 1,
    err: 'pg-stream: localhost is not a URL like postgresql://user@host/database\n',
  })
  const missing = database.url.replace(database.name, 'missing')
  expect((await run('status', missing)).err).toMatch(
    /^pg-stream: cannot connect to .*: database "missing" does not exist\n$/,
  )
  expect(await run('status', 'postgresql://joe:se#cret@localhost:99999/x')).toMatchObject({
    status: 1,
    err: expect.stringMatching(/^pg-stream: the URL cannot be read; write it like postgresql:[^\n]*\n$/),
  })
  const { err } = await run('status', `${missing}?password=secret`)
  expect(err).toMatch(/^pg-stream: cannot connect to /)
  expect(err).not.toContain('secret')
  expect((await run('up', 'down')).status).toBe(1)
  for (const wrong of [['up', '--port', 'x'], ['up', '--data', ''], ['frobnicate'], ['status']]) {
    const { status, err } = await run(...wrong)
    expect({ status, err }).toEqual({ status: 1, err: expect.stringMatching(/^pg-stream: (?!error)/) })
  }
})

test('says its version', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  expect(await run('--version')).toEqual({ status: 0, out: `${version}\n`, err: '' })
})

test('verifying goes on after a stream table that cannot be verified', async () => {
  database = await freshDatabase()
  const { url, client } = database
  await client.query('CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE u (a int PRIMARY KEY)')
  await client.query('INSERT INTO t VALUES (1)')
  await client.query(
    `SELECT pgstream.create_stream_table('a', 'SELECT 1 / a AS q FROM t', '1h');
     SELECT pgstream.create_stream_table('b', 'SELECT a FROM u', '1h')`,
  )
  await client.query('UPDATE t SET a = 0')
  expect(await run('verify', url)).toEqual({
    status: 1,
    out: 'public.a: cannot be verified\npublic.b: exact\n',
    err: 'pg-stream: division by zero\n',
  })
})

test('looks at, checks and refreshes stream tables', async () => {
  database = await freshDatabase()
  const { url, client } = database
  await client.query('CREATE TABLE t (a int PRIMARY KEY, b int)')
  await client.query(
    `SELECT pgstream.create_stream_table('"S t"', 'SELECT b, count(*) AS n FROM t GROUP BY b', '1h')`,
  )
  await client.query('INSERT INTO t VALUES (1, 1), (2, 1), (3, 2)')
  const name = '"S t"'
  expect((await run('refresh', url, name)).out).toContain('DIFFERENTIAL')
  expect(await run('refresh', url, name)).toEqual({
    status: 0,
    out: 'NO_DATA: nothing was pending\n',
    err: '',
  })
  expect((await run('status', url)).out).toMatch(/^public\."S t" +ACTIVE +AUTO +1h +true +0 /m)
  expect((await run('explain', url, name)).out).toMatch(/count/)
  expect(await run('verify', url)).toEqual({ status: 0, out: 'public."S t": exact\n', err: '' })
  await client.query(`SET pg_stream.refreshing = 'on'; UPDATE "S t" SET n = 7 WHERE b = 1`)
  const verified = await run('verify', url, name)
  expect(verified.status).toBe(1)
  expect(verified.out).toMatch(/^"S t": differs from its query by [1-9]\d* rows\n/)
  expect(await run('refresh', url, 'nothing')).toMatchObject({
    status: 1,
    err: expect.stringMatching(/^pg-stream: .*nothing/),
  })
})

test('a refresh that nobody waits for any more ends on the server too', async () => {
  database = await freshDatabase()
  const { url, client } = database
  await client.query(`CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1);
    CREATE FUNCTION slow(a int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN a; END';
    SELECT pgstream.create_stream_table('s', 'SELECT slow(a) AS a FROM t', '1h', initialize => false)`)
  const running = async () =>
    (
      await client.query(
        `SELECT count(*)::int AS n FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'pg-stream' AND wait_event = 'PgSleep'`,
      )
    ).rows[0].n
  const { child, ended } = runCli(['refresh', url, 's'])
  await expect.poll(running, { timeout: 20_000 }).toBe(1)
  child.kill('SIGINT')
  expect(await ended).toBe('SIGINT')
  await expect.poll(running, { timeout: 20_000 }).toBe(0)
})

test('output that nobody reads ends a command without a word', async () => {
  database = await freshDatabase()
  const { url, client } = database
  for (const name of ['a', 'b', 'c'])
    await client.query(`SELECT pgstream.create_stream_table('${name}', 'SELECT 1 AS x', '1h')`)
  const cli = runCli(['verify', url])
  cli.child.stdout?.destroy()
  expect(await cli.ended).toBe(141)
  expect(cli.err()).toBe('')
})

test('a worker whose role may not run the scheduler says so and ends', async () => {
  database = await freshDatabase()
  const { client, name } = database
  await client.query(`CREATE ROLE jane_${name} LOGIN`)
  const url = new URL(database.url)
  url.username = `jane_${name}`
  try {
    expect(await run('worker', url.href)).toEqual({
      status: 1,
      out: '',
      err: expect.stringMatching(
        /^pg-stream: role jane_\w+ may not run the scheduler; connect as \w+, which installed pg_stream, or as a superuser\n$/,
      ),
    })
  } finally {
    await client.query(`DROP ROLE jane_${name}`)
  }
})

test('uninstalling keeps stream tables as ordinary tables', async () => {
  database = await freshDatabase()
  const { url, client } = database
  await client.query('CREATE TABLE t (a int PRIMARY KEY)')
  await client.query(
    `INSERT INTO t VALUES (1); SELECT pgstream.create_stream_table('s', 'SELECT a FROM t', '1h')`,
  )
  expect(await run('uninstall', url)).toMatchObject({ status: 0 })
  await client.query('INSERT INTO t VALUES (2); INSERT INTO s VALUES (5)')
  expect((await client.query('TABLE s ORDER BY a')).rows).toEqual([{ a: 1 }, { a: 5 }])
})
