import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serverAccount } from '../../src/hosts/embedded/account.ts'
import { type EmbeddedServer, startServer } from '../../src/hosts/embedded/server.ts'
import { install } from '../../src/hosts/install.ts'
import { expectEqual, expectExact } from '../oracle/oracle.ts'
import { SCHEMA, STREAM_TABLES, startLoad } from '../race/workload.ts'
import { clientPrograms } from '../support/client-programs.ts'

// A primary under load, copied while it runs. It is killed, a standby takes over; another copy goes back to a point
// before that. The copies are of one cluster: what pg_stream notes of transactions holds in each.
const run = clientPrograms()
const folder = mkdtempSync(path.join(os.tmpdir(), 'pg_stream-physical-'))
const archive = path.join(folder, 'archive')
const servers: EmbeddedServer[] = []
const NAMES = STREAM_TABLES.map(([name]) => name)

async function start(dataFolder: string, settings: Record<string, string | number> = {}) {
  const server = await startServer({
    dataFolder: path.join(folder, dataFolder),
    settings: { max_connections: 50, ...settings },
  })
  servers.push(server)
  return server
}

const clients: pg.Client[] = []
async function connect({ url }: EmbeddedServer): Promise<pg.Client> {
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  clients.push(client)
  return client
}

/** Files for the account that runs servers. */
function handOver(name: string): void {
  const account = serverAccount(undefined)
  if (account) execFileSync('chown', ['-R', `${account.uid}:${account.gid}`, path.join(folder, name)])
}

const one = async (client: pg.Client, query: string) => (await client.query(query)).rows[0]
async function until(what: string, holds: () => Promise<unknown>): Promise<void> {
  for (const end = Date.now() + 50_000; !(await holds()); await sleep(50))
    if (Date.now() > end) throw new Error(`${what}: not in time`)
}

let primary: EmbeddedServer
let standby: EmbeddedServer

/** Content equals query now, and goes on doing so from its changes alone. */
async function expectGoesOn(client: pg.Client): Promise<void> {
  for (const name of NAMES) expect(await expectExact(client, name)).toMatch(/^(DIFFERENTIAL|NO_DATA)$/)
  await client.query(`UPDATE orders SET amount = amount + 1 WHERE id % 3 = 0; DELETE FROM notes WHERE k = 3;
    UPDATE customers SET region = 'r9' WHERE id % 2 = 0; UPDATE visits SET n = n + 1`)
  for (const name of NAMES) expect(await expectExact(client, name)).toMatch(/^(DIFFERENTIAL|NO_DATA)$/)
  expect((await one(client, `SELECT pgstream.refresh_stream_table('active') AS action`)).action).toBe(
    'NO_DATA',
  )
  const { rows } = await client.query('SELECT DISTINCT action FROM pgstream.restore_stream_tables()')
  expect(rows).toEqual([{ action: 'UNCHANGED' }])
}

describe.skipIf(run === undefined)('copies of the files', () => {
  beforeAll(async () => {
    chmodSync(folder, 0o755)
    mkdirSync(archive)
    handOver('archive')
    mkdirSync(path.join(folder, 'primary'))
    handOver('primary')
    primary = await start('primary', {
      archive_mode: 'on',
      archive_command: `cp %p ${archive}/%f`,
      wal_level: 'replica',
    })
    const client = await connect(primary)
    await install(client, primary.host)
    await client.query(SCHEMA)
    for (const [name, query] of STREAM_TABLES)
      await client.query(`SELECT pgstream.create_stream_table($1, $2, '1s', 'DIFFERENTIAL')`, [name, query])
    // Those of the workload that do not truncate: a delta tells of all they do.
    const writers = await Promise.all(Array.from({ length: 6 }, () => connect(primary)))
    const scheduler = await connect(primary)
    const lost = (error: Error & { code?: string }) => {
      if (error.code !== undefined && error.code !== '57P01' && error.code !== 'ECONNRESET') throw error
    }
    const work = [
      startLoad(writers, 600_000, 1_000, 3).done.catch(lost),
      (async () => {
        for (;;) await scheduler.query('CALL pgstream.run_scheduler()')
      })().catch(lost),
    ]
    await run?.('pg_basebackup', '-D', path.join(folder, 'standby'), '-R', '-c', 'fast', '-d', primary.url)
    execFileSync('cp', ['-a', path.join(folder, 'standby'), path.join(folder, 'earlier')])
    for (const copy of ['standby', 'earlier']) handOver(copy)
    rmSync(path.join(folder, 'earlier/standby.signal'))
    writeFileSync(path.join(folder, 'earlier/recovery.signal'), '')
    standby = await start('standby')
    // Stays open until the standby has taken over.
    await client.query(`BEGIN; INSERT INTO orders VALUES (5000, 1, 77, 'active', 1); UPDATE customers SET region = 'r1' WHERE id = 12;
      PREPARE TRANSACTION 'left open'`)
    await sleep(1_000)
    await client.query(`SELECT pg_create_restore_point('here')`)
    const { wal } = await one(client, `SELECT pg_walfile_name(pg_switch_wal()) AS wal`)
    await sleep(1_000)
    await until(
      'archived',
      async () =>
        (await one(client, `SELECT last_archived_wal >= '${wal}' AS done FROM pg_stat_archiver`)).done,
    )
    process.kill(primary.pid, 'SIGKILL')
    await Promise.all(work)
  }, 120_000)

  afterAll(async () => {
    await Promise.all(clients.map((client) => client.end().catch(() => {})))
    await Promise.all(servers.map((server) => server.stop()))
    rmSync(folder, { recursive: true, force: true })
  })

  test('a standby is read, and refreshes nothing', async () => {
    const client = await connect(standby)
    expect((await one(client, 'SELECT pg_is_in_recovery() AS yes')).yes).toBe(true)
    for (const call of [
      `SELECT pgstream.refresh_stream_table('joined')`,
      `SELECT pgstream.alter_stream_table('joined', schedule => '5s')`,
      `SELECT pgstream.alter_stream_table('joined', query => 'SELECT 1 AS a')`,
      `SELECT pgstream.create_stream_table('more', 'SELECT id FROM orders')`,
      `SELECT pgstream.drop_stream_table('joined')`,
      `SELECT pgstream.resume_stream_table('joined')`,
      `SELECT pgstream.explain_st('joined', true)`,
      'SELECT * FROM pgstream.restore_stream_tables()',
      'CALL pgstream.run_scheduler()',
    ])
      await expect(client.query(call), call).rejects.toMatchObject({
        code: '25006',
        message: 'a stream table cannot be refreshed or changed on a standby',
      })
    expect((await one(client, 'CALL pgstream._await(0.1, NULL)')).due).toBe(0)
    expect((await one(client, 'SELECT count(*)::int AS n FROM pgstream.pgs_status()')).n).toBe(NAMES.length)
    await client.query(
      `SELECT * FROM pgstream.get_refresh_history('joined'), pgstream.get_staleness('joined')`,
    )
    await client.query(`SELECT * FROM pgstream.explain_st('joined')`)
    await client.query(`SELECT pgstream.export_definition('joined')`)
    // The primary's scheduler, which was at work a moment ago, is meant.
    expect(
      (
        await client.query(
          `SELECT severity, detail FROM pgstream.health_check() WHERE check_name = 'scheduler'`,
        )
      ).rows,
    ).toEqual([{ severity: 'OK', detail: 'a scheduler is at work' }])
    // What has not been refreshed yet differs; that it can be asked is the point.
    await client.query(`SELECT * FROM pgstream.verify_stream_table('joined')`)
    await client.query('TABLE joined')
  })

  test('a standby that is promoted goes on', async () => {
    const client = await connect(standby)
    await client.query('SELECT pg_promote()')
    for (const name of NAMES) expect(await expectExact(client, name)).toMatch(/^(DIFFERENTIAL|NO_DATA)$/)
    await client.query(`COMMIT PREPARED 'left open'`)
    expect(await expectExact(client, 'active')).toBe('DIFFERENTIAL')
    expect(await one(client, 'SELECT id FROM active WHERE id = 5000')).toEqual({ id: 5000 })
    await expectGoesOn(client)
    const writers = await Promise.all(Array.from({ length: 6 }, () => connect(standby)))
    const load = startLoad(writers, 2_000, 500, 4)
    let over = false
    const ended = load.done.then(() => {
      over = true
    })
    while (!over) await expectExact(client, 'five')
    await ended
    for (const name of NAMES) await expectExact(client, name)
  })

  test('point-in-time recovery goes on from there', async () => {
    const earlier = await start('earlier', {
      restore_command: `cp ${archive}/%f %p`,
      recovery_target_name: 'here',
      recovery_target_action: 'promote',
    })
    const client = await connect(earlier)
    await until('recovered', async () => !(await one(client, 'SELECT pg_is_in_recovery() AS yes')).yes)
    await client.query(`ROLLBACK PREPARED 'left open'`)
    await expectGoesOn(client)
    await expectEqual(client, 'by_region', { image: true })
  })
})
