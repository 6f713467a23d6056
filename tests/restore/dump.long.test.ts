import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type EmbeddedServer, startServer } from '../../src/hosts/embedded/server.ts'
import { install } from '../../src/hosts/install.ts'
import { untilWaiting } from '../concurrency/scene.ts'
import { expectEqual, expectExact } from '../oracle/oracle.ts'
import { SCHEMA, STREAM_TABLES, startLoad } from '../race/workload.ts'
import { clientPrograms, type RunClient } from '../support/client-programs.ts'
import { databaseUrl } from '../support/global-setup.ts'

const run = clientPrograms()
const folder = mkdtempSync(path.join(os.tmpdir(), 'pg_stream-dump-'))
const file = path.join(folder, 'dump')
const OWNER = 'shop owner'
const READER = 'reader'

interface Database {
  readonly url: string
  readonly name: string
  /** A superuser's connection. */
  readonly client: pg.Client
  connect(user?: string): Promise<pg.Client>
}

// A server of its own: dropping a database waits for the disk, and here there are many.
let server: EmbeddedServer
let admin: pg.Client
const clients: pg.Client[] = []

async function connectTo(name: string, user = 'postgres'): Promise<pg.Client> {
  const url = new URL(databaseUrl(server.url, name))
  url.username = encodeURIComponent(user)
  const client = new pg.Client(url.href)
  client.on('error', () => {})
  await client.connect()
  clients.push(client)
  return client
}

let made = 0
async function database({ pgStream = true } = {}): Promise<Database> {
  made += 1
  const name = `d${made}`
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${pgStream ? 'installed' : 'template0'}`)
  const connect = (user?: string) => connectTo(name, user)
  return { url: databaseUrl(server.url, name), name, client: await connect(), connect }
}

beforeAll(async () => {
  server = await startServer({ settings: { fsync: 'off', max_connections: 60 } })
  admin = await connectTo('postgres')
  await admin.query(`CREATE ROLE "${OWNER}" LOGIN; CREATE ROLE ${READER} LOGIN`)
  await admin.query('CREATE DATABASE installed TEMPLATE template0')
  const client = await connectTo('installed')
  await install(client, server.host)
  await client.end()
})

afterEach(async () => {
  const [first, ...others] = clients.splice(0)
  if (first) clients.push(first)
  await Promise.all(others.map((client) => client.end().catch(() => {})))
})

afterAll(async () => {
  await Promise.all(clients.map((client) => client.end().catch(() => {})))
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const rows = async (client: pg.Client, query: string) => (await client.query(query)).rows
const names = async (client: pg.Client): Promise<string[]> =>
  (await rows(client, 'SELECT name FROM pgstream.pgs_status() ORDER BY 1')).map(({ name }) => name)
const restore = (client: pg.Client) => rows(client, 'SELECT * FROM pgstream.restore_stream_tables()')

type Way = (run: RunClient, from: string, to: string) => Promise<unknown>

/** How a database gets from one to the other. */
const WAYS: Record<string, Way> = {
  'pg_dump | psql': async (run, from, to) => {
    await run('pg_dump', '-f', `${file}.sql`, from)
    await run('psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', `${file}.sql`, to)
  },
  'pg_dump | psql --single-transaction': async (run, from, to) => {
    await run('pg_dump', '-f', `${file}.sql`, from)
    await run('psql', '-Xq1', '-v', 'ON_ERROR_STOP=1', '-f', `${file}.sql`, to)
  },
  'pg_dump -Fc | pg_restore': async (run, from, to) => {
    await run('pg_dump', '-Fc', '-f', `${file}.fc`, from)
    await run('pg_restore', '--exit-on-error', '-d', to, `${file}.fc`)
  },
  'pg_dump -Fd -j | pg_restore -j': async (run, from, to) => {
    rmSync(`${file}.fd`, { recursive: true, force: true })
    await run('pg_dump', '-Fd', '-j', '2', '-f', `${file}.fd`, from)
    await run('pg_restore', '-j', '2', '-d', to, `${file}.fd`)
  },
  'pg_restore by sections': async (run, from, to) => {
    await run('pg_dump', '-Fc', '-f', `${file}.fs`, from)
    for (const section of ['pre-data', 'data', 'post-data'])
      await run('pg_restore', '--exit-on-error', `--section=${section}`, '-d', to, `${file}.fs`)
  },
}

/** The schema by itself, then the data alone. */
const PARTS: Record<string, Way> = {
  'pg_dump -s, pg_dump -a --disable-triggers | psql': async (run, from, to) => {
    await run('pg_dump', '-s', '-f', `${file}.s.sql`, from)
    await run('pg_dump', '-a', '--disable-triggers', '-f', `${file}.a.sql`, from)
    for (const part of ['s', 'a'])
      await run('psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', `${file}.${part}.sql`, to)
  },
  'pg_dump -Fc | pg_restore -s, pg_restore -a --disable-triggers': async (run, from, to) => {
    await run('pg_dump', '-Fc', '-f', `${file}.parts`, from)
    await run('pg_restore', '--exit-on-error', '-s', '-d', to, `${file}.parts`)
    await run('pg_restore', '--exit-on-error', '-a', '--disable-triggers', '-d', to, `${file}.parts`)
  },
}

/** A new database, restored from this one. */
async function copyOf(from: Database, way = 'pg_dump -Fc | pg_restore'): Promise<Database> {
  const to = await database({ pgStream: false })
  if (run) await WAYS[way]?.(run, from.url, to.url)
  return to
}

/** Everything about stream tables that has to be the same afterwards, oids left out. */
const FACTS = `
  SELECT s.pgs_schema, s.pgs_name, s.defining_query, s.defining_search_path, s.settings, s.schedule, s.refresh_mode, s.cdc_mode, s.consistency_group,
    s.strategy, s.key, s.status, s.is_populated, s.broken_reason, pg_get_userbyid(c.relowner) AS owner, c.relacl::text AS acl,
    obj_description(c.oid, 'pg_class') AS comment, c.reloptions,
    ARRAY(SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid ORDER BY 1) AS indexes,
    ARRAY(SELECT pg_get_triggerdef(t.oid) || t.tgenabled::text FROM pg_trigger t
      WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgname !~ '^pgstream_capture_' ORDER BY 1) AS triggers,
    ARRAY(SELECT a.attname || format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns,
    ARRAY(SELECT d.source_relid::regclass::text || d.is_captured || d.is_stream_table FROM pgstream.pgs_dependencies d
      WHERE d.pgs_id = s.pgs_id ORDER BY 1) AS sources
  FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid ORDER BY 1, 2`

const SHOP = `
  CREATE SCHEMA "My Shop" AUTHORIZATION "${OWNER}";
  SET ROLE "${OWNER}";
  SET search_path = "My Shop";
  SET TimeZone = 'Asia/Tokyo';
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
  CREATE DOMAIN share AS numeric(6, 3);
  CREATE FUNCTION half(a numeric) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN a / 2;
  CREATE TABLE "Sales" (id int PRIMARY KEY, feeling mood, part share, at timestamptz);
  INSERT INTO "Sales" SELECT i, (ARRAY['sad', 'ok', 'happy', NULL])[i % 4 + 1]::mood, i / 7.0, '2024-01-01 20:00+00' FROM generate_series(1, 50) AS i;
  CREATE VIEW felt AS SELECT * FROM "Sales" WHERE feeling IS NOT NULL;
  SELECT pgstream.create_stream_table('by_mood', 'SELECT feeling, count(*) AS n, sum(half(part)) AS "Sum", max(part) AS most FROM felt GROUP BY feeling', '5m');
  SELECT pgstream.create_stream_table('z_first', 'SELECT id, part FROM "Sales" WHERE part > 1', '1h', 'DIFFERENTIAL');
  SELECT pgstream.create_stream_table('a_second', 'SELECT sum(part) AS total FROM z_first', '*/5 * * * *');
  SELECT pgstream.create_stream_table('days', 'SELECT DISTINCT at::date AS day FROM "Sales" WHERE now() IS NOT NULL');
  SELECT pgstream.create_stream_table('asleep', 'SELECT id FROM "Sales"', '1s');
  SELECT pgstream.alter_stream_table('asleep', status => 'SUSPENDED');
  SELECT pgstream.create_stream_table('later', 'SELECT part FROM "Sales"', '1d', initialize => false);
  SELECT pgstream.create_stream_table('whole', 'SELECT * FROM "Sales"', '1d', 'FULL');
  CREATE INDEX mine ON by_mood (n DESC);
  ALTER TABLE z_first SET (fillfactor = 70);
  COMMENT ON TABLE by_mood IS 'how they feel';
  GRANT SELECT ON by_mood TO ${READER};
  CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
  CREATE TRIGGER told AFTER INSERT ON by_mood FOR EACH STATEMENT EXECUTE FUNCTION told();
  RESET ALL;
  RESET ROLE;`

const CHANGE = `
  INSERT INTO "My Shop"."Sales" SELECT max(id) + 1, 'ok', 3.25, now() FROM "My Shop"."Sales";
  UPDATE "My Shop"."Sales" SET feeling = 'happy' WHERE id % 10 = 3;
  DELETE FROM "My Shop"."Sales" WHERE id = 7`

describe.skipIf(run === undefined)('a logical dump', () => {
  test('what is compared with a copy is so afterwards', async () => {
    const from = await database()
    await from.client.query(`CREATE TABLE base (id int PRIMARY KEY, k int);
      INSERT INTO base SELECT i, i % 3 FROM generate_series(1, 9) AS i;
      CREATE MATERIALIZED VIEW kept AS SELECT * FROM base;
      SELECT pgstream.compare_source('kept', 'z_copy');
      SELECT pgstream.create_stream_table('a_reader', 'SELECT k, count(*) AS n FROM kept GROUP BY k', '1h', 'DIFFERENTIAL');
      ALTER MATERIALIZED VIEW kept RENAME TO stored; ALTER MATERIALIZED VIEW stored RENAME k TO kind`)
    const { client } = await copyOf(from)
    expect((await restore(client)).map(({ action }) => action)).toEqual(['RESTORED', 'RESTORED'])
    for (const change of ['INSERT INTO base VALUES (10, 7)', 'DELETE FROM base WHERE k = 1']) {
      await client.query(`${change}; REFRESH MATERIALIZED VIEW stored`)
      const [done] = await rows(client, `SELECT pgstream.refresh_stream_table('a_reader') AS action`)
      expect(done).toEqual({ action: 'DIFFERENTIAL' })
      expect(await rows(client, `SELECT * FROM pgstream.verify_stream_table('a_reader')`)).toEqual([])
      const read = 'SELECT k, n::int FROM a_reader ORDER BY k'
      expect(await rows(client, read)).toEqual(
        await rows(client, 'SELECT k, count(*)::int AS n FROM base GROUP BY k ORDER BY k'),
      )
    }
  })

  test.each(Object.entries(PARTS))('%s brings every stream table back, with its guard', async (_, way) => {
    const from = await database()
    await from.client.query(SHOP)
    await from.client.query(CHANGE)
    const to = await database({ pgStream: false })
    if (run) await way(run, from.url, to.url)
    const done = await restore(to.client)
    expect(new Set(done.map(({ action }) => action))).toEqual(new Set(['RESTORED']))
    expect(await rows(to.client, FACTS)).toEqual(await rows(from.client, FACTS))
    await expect(to.client.query('DELETE FROM "My Shop".by_mood')).rejects.toThrow()
    await to.client.query(CHANGE)
    for (const name of ['by_mood', 'z_first', 'a_second']) await expectExact(to.client, `"My Shop".${name}`)
  })

  test.each(['resume_stream_table', 'repair_stream_table', 'restore_stream_tables'])(
    '%s puts back a guard that got lost while the stream table was broken',
    async (call) => {
      const from = await database()
      await from.client.query(`CREATE TABLE base (id int PRIMARY KEY);
      CREATE FUNCTION same(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a';
      INSERT INTO base VALUES (1), (2);
      SELECT pgstream.create_stream_table('st', 'SELECT id, same(id) AS also FROM base', '1h', 'DIFFERENTIAL')`)
      const to = await copyOf(from)
      await to.client.query(`ALTER FUNCTION same(int) RENAME TO other`)
      expect((await restore(to.client)).map(({ action }) => action)).toEqual(['FAILED'])
      await to.client.query(`ALTER FUNCTION other(int) RENAME TO same;
      SET pg_stream.internal = 'on'; ALTER TABLE st DISABLE TRIGGER ALL; ALTER TABLE st ENABLE TRIGGER ALL;
      RESET pg_stream.internal`)
      await to.client.query(
        call === 'restore_stream_tables' ? `SELECT pgstream.${call}()` : `SELECT pgstream.${call}('st')`,
      )
      await to.client.query('INSERT INTO base VALUES (3)')
      await expectExact(to.client, 'st')
      expect(
        await rows(to.client, `SELECT tgenabled FROM pg_trigger WHERE tgname = 'pgstream_guard'`),
      ).toEqual([{ tgenabled: 'A' }])
    },
  )

  test('of the schema alone, tables stay whose definition is not there, and say so', async () => {
    const from = await database()
    await from.client.query(`CREATE TABLE base (id int PRIMARY KEY); CREATE SCHEMA "My S"; SET search_path = "My S", public;
      SELECT pgstream.create_stream_table('c', 'SELECT id FROM base', '1h')`)
    const { client, url } = await database({ pgStream: false })
    await run?.('pg_dump', '-s', '-f', `${file}.alone.sql`, from.url)
    await run?.('psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', `${file}.alone.sql`, url)
    expect(await restore(client)).toEqual([])
    await expect(client.query(`SELECT pgstream.drop_stream_table('"My S".c')`)).rejects.toMatchObject({
      message: '"My S".c is a stream table without its definition',
      hint: expect.stringContaining('DROP TABLE'),
    })
    const make = () =>
      client.query(`SELECT pgstream.create_stream_table('"My S".c', 'SELECT id FROM base', '1h')`)
    await expect(make()).rejects.toMatchObject({
      code: '42P07',
      hint: expect.stringContaining('DROP TABLE "My S".c'),
    })
    expect(
      await rows(client, `SELECT detail FROM pgstream.health_check() WHERE check_name = 'orphans'`),
    ).toEqual([{ detail: expect.stringContaining('"My S".c, a stream table without its definition') }])
    await client.query('DROP TABLE "My S".c')
    await make()
    await client.query(
      `INSERT INTO base VALUES (1); SELECT pgstream.alter_stream_table('"My S".c', schedule => '1s')`,
    )
    await client.query('CALL pgstream.run_scheduler()')
    expect(await rows(client, 'SELECT * FROM "My S".c')).toEqual([{ id: 1 }])
    await client.query('INSERT INTO base VALUES (2)')
    await expectExact(client, '"My S".c')
    await expect(client.query(`SELECT pgstream.drop_stream_table('"My S".d')`)).rejects.toThrow(
      /^stream table "My S"\.d does not exist$/,
    )
  })

  test('of capture that had ended and could not be taken away yet nothing is left', async () => {
    const from = await database()
    await from.client.query(`CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY);
      SELECT pgstream.create_stream_table('of_t', 'SELECT count(*) AS n FROM t', '1h');
      SELECT pgstream.create_stream_table('of_u', 'SELECT count(*) AS n FROM u', '1h')`)
    const reader = await from.connect()
    await reader.query('BEGIN; SELECT FROM u')
    await from.client.query(`SELECT pgstream.drop_stream_table('of_u')`)
    const there = `SELECT DISTINCT tgrelid::regclass::text AS name FROM pg_trigger WHERE tgname LIKE 'pgstream_capture%'`
    expect(await rows(from.client, there)).toHaveLength(2)
    const to = await copyOf(from)
    await reader.query('COMMIT')
    expect(await restore(to.client)).toHaveLength(1)
    expect(await rows(to.client, there)).toEqual([{ name: 't' }])
    await to.client.query('INSERT INTO u VALUES (1); INSERT INTO t VALUES (1)')
    await expectExact(to.client, 'of_t')
  })

  test('what was renamed since is found by its name of today', async () => {
    const from = await database()
    await from.client.query(`CREATE SCHEMA app; SET search_path = app, public;
      CREATE TABLE orders (id int PRIMARY KEY, region text, amount int);
      INSERT INTO orders SELECT i, 'r' || i % 3, i FROM generate_series(1, 9) AS i;
      CREATE TABLE cust (id int PRIMARY KEY, nm varchar(10)); INSERT INTO cust VALUES (1, 'Ada');
      SELECT pgstream.create_stream_table('tot', 'SELECT region, sum(amount) AS s FROM orders GROUP BY region', '1h');
      SELECT pgstream.create_stream_table('jn', 'SELECT region, s * 2 AS d FROM tot', '1h');
      SELECT pgstream.create_stream_table('cu', 'SELECT id, nm FROM cust', '1h');
      ALTER TABLE orders RENAME TO orders_old;
      CREATE TABLE orders (id int PRIMARY KEY, region text, amount int); INSERT INTO orders VALUES (100, 'WRONG', 1);
      ALTER TABLE tot RENAME TO totals; ALTER TABLE cust RENAME COLUMN nm TO label`)
    const { client } = await copyOf(from)
    expect((await restore(client)).map(({ name, action }) => [name, action]).sort()).toEqual([
      ['app.cu', 'RESTORED'],
      ['app.jn', 'RESTORED'],
      ['app.totals', 'RESTORED'],
    ])
    for (const table of ['totals', 'jn', 'cu']) {
      const text = `SELECT * FROM app.${table} ORDER BY 1`
      expect(await rows(client, text)).toEqual(await rows(from.client, text))
    }
    expect(await rows(client, 'SELECT region FROM app.totals ORDER BY 1')).toEqual([
      { region: 'r0' },
      { region: 'r1' },
      { region: 'r2' },
    ])
  })

  test.each([
    { followed: 'as it happened', watched: true },
    { followed: 'by nobody', watched: false },
  ])('the type of a column, or its schema, was renamed, $followed', async ({ watched }) => {
    const from = await database()
    if (!watched)
      await from.client.query(
        'DROP EVENT TRIGGER pg_stream_ddl; DROP EVENT TRIGGER pg_stream_drop; DROP EVENT TRIGGER pg_stream_rewrite',
      )
    await from.client.query(`CREATE SCHEMA h; CREATE TYPE h.mood AS ENUM ('sad', 'ok'); CREATE DOMAIN h.share AS numeric(6, 3);
      CREATE SCHEMA k; CREATE TYPE k.pair AS (a int, b int);
      CREATE TABLE felt (id int PRIMARY KEY, feeling h.mood, part h.share, both_of k.pair);
      INSERT INTO felt VALUES (1, 'sad', 1.5, (1, 2)), (2, 'ok', 2.5, (3, 4));
      SELECT pgstream.create_stream_table('copied', 'SELECT * FROM felt', '1h');
      SELECT pgstream.create_stream_table('parted', 'SELECT feeling, sum(part) AS s FROM felt GROUP BY feeling', '1h', 'FULL');
      SELECT pgstream.create_stream_table('above', 'SELECT feeling, s FROM parted', '1h');
      ALTER TYPE h.mood RENAME TO feeling; ALTER DOMAIN h.share RENAME TO portion; ALTER SCHEMA k RENAME TO kk`)
    if (!watched)
      await from.client.query(
        `SELECT pgstream.refresh_stream_table(n) FROM unnest('{copied,parted,above}'::text[]) AS n`,
      )
    await from.client.query('ALTER TABLE copied RENAME TO duplicate')
    if (!watched) await from.client.query(`SELECT pgstream.refresh_stream_table('duplicate')`)
    const { client } = await copyOf(from)
    expect(new Set((await restore(client)).map(({ action }) => action))).toEqual(new Set(['RESTORED']))
    await client.query(`INSERT INTO felt VALUES (3, 'ok', 7, (5, 6))`)
    for (const name of ['duplicate', 'parted', 'above']) await expectExact(client, name)

    // Left out, it is made again with the names of today.
    const parts = await database({ pgStream: false })
    await run?.('pg_dump', '-Fc', '-T', 'duplicate', '-f', `${file}.types`, from.url)
    await run?.('pg_restore', '--exit-on-error', '-d', parts.url, `${file}.types`)
    expect(new Set((await restore(parts.client)).map(({ action }) => action))).toEqual(new Set(['RESTORED']))
    for (const name of ['duplicate', 'parted', 'above']) await expectEqual(parts.client, name)
  })

  test('a group comes back at one moment, whoever writes meanwhile', async () => {
    const from = await database()
    await from.client.query(`CREATE TABLE one (id int PRIMARY KEY, bal int); CREATE TABLE two (id int PRIMARY KEY, bal int);
      INSERT INTO one VALUES (1, 100); INSERT INTO two VALUES (1, 100);
      SELECT pgstream.create_stream_table('a_one', 'SELECT sum(bal)::int AS total FROM one', '1h', 'FULL', consistency_group => 'g');
      SELECT pgstream.create_stream_table('b_two', 'SELECT sum(bal)::int AS total FROM two', '1h', consistency_group => 'g')`)
    const to = await copyOf(from)
    const writer = await to.connect()
    await writer.query('BEGIN; LOCK two')
    const restored = restore(to.client)
    await untilWaiting(writer, to.client)
    await writer.query('UPDATE one SET bal = bal - 50; UPDATE two SET bal = bal + 50; COMMIT')
    expect((await restored).map(({ action }) => action)).toEqual(['RESTORED', 'RESTORED'])
    expect(await rows(to.client, 'SELECT a_one.total AS a, b_two.total AS b FROM a_one, b_two')).toEqual([
      { a: 50, b: 150 },
    ])
  })

  test('a lock that cannot be had breaks no stream table', async () => {
    const from = await database()
    await from.client.query(
      `CREATE TABLE one (id int PRIMARY KEY); SELECT pgstream.create_stream_table('st', 'SELECT id FROM one')`,
    )
    const to = await copyOf(from)
    const writer = await to.connect()
    await writer.query('BEGIN; LOCK one')
    await to.client.query(`SET lock_timeout = '200ms'`)
    await expect(restore(to.client)).rejects.toMatchObject({ code: '55P03' })
    await writer.query('ROLLBACK')
    expect(await restore(to.client)).toEqual([{ name: 'public.st', action: 'RESTORED', detail: null }])
  })

  test.each(Object.keys(WAYS))('%s brings every stream table back', async (way) => {
    const from = await database()
    await from.client.query(SHOP)
    // Left for the readers, so that buffers are not empty.
    await from.client.query(CHANGE)
    const to = await copyOf(from, way)
    const { client } = to

    // Nothing goes by what the catalog says until it is restored.
    const before = await rows(client, 'SELECT * FROM pgstream.frontiers ORDER BY pgs_id')
    await expect(
      client.query(`SELECT pgstream.refresh_stream_table('"My Shop".by_mood')`),
    ).rejects.toMatchObject({
      code: '55000',
      message: 'the stream tables of this database wait to be restored',
      hint: expect.stringContaining('pgstream.restore_stream_tables()'),
    })
    await expect(client.query('CALL pgstream.run_scheduler()')).rejects.toThrow('wait to be restored')
    await expect(client.query(`SELECT pgstream.create_stream_table('t', 'SELECT 1 AS a')`)).rejects.toThrow(
      'wait to be restored',
    )
    expect(await rows(client, 'SELECT due FROM pgstream._look()')).toEqual([{ due: 0 }])

    // Nor does anybody who watches hear that all is well, or of anything else that is wrong.
    expect(await rows(client, 'SELECT check_name, severity, hint FROM pgstream.health_check()')).toEqual([
      {
        check_name: 'restore',
        severity: 'ERROR',
        hint: expect.stringContaining('pgstream.restore_stream_tables()'),
      },
    ])
    expect(
      await rows(client, 'SELECT DISTINCT status, is_populated, data_timestamp FROM pgstream.pgs_status()'),
    ).toEqual([{ status: 'UNRESTORED', is_populated: false, data_timestamp: null }])
    expect(
      await rows(
        client,
        'SELECT DISTINCT status, waiting_for, data_timestamp, stale FROM pgstream.stream_tables_info',
      ),
    ).toEqual([
      { status: 'UNRESTORED', waiting_for: 'restore_stream_tables()', data_timestamp: null, stale: null },
    ])
    expect(await rows(client, 'SELECT status, max_staleness FROM pgstream.quick_health')).toEqual([
      { status: 'UNRESTORED', max_staleness: null },
    ])
    for (const group of await rows(client, 'SELECT held_by, data_timestamp FROM pgstream.diamond_groups()'))
      expect(group).toEqual({ held_by: 'all: waits for restore_stream_tables()', data_timestamp: null })
    expect(await rows(client, 'SELECT DISTINCT alert FROM pgstream.check_cdc_health()')).toEqual([
      { alert: 'waits for restore_stream_tables()' },
    ])
    await client.query(`INSERT INTO "My Shop"."Sales" VALUES (2000, 'sad', 9, now());
      CREATE TABLE other (a int); ALTER TABLE other ADD b int; DROP TABLE other`)
    expect(await rows(client, 'SELECT * FROM pgstream.frontiers ORDER BY pgs_id')).toEqual(before)

    const restored = await restore(client)
    expect(restored.map(({ name }) => name).sort()).toEqual(await names(from.client))
    expect(new Set(restored.map(({ action }) => action))).toEqual(new Set(['RESTORED']))
    expect(restored.filter(({ detail }) => detail !== null)).toEqual([
      {
        name: '"My Shop".later',
        action: 'RESTORED',
        detail: 'it was not filled, and waits for its first refresh',
      },
    ])
    const order = restored.map(({ name }) => name)
    expect(order.indexOf('"My Shop".a_second')).toBeGreaterThan(order.indexOf('"My Shop".z_first'))
    expect(await rows(client, FACTS)).toEqual(await rows(from.client, FACTS))
    // The oracle is a session with settings of its own; one definition depends on them.
    await client.query(`SET TimeZone = 'Asia/Tokyo'`)
    for (const { name } of restored)
      if (!name.endsWith('.later')) await expectEqual(client, name, { image: true })
    expect(await rows(client, 'SELECT action FROM pgstream.restore_stream_tables()')).toEqual(
      restored.map(() => ({ action: 'UNCHANGED' })),
    )
    expect(await rows(client, FACTS)).toEqual(await rows(from.client, FACTS))

    // Maintained as before, by its owner too.
    await client.query(CHANGE)
    const owner = await to.connect(OWNER)
    for (const name of ['by_mood', 'z_first', 'a_second'])
      expect(await expectExact(owner, `"My Shop".${name}`, { image: true })).toBe('DIFFERENTIAL')
    await client.query('CALL pgstream.run_scheduler()')
    await expectEqual(client, '"My Shop".later')
    await expect(client.query('DELETE FROM "My Shop".by_mood')).rejects.toThrow('cannot change stream table')
    await client.query(`SELECT pgstream.resume_stream_table('"My Shop".asleep')`)
    await expectExact(client, '"My Shop".asleep')
    await client.query(`ALTER TABLE "My Shop"."Sales" RENAME part TO portion`)
    await expectExact(client, '"My Shop".by_mood')
    for (const name of (await names(client)).filter((each) => !each.endsWith('z_first')))
      await client.query('SELECT pgstream.drop_stream_table($1)', [name])
    await client.query(`SELECT pgstream.drop_stream_table('"My Shop".z_first')`)
    expect(
      await rows(
        client,
        `SELECT relname FROM pg_class WHERE relnamespace IN ('pgstream_changes'::regnamespace, 'pgstream_state'::regnamespace)
         UNION ALL SELECT proname FROM pg_proc WHERE pronamespace IN ('pgstream_changes'::regnamespace, 'pgstream_state'::regnamespace)
         UNION ALL SELECT tgname FROM pg_trigger WHERE tgname ~ '^pgstream_'`,
      ),
    ).toEqual([])
  })

  test('taken while others write and refresh', async () => {
    const from = await database()
    await from.client.query(SCHEMA)
    for (const [name, query] of STREAM_TABLES)
      await from.client.query(`SELECT pgstream.create_stream_table($1, $2, '1s', 'DIFFERENTIAL')`, [
        name,
        query,
      ])
    const clients = await Promise.all(Array.from({ length: 6 }, () => from.connect()))
    const load = startLoad(clients, 4_000, 1_000, 5)
    const scheduler = await from.connect()
    let written = false
    const refreshing = (async () => {
      while (!written) await scheduler.query('CALL pgstream.run_scheduler()')
    })()
    await sleep(1_000)
    const to = await copyOf(from)
    await load.done
    written = true
    await refreshing
    const restored = await restore(to.client)
    expect(restored.filter(({ action }) => action !== 'RESTORED')).toEqual([])
    expect(restored).toHaveLength(STREAM_TABLES.length)
    for (const [name] of STREAM_TABLES) await expectEqual(to.client, name, { image: true })
    await to.client.query(`UPDATE orders SET amount = amount + 1 WHERE id % 3 = 0; DELETE FROM notes WHERE k = 3;
      INSERT INTO visits SELECT i, 9, i FROM generate_series(1000, 1010) AS i`)
    for (const [name] of STREAM_TABLES)
      expect(await expectExact(to.client, name)).toMatch(/DIFFERENTIAL|NO_DATA/)
  })

  test('one that cannot be brought back says why, keeps its rows, and the others come back', async () => {
    const from = await database()
    await from.client.query(SHOP)
    const to = await copyOf(from)
    const { client } = to
    await client.query(`SET ROLE "${OWNER}"; ALTER TABLE "My Shop"."Sales" RENAME TO "Moved"; ALTER TABLE "My Shop"."Moved" ADD zero int DEFAULT 0;
      CREATE VIEW "My Shop"."Sales" AS SELECT id / zero AS id, feeling, part, at FROM "My Shop"."Moved"`)
    await client.query(`DROP VIEW "My Shop".felt; RESET ROLE`)
    const result = new Map((await restore(client)).map(({ name, ...rest }) => [name, rest]))
    expect(result.get('"My Shop".by_mood')).toEqual({
      action: 'FAILED',
      detail: expect.stringContaining('relation "My Shop.felt" does not exist'),
    })
    expect(result.get('"My Shop".asleep')).toEqual({ action: 'FAILED', detail: 'division by zero' })
    expect(result.get('"My Shop".days')?.action).toBe('RESTORED')
    const state = async (name: string) =>
      (
        await client.query(
          `SELECT s.status, s.broken_reason, (SELECT count(*)::int FROM "My Shop".by_mood) AS rows
           FROM pgstream.pgs_stream_tables s WHERE pgs_name = $1`,
          [name],
        )
      ).rows[0]
    expect(await state('by_mood')).toEqual({
      status: 'ERROR',
      broken_reason: 'it could not be restored: relation "My Shop.felt" does not exist',
      rows: 3,
    })
    // Everybody reads this, so it does not quote the data.
    // Broken, and nothing else: there is nothing to repair.
    const health = await rows(
      client,
      `SELECT check_name, detail FROM pgstream.health_check() WHERE detail LIKE '%by_mood%'`,
    )
    expect(health.map(({ check_name }) => check_name)).toEqual(['broken'])
    expect(await state('asleep')).toMatchObject({
      status: 'ERROR',
      broken_reason: 'it could not be restored: SQLSTATE 22012 (division by zero)',
    })
    await expect(client.query(`SELECT pgstream.refresh_stream_table('"My Shop".by_mood')`)).rejects.toThrow(
      'cannot refresh',
    )

    // Put right, they come back by the same call, or one by one.
    await client.query(`SET ROLE "${OWNER}"; DROP VIEW "My Shop"."Sales" CASCADE; ALTER TABLE "My Shop"."Moved" RENAME TO "Sales";
      ALTER TABLE "My Shop"."Sales" DROP COLUMN zero;
      CREATE VIEW "My Shop".felt AS SELECT * FROM "My Shop"."Sales" WHERE feeling IS NOT NULL; RESET ROLE`)
    await client.query(`SELECT pgstream.resume_stream_table('"My Shop".by_mood')`)
    expect(await state('by_mood')).toMatchObject({ status: 'ACTIVE', broken_reason: null })
    const again = new Map((await restore(client)).map(({ name, action }) => [name, action]))
    expect(again.get('"My Shop".by_mood')).toBe('UNCHANGED')
    expect(again.get('"My Shop".asleep')).toBe('RESTORED')
    expect([...again.values()]).not.toContain('FAILED')
    await client.query(CHANGE)
    for (const name of ['by_mood', 'asleep', 'z_first', 'a_second', 'whole'])
      await expectExact(client, `"My Shop".${name}`, { image: true })
  })

  test('a table that was left out is made again, or its definition handed over', async () => {
    const from = await database()
    await from.client.query(SHOP)
    await from.client.query(
      `CREATE SCHEMA gone; SELECT pgstream.create_stream_table('gone.t', 'SELECT 1 AS a')`,
    )
    const to = await database({ pgStream: false })
    await run?.('pg_dump', '-Fc', '-N', 'gone', '-T', '"My Shop".by_mood', '-f', `${file}.part`, from.url)
    await run?.('pg_restore', '--exit-on-error', '-d', to.url, `${file}.part`)
    const result = new Map((await restore(to.client)).map(({ name, ...rest }) => [name, rest]))
    expect(result.get('gone.t')).toEqual({
      action: 'FORGOTTEN',
      detail: expect.stringMatching(/^schema "gone" does not exist; its definition was:\n.*SELECT 1 AS a/s),
    })
    expect(result.get('"My Shop".by_mood')?.action).toBe('RESTORED')
    expect(
      await rows(
        to.client,
        `SELECT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relname = 'by_mood'`,
      ),
    ).toEqual([{ owner: OWNER }])
    await to.client.query(CHANGE)
    expect(await expectExact(to.client, '"My Shop".by_mood')).toBe('DIFFERENTIAL')
    expect(await names(to.client)).not.toContain('gone.t')
  })

  test('a definition is forgotten for nothing that passes, nor for a setting of the session', async () => {
    const from = await database()
    await from.client.query(`CREATE TABLE one (id int PRIMARY KEY);
      SELECT pgstream.create_stream_table('left_out', 'SELECT id FROM one'); ALTER TABLE left_out OWNER TO "${OWNER}"; GRANT SELECT, TRIGGER ON one TO "${OWNER}"`)
    const to = await database({ pgStream: false })
    await run?.('pg_dump', '-Fc', '-T', 'left_out', '-f', `${file}.out`, from.url)
    await run?.('pg_restore', '--exit-on-error', '-d', to.url, `${file}.out`)
    const other = await to.connect()
    await other.query('BEGIN; CREATE TABLE left_out ()')
    await to.client.query(`SET lock_timeout = '200ms'`)
    await expect(restore(to.client)).rejects.toMatchObject({ code: '55P03' })
    await to.client.query(`SET lock_timeout = 0; SET statement_timeout = '200ms'`)
    await expect(restore(to.client)).rejects.toMatchObject({ code: '57014' })
    await to.client.query('SET statement_timeout = 0')
    await other.query('ROLLBACK')
    await admin.query('SET allow_in_place_tablespaces = on')
    await admin.query(`CREATE TABLESPACE apart LOCATION ''`)
    await to.client.query('SET default_tablespace = apart')
    await expect(restore(to.client)).rejects.toMatchObject({ code: '42501' })
    await to.client.query('RESET default_tablespace')
    expect(await restore(to.client)).toEqual([{ name: 'public.left_out', action: 'RESTORED', detail: null }])
    await admin.query('DROP TABLESPACE apart')
  })

  test('what is generated may be left out', async () => {
    const from = await database()
    await from.client.query(SHOP)
    const to = await database({ pgStream: false })
    const without = ['-N', 'pgstream_changes', '-N', 'pgstream_state', '-f', `${file}.bare`]
    await run?.('pg_dump', '-Fc', ...without, from.url)
    // Triggers whose functions are not there.
    await run?.('pg_restore', '-d', to.url, `${file}.bare`).catch(() => {})
    expect(new Set((await restore(to.client)).map(({ action }) => action))).toEqual(new Set(['RESTORED']))
    expect(await rows(to.client, FACTS)).toEqual(await rows(from.client, FACTS))
    await to.client.query(CHANGE)
    for (const name of ['by_mood', 'z_first', 'a_second'])
      expect(await expectExact(to.client, `"My Shop".${name}`)).toBe('DIFFERENTIAL')
  })

  test('over an installation', async () => {
    const from = await database()
    await from.client.query(SHOP)
    await run?.('pg_dump', '-Fc', '-f', `${file}.over`, from.url)
    const empty = await database()
    // Nearly everything is there already.
    await run?.('pg_restore', '-d', empty.url, `${file}.over`).catch(() => {})
    for (const call of [`refresh_stream_table('"My Shop".by_mood')`, 'pause_all()', 'resume_all()'])
      await expect(empty.client.query(`SELECT pgstream.${call}`)).rejects.toMatchObject({
        code: '55000',
        hint: expect.stringContaining('restore_stream_tables'),
      })
    expect(new Set((await restore(empty.client)).map(({ action }) => action))).toEqual(new Set(['RESTORED']))
    expect(await names(empty.client)).toEqual(await names(from.client))
    await empty.client.query(CHANGE)
    for (const name of ['by_mood', 'z_first', 'a_second'])
      expect(await expectExact(empty.client, `"My Shop".${name}`)).toBe('DIFFERENTIAL')

    // One that has definitions keeps these; those of the dump, of the same numbers, are not taken in.
    const used = await database()
    await used.client.query(
      `CREATE TABLE mine (a int PRIMARY KEY); SELECT pgstream.create_stream_table('st', 'SELECT a FROM mine')`,
    )
    await run?.('pg_restore', '-d', used.url, `${file}.over`).catch(() => {})
    expect(await restore(used.client)).toEqual([{ name: 'public.st', action: 'RESTORED', detail: null }])
    await used.client.query('INSERT INTO mine VALUES (1)')
    expect(await expectExact(used.client, 'st')).toBe('DIFFERENTIAL')
    await used.client.query('CALL pgstream.run_scheduler()')
    const [{ detail }] = await rows(
      used.client,
      `SELECT detail FROM pgstream.health_check() WHERE check_name = 'orphans'`,
    )
    expect(detail).toContain('"My Shop".by_mood, a stream table without its definition')
  })

  test('a table of that name that is no stream table keeps its rows', async () => {
    const from = await database()
    await from.client.query(`SELECT pgstream.create_stream_table('mine', 'SELECT 1 AS a')`)
    const to = await copyOf(from)
    await to.client.query('DROP TABLE mine; CREATE TABLE mine (a int); INSERT INTO mine VALUES (7)')
    expect(await restore(to.client)).toEqual([
      {
        name: 'public.mine',
        action: 'FORGOTTEN',
        detail: expect.stringContaining('is not a stream table'),
      },
    ])
    expect(await rows(to.client, 'TABLE mine')).toEqual([{ a: 7 }])
  })

  test('without owners and privileges', async () => {
    const from = await database()
    await from.client.query(SHOP)
    const to = await database({ pgStream: false })
    await run?.('pg_dump', '-Fc', '-f', `${file}.bare`, from.url)
    await run?.(
      'pg_restore',
      '--exit-on-error',
      '--no-owner',
      '--no-privileges',
      '-d',
      to.url,
      `${file}.bare`,
    )
    expect(new Set((await restore(to.client)).map(({ action }) => action))).toEqual(new Set(['RESTORED']))
    await to.client.query(CHANGE)
    expect(await expectExact(to.client, '"My Shop".by_mood')).toBe('DIFFERENTIAL')
    // What has the rights of the installer is closed again, what everybody may see is open.
    const open = `SELECT count(*)::int AS n FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
      WHERE p.pronamespace IN ('pgstream'::regnamespace, 'pgstream_state'::regnamespace, 'pgstream_changes'::regnamespace)
        AND p.prosecdef AND a.grantee = 0`
    expect(await rows(to.client, open)).toEqual(await rows(from.client, open))
    const reader = await to.connect(READER)
    expect(await names(reader)).toEqual(await names(from.client))
    await expect(reader.query('SELECT * FROM pgstream.restore_stream_tables()')).rejects.toMatchObject({
      code: '42501',
    })
  })

  test('without comments, by which pg_stream’s indexes are told from others', async () => {
    const from = await database()
    await from.client.query(`CREATE TABLE base (id int PRIMARY KEY, k int);
      INSERT INTO base SELECT i, i % 3 FROM generate_series(1, 9) AS i;
      SELECT pgstream.create_stream_table('grouped', 'SELECT k, count(*) AS n FROM base GROUP BY k', '1h', 'DIFFERENTIAL');
      CREATE UNIQUE INDEX a_own ON grouped (k); CREATE UNIQUE INDEX a_second ON grouped (k) NULLS NOT DISTINCT`)
    const to = await database({ pgStream: false })
    await run?.('pg_dump', '--no-comments', '-f', `${file}.plain.sql`, from.url)
    await run?.('psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', `${file}.plain.sql`, to.url)
    await restore(to.client)
    const indexes = `SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      WHERE i.indrelid = 'grouped'::regclass ORDER BY 1`
    await to.client.query('DROP INDEX a_own, a_second')
    await to.client.query(
      `SELECT pgstream.alter_stream_table('grouped', query => 'SELECT k, id::bigint AS n FROM base')`,
    )
    expect(await rows(to.client, indexes)).toEqual([{ name: 'grouped_hash_record_extended_idx' }])
    expect(await rows(to.client, `SELECT * FROM pgstream.verify_stream_table('grouped')`)).toEqual([])
  })

  test('in parts, where there are not locks enough for all at once', async () => {
    const from = await database()
    await from.client.query(SCHEMA)
    for (const [name, query] of STREAM_TABLES)
      await from.client.query('SELECT pgstream.create_stream_table($1, $2)', [name, query])
    const to = await copyOf(from)
    await to.client.query(`CREATE OR REPLACE FUNCTION pgstream._locks_are_left() RETURNS boolean LANGUAGE sql
      AS 'SELECT count(*) < 150 FROM pg_catalog.pg_locks WHERE pid = pg_catalog.pg_backend_pid() AND NOT fastpath'`)
    const calls: string[][] = []
    do calls.push((await restore(to.client)).map(({ action }) => action))
    while (calls.at(-1)?.includes('PENDING') && calls.length < 30)
    expect(calls.length).toBeGreaterThan(3)
    expect(new Set(calls[0])).toEqual(new Set(['PENDING']))
    expect(calls.flat().filter((action) => action === 'RESTORED')).toHaveLength(STREAM_TABLES.length)
    expect(calls.flat()).not.toContain('FAILED')
    for (const [name] of STREAM_TABLES) await expectEqual(to.client, name, { image: true })
    // Nobody captured the refill of a source.
    expect(
      (await to.client.query(`SELECT pgstream.refresh_stream_table('over_over') AS action`)).rows,
    ).toEqual([{ action: 'NO_DATA' }])
  })

  test('over the database that it was taken from', async () => {
    const from = await database()
    await from.client.query(SHOP)
    await run?.('pg_dump', '-Fc', '-f', `${file}.clean`, from.url)
    await from.client.query(CHANGE)
    await from.client.query('CALL pgstream.run_scheduler()')
    await run?.('pg_restore', '--exit-on-error', '--clean', '--if-exists', '-d', from.url, `${file}.clean`)
    expect(new Set((await restore(from.client)).map(({ action }) => action))).toEqual(new Set(['RESTORED']))
    await from.client.query(CHANGE)
    expect(await expectExact(from.client, '"My Shop".by_mood')).toBe('DIFFERENTIAL')
  })
})

describe('the catalog knows whether it is at home', () => {
  const isHome = async (client: pg.Client) =>
    (await rows(client, 'SELECT pgstream._is_home() AS home'))[0]?.home
  const settle = (what: string) =>
    `UPDATE pgstream._home SET ${what}; UPDATE pgstream._home SET writer = xmin`

  test('through whatever rewrites its table, and for every role', async () => {
    const db = await database()
    await db.client.query('VACUUM FREEZE pgstream._home')
    await db.client.query('VACUUM FULL pgstream._home')
    expect(await isHome(db.client)).toBe(true)
    expect(await isHome(await db.connect(READER))).toBe(true)
    await db.client.query('SELECT pgstream._settle()')
    await db.client.query('BEGIN; SAVEPOINT a; SELECT pgstream._settle(); COMMIT')
    expect(await isHome(db.client)).toBe(true)
    await db.client.query('BEGIN; CREATE SCHEMA evil; SET LOCAL search_path = evil, pg_catalog')
    await db.client.query(`CREATE FUNCTION evil.eq(xid, xid) RETURNS bool LANGUAGE sql AS 'SELECT false'`)
    await db.client.query('CREATE OPERATOR evil.= (LEFTARG = xid, RIGHTARG = xid, FUNCTION = evil.eq)')
    expect(await isHome(db.client)).toBe(true)
    await db.client.query('ROLLBACK')
  })

  test('a copy of the files is exact as it is', async () => {
    const db = await database()
    await db.client.query(SHOP)
    await db.client.query(CHANGE)
    const name = `${db.name}_copy`
    await db.client.end()
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${db.name}`)
    const copy = await connectTo(name)
    expect(await expectExact(copy, '"My Shop".by_mood')).toBe('DIFFERENTIAL')
    expect(new Set((await restore(copy)).map(({ action }) => action))).toEqual(new Set(['UNCHANGED']))
  })

  // As pg_upgrade leaves it: the same oids, in another cluster, of another version.
  test.each(['system_identifier = 1', 'major_version = 14'])('upgraded: %s', async (what) => {
    const db = await database()
    await db.client.query(SHOP)
    const facts = await rows(db.client, FACTS)
    await db.client.query(settle(what))
    await db.client.query(CHANGE)
    expect(await isHome(db.client)).toBe(false)
    await expect(
      db.client.query(`SELECT pgstream.refresh_stream_table('"My Shop".by_mood')`),
    ).rejects.toThrow('wait to be restored')
    expect(new Set((await restore(db.client)).map(({ action }) => action))).toEqual(new Set(['RESTORED']))
    expect(await rows(db.client, FACTS)).toEqual(facts)
    await expectEqual(db.client, '"My Shop".by_mood', { image: true })
    await db.client.query(CHANGE)
    expect(await expectExact(db.client, '"My Shop".by_mood')).toBe('DIFFERENTIAL')
  })

  test('restoring takes a fresh snapshot', async () => {
    const db = await database()
    await db.client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await expect(restore(db.client)).rejects.toMatchObject({ code: '25000' })
    await db.client.query('ROLLBACK')
  })
})

test('an exported definition makes the same stream table elsewhere', async () => {
  const from = await database()
  await from.client.query(SHOP)
  const to = await database()
  await to.client.query(SHOP)
  const query = `SELECT pgstream.export_definition(format('%I.%I', pgs_schema, pgs_name)) AS sql FROM pgstream.pgs_stream_tables ORDER BY pgs_id`
  const definitions = (await rows(from.client, query)).map(({ sql }) => sql)
  for (const name of await names(from.client))
    await to.client.query('SELECT pgstream.drop_stream_table($1, true)', [name]).catch(() => {})
  expect(await names(to.client)).toEqual([])
  for (const definition of definitions) await to.client.query(definition)
  expect((await rows(to.client, query)).map(({ sql }) => sql)).toEqual(definitions)
  await to.client.query(`SET TimeZone = 'Asia/Tokyo'`)
  for (const name of await names(to.client)) await expectExact(to.client, name)
})
