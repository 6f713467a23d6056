import type pg from 'pg'
import { beforeEach, expect, test } from 'vitest'
import { expectEqual, expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let db: FreshDatabase
let client: pg.Client

beforeEach(async () => {
  db = await freshDatabase()
  client = db.client
  return () => db.close()
})

const one = async (query: string, values: unknown[] = []) => (await client.query(query, values)).rows[0]
const create = (name: string, query: string, mode = 'DIFFERENTIAL', as = client) =>
  as.query(`SELECT pgstream.create_stream_table($1, $2, '1h', $3)`, [name, query, mode])
const refresh = async (name: string, as = client) =>
  (await as.query('SELECT pgstream.refresh_stream_table($1) AS action', [name])).rows[0].action
const compare = (source: string, as = client) => as.query('SELECT pgstream.compare_source($1)', [source])
const code = (query: Promise<unknown>) =>
  query.then(
    () => 'ok',
    (error) => error.code,
  )

/** A table here, and a foreign table that shows it by way of a connection to this very database. */
async function loopback(columns: string, foreign = columns) {
  const { hostname, port } = new URL(db.url)
  await client.query(`
    CREATE EXTENSION postgres_fdw;
    CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${hostname}', port '${port}', dbname '${db.name}');
    CREATE USER MAPPING FOR PUBLIC SERVER loop OPTIONS (user 'postgres');
    CREATE TABLE far (${columns});
    CREATE FOREIGN TABLE near (${foreign}) SERVER loop OPTIONS (table_name 'far')`)
}

const KEPT = `
  CREATE TABLE base (id int PRIMARY KEY, k int, n numeric, j json);
  INSERT INTO base SELECT i, i % 4, i, json_build_object('a', i) FROM generate_series(1, 20) AS i;
  CREATE MATERIALIZED VIEW kept AS SELECT k, n, j FROM base;
  CREATE TABLE names (k int PRIMARY KEY, name text);
  INSERT INTO names SELECT i, 'k' || i FROM generate_series(0, 4) AS i;`

test('a materialized view that is compared is maintained incrementally, with duplicates, NULLs and json', async () => {
  await client.query(KEPT)
  expect(await code(create('totals', 'SELECT k, sum(n) AS n FROM kept GROUP BY k'))).toBe('0A000')
  expect(await one(`SELECT pgstream.compare_source('kept') AS name`)).toEqual({
    name: 'public.kept_compared',
  })
  await create('totals', 'SELECT k, sum(n) AS n, count(*) AS c FROM kept GROUP BY k')
  await create('joined', 'SELECT name, n, j FROM kept LEFT JOIN names USING (k)')
  await create('none', 'SELECT name FROM names WHERE NOT EXISTS (SELECT FROM kept WHERE kept.k = names.k)')
  const all = async (action: string) => {
    for (const name of ['totals', 'joined', 'none']) {
      const done = await refresh(name)
      if (name === 'totals') expect(done).toBe(action)
      await expectEqual(client, name, { image: true })
      await expectExact(client, name)
    }
  }
  await all('NO_DATA')
  const changes = [
    'UPDATE base SET n = n + 1 WHERE id = 3',
    `INSERT INTO base VALUES (21, NULL, NULL, NULL), (22, NULL, NULL, NULL), (23, 1, 1.0, '{"a" : 1}')`,
    'UPDATE base SET n = 1.00 WHERE id = 23',
    `UPDATE base SET j = '{"a":1}', n = n + 1 WHERE id = 23`,
    'DELETE FROM base WHERE id = 21 OR k = 2',
    'DELETE FROM base',
    'INSERT INTO base SELECT i, i % 5, i FROM generate_series(1, 2000) AS i',
  ]
  for (const change of changes) {
    await client.query(`${change}; REFRESH MATERIALIZED VIEW kept`)
    await all('DIFFERENTIAL')
  }
})

test('a materialized view that was not refreshed is not read', async () => {
  await client.query(KEPT)
  await client.query(
    'CREATE MATERIALIZED VIEW m AS SELECT DISTINCT id, k FROM base; CREATE UNIQUE INDEX ON m (id)',
  )
  await compare('m')
  await create('counted', 'SELECT k, count(*) AS c FROM m GROUP BY k')
  const actions = async () => [await refresh('m_compared'), await refresh('counted')]
  await actions()
  expect(await actions()).toEqual(['NO_DATA', 'NO_DATA'])
  await client.query('VACUUM ANALYZE m')
  await client.query('CREATE INDEX ON m (k)')
  await actions()
  expect(await actions()).toEqual(['NO_DATA', 'NO_DATA'])
  for (const how of ['', 'CONCURRENTLY']) {
    await client.query(
      `UPDATE base SET k = 7 WHERE id <= ${how.length + 1}; REFRESH MATERIALIZED VIEW ${how} m`,
    )
    expect(await refresh('counted')).toBe('DIFFERENTIAL')
    await expectExact(client, 'counted')
    expect(await actions()).toEqual(['NO_DATA', 'NO_DATA'])
  }
  // Twice in one transaction, with a refresh in between; and one that is rolled back.
  for (const end of ['COMMIT', 'ROLLBACK']) {
    await client.query('BEGIN')
    for (const k of [8, 9]) {
      await client.query(`UPDATE base SET k = ${k} + id; REFRESH MATERIALIZED VIEW CONCURRENTLY m`)
      expect(await refresh('counted')).toBe('DIFFERENTIAL')
      await expectEqual(client, 'counted', { within: true })
      await client.query(`UPDATE base SET k = ${k} - id; REFRESH MATERIALIZED VIEW m`)
      await refresh('counted')
      await expectEqual(client, 'counted', { within: true })
    }
    await client.query(end)
    await expectExact(client, 'counted')
  }
})

test('a foreign table that is compared serves several readers, and says so', async () => {
  await loopback('id int, gone int, k int, v text')
  await client.query(`INSERT INTO far SELECT i, 0, i % 3, 'v' || i FROM generate_series(1, 30) AS i;
    ALTER TABLE far DROP COLUMN gone; ALTER FOREIGN TABLE near DROP COLUMN gone;
    CREATE TABLE local (k int PRIMARY KEY, name text); INSERT INTO local VALUES (0, 'zero'), (1, 'one');
    CREATE VIEW seen AS SELECT * FROM near`)
  await compare('near')
  await create('by_k', 'SELECT k, count(*) AS c, max(v) AS v FROM near GROUP BY k')
  await create('rows', 'SELECT n.id, n.v, l.name FROM seen n JOIN local l USING (k)')
  await create('whole', 'SELECT n.id, n AS everything FROM near n')
  await create('above', 'SELECT by_k.c, rows.id FROM by_k JOIN rows ON rows.id = by_k.k')
  const changes = [
    `INSERT INTO far VALUES (31, 1, 'new'), (31, 1, 'new'), (NULL, NULL, NULL)`,
    `UPDATE far SET v = 'z' WHERE id = 31; UPDATE local SET name = 'uno' WHERE k = 1`,
    'DELETE FROM far WHERE ctid = (SELECT min(ctid) FROM far WHERE id = 31)',
    'UPDATE near SET k = k + 1 WHERE id < 5',
    'TRUNCATE far',
  ]
  for (const change of changes) {
    await client.query(change)
    for (const name of ['by_k', 'rows', 'whole', 'above']) await expectExact(client, name)
  }
  expect(await refresh('by_k')).toBe('NO_DATA')
  const { rows } = await client.query(
    `SELECT source_table, source_type, cdc_mode, columns_used FROM pgstream.list_sources('rows')`,
  )
  expect(rows).toEqual([
    { source_table: 'public.local', source_type: 'TABLE', cdc_mode: 'TRIGGER', columns_used: ['k', 'name'] },
    {
      source_table: 'public.near',
      source_type: 'FOREIGN_TABLE',
      cdc_mode: 'COMPARED',
      columns_used: ['id', 'k', 'v'],
    },
  ])
  const explained = await client.query(
    `SELECT value FROM pgstream.explain_st('by_k') WHERE property = 'source'`,
  )
  expect(explained.rows[0].value).toMatch(
    /near_compared, changes captured .* the copy of public\.near, with which it is compared at each refresh$/,
  )
  const copy = await one(`SELECT reason FROM pgstream.get_refresh_history('near_compared', 1)`)
  expect(copy.reason).toBe('compared with its source')
})

test('a stream table that was computed anew for want of a copy reads it once there is one', async () => {
  await client.query(KEPT)
  await create('totals', 'SELECT k, count(*) AS c FROM kept GROUP BY k', 'AUTO')
  expect(await refresh('totals')).toBe('FULL')
  await compare('kept')
  await refresh('totals')
  await client.query('DELETE FROM base WHERE k = 1; REFRESH MATERIALIZED VIEW kept')
  expect(await refresh('totals')).toBe('DIFFERENTIAL')
  await expectExact(client, 'totals')
})

test('columns that come, go and get other names; a source that is dropped and made again', async () => {
  await loopback('id int, a int, b text')
  await client.query(`INSERT INTO far VALUES (1, 1, 'x'), (2, 1, 'y')`)
  await compare('near')
  await create('t', 'SELECT a, count(*) AS c FROM near GROUP BY a')
  await client.query('ALTER TABLE far ADD extra int DEFAULT 5; ALTER FOREIGN TABLE near ADD extra int')
  await expectExact(client, 't')
  expect(await code(create('later', 'SELECT id, extra FROM near'))).toBe('0A000')
  await compare('near')
  await create('later', 'SELECT id, extra FROM near')
  await client.query(`UPDATE far SET extra = 6 WHERE id = 1; UPDATE far SET a = 2 WHERE id = 2`)
  for (const name of ['t', 'later']) await expectExact(client, name)
  await client.query('ALTER TABLE far ADD odd int; ALTER FOREIGN TABLE near ADD odd int')
  expect(await code(create('whole', 'SELECT near AS whole FROM near'))).toBe('0A000')
  await client.query('ALTER FOREIGN TABLE near DROP COLUMN odd')
  await client.query(
    'ALTER FOREIGN TABLE near RENAME TO nearer; ALTER FOREIGN TABLE nearer RENAME a TO aa; ALTER FOREIGN TABLE nearer ALTER aa OPTIONS (column_name $$a$$)',
  )
  await client.query('UPDATE far SET a = 3 WHERE id = 2')
  expect(await refresh('t')).toMatch(/DIFFERENTIAL|REINITIALIZE/)
  expect((await client.query('SELECT a, c::int FROM t ORDER BY a')).rows).toEqual([
    { a: 1, c: 1 },
    { a: 3, c: 1 },
  ])
  expect((await one(`SELECT pgstream.export_definition('t') AS sql`)).sql).toContain('nearer')
  expect((await one(`SELECT pgstream.export_definition('near_compared') AS sql`)).sql).toContain(
    "pgstream.compare_source(\n  source => 'public.nearer'",
  )
  await client.query('ALTER FOREIGN TABLE nearer DROP COLUMN b')
  expect(await code(refresh('near_compared'))).toBe('55000')
  await compare('nearer')
  await client.query('UPDATE far SET a = 4 WHERE id = 2')
  await refresh('t')
  expect((await client.query('SELECT a, c::int FROM t ORDER BY a')).rows).toEqual([
    { a: 1, c: 1 },
    { a: 4, c: 1 },
  ])
})

test('a copy with another query is read in the place of nothing', async () => {
  await client.query(KEPT)
  await compare('kept')
  await create('totals', 'SELECT k, count(*) AS c FROM kept GROUP BY k', 'AUTO')
  await client.query(
    `SELECT pgstream.alter_stream_table('kept_compared', query => 'SELECT k, n, j FROM kept WHERE k = 1')`,
  )
  expect(await refresh('totals')).not.toBe('DIFFERENTIAL')
  await expectExact(client, 'totals')
  await client.query('UPDATE base SET k = 9 WHERE id = 1; REFRESH MATERIALIZED VIEW kept')
  expect(await refresh('totals')).toBe('FULL')
  await expectExact(client, 'totals')
})

test('a copy is for its owner alone, and needs the right to read the source', async () => {
  await client.query(KEPT)
  const role = `reader_${db.name}`
  await client.query(`CREATE ROLE ${role} LOGIN; GRANT CREATE ON SCHEMA public TO ${role}`)
  const reader = await db.connect(role)
  try {
    await compare('kept')
    expect(await code(compare('kept', reader))).toBe('42501')
    await client.query(`GRANT SELECT ON kept, kept_compared TO ${role}`)
    expect(await code(create('mine', 'SELECT k FROM kept', 'DIFFERENTIAL', reader))).toBe('0A000')
    await reader.query(`SELECT pgstream.compare_source('kept', 'my_copy')`)
    await create('mine', 'SELECT k, count(*) AS c FROM kept GROUP BY k', 'DIFFERENTIAL', reader)
    await client.query('DELETE FROM base WHERE k = 3; REFRESH MATERIALIZED VIEW kept')
    expect(await refresh('mine', reader)).toBe('DIFFERENTIAL')
    await expectEqual(client, 'mine')
    await client.query(`REVOKE SELECT ON kept FROM ${role}`)
    await client.query('DELETE FROM base WHERE k = 2; REFRESH MATERIALIZED VIEW kept')
    expect(await code(refresh('mine', reader))).toBe('42501')
  } finally {
    await reader.end()
    await client.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`)
  }
})

test('what can be captured, is a view or is compared already is not compared', async () => {
  await client.query(`${KEPT} CREATE VIEW v AS SELECT * FROM kept; CREATE UNLOGGED TABLE u (a int)`)
  expect(await code(compare('base'))).toBe('42809')
  expect(await code(compare('v'))).toBe('42809')
  expect(await code(compare('nothing'))).toBe('42P01')
  await compare('kept')
  await compare('kept')
  expect(await code(client.query(`SELECT pgstream.compare_source('kept', 'other')`))).toBe('42P07')
  await compare('u')
  await create('of_u', 'SELECT a, count(*) AS c FROM u GROUP BY a')
  await client.query('INSERT INTO u VALUES (1), (1), (2)')
  expect(await refresh('of_u')).toBe('DIFFERENTIAL')
  await expectExact(client, 'of_u')
})

test('readers that are refreshed at the same time, by persons and the scheduler, while the source changes', async () => {
  await loopback('id int, k int')
  await client.query(
    `INSERT INTO far SELECT i, i % 5 FROM generate_series(1, 100) AS i; CREATE MATERIALIZED VIEW m AS TABLE far`,
  )
  for (const source of ['near', 'm']) {
    await compare(source)
    await create(`${source}_totals`, `SELECT k, count(*) AS c FROM ${source} GROUP BY k`)
    await create(`${source}_rows`, `SELECT id FROM ${source} WHERE k > 1`)
  }
  const readers = ['near_totals', 'near_rows', 'm_totals', 'm_rows']
  const ends = Date.now() + 3000
  const worker = async (work: (session: pg.Client, i: number) => Promise<unknown>) => {
    const session = await db.connect()
    for (let i = 0; Date.now() < ends; i++) await work(session, i)
  }
  await Promise.all([
    worker((session, i) => session.query(`UPDATE far SET k = (k + 1) % 5 WHERE id % 10 = ${i % 10}`)),
    worker((session) => session.query('REFRESH MATERIALIZED VIEW m')),
    ...[0, 1].map((shift) => worker((session, i) => refresh(readers[(i + shift) % 4] ?? '', session))),
    worker((session) => session.query('CALL pgstream.run_scheduler(interval $$100 ms$$)').catch(() => {})),
  ])
  for (const name of readers) await expectExact(client, name)
}, 30_000)

test('dropping the source is said, and nothing is left when copy and readers are dropped', async () => {
  await client.query(KEPT)
  await compare('kept')
  await create('totals', 'SELECT k, count(*) AS c FROM kept GROUP BY k')
  expect(await code(client.query(`SELECT pgstream.drop_stream_table('kept_compared')`))).not.toBe('ok')
  await client.query('DROP MATERIALIZED VIEW kept')
  for (const name of ['kept_compared', 'totals']) expect(await code(refresh(name))).toBe('55000')
  await client.query('CREATE MATERIALIZED VIEW kept AS SELECT k, n, j FROM base')
  await compare('kept')
  await client.query(
    `SELECT pgstream.alter_stream_table('totals', query => 'SELECT k, count(*) AS c FROM kept GROUP BY k')`,
  )
  await client.query('DELETE FROM base WHERE k = 1; REFRESH MATERIALIZED VIEW kept')
  expect(await refresh('totals')).toBe('DIFFERENTIAL')
  await expectExact(client, 'totals')
  await client.query(
    `SELECT pgstream.drop_stream_table('totals'); SELECT pgstream.drop_stream_table('kept_compared')`,
  )
  expect((await one('SELECT count(*)::int AS n FROM pgstream.pgs_change_tracking')).n).toBe(0)
})

test('without event triggers the next refresh follows what became of the source', async () => {
  await client.query(KEPT)
  await compare('kept')
  await create('totals', 'SELECT k, count(*) AS c FROM kept GROUP BY k')
  await client.query(
    'DROP EVENT TRIGGER pg_stream_ddl; DROP EVENT TRIGGER pg_stream_drop; DROP EVENT TRIGGER pg_stream_rewrite',
  )
  await client.query(
    'ALTER MATERIALIZED VIEW kept RENAME TO stored; ALTER MATERIALIZED VIEW stored RENAME COLUMN k TO kind',
  )
  await client.query('DELETE FROM base WHERE k = 1; REFRESH MATERIALIZED VIEW stored')
  expect(await refresh('totals')).toMatch(/DIFFERENTIAL|REINITIALIZE/)
  expect((await client.query('SELECT k FROM totals ORDER BY k')).rows).toEqual([{ k: 0 }, { k: 2 }, { k: 3 }])
  expect((await one(`SELECT pgstream.export_definition('totals') AS sql`)).sql).toContain('stored')
  await client.query('DROP MATERIALIZED VIEW stored')
  for (const name of ['kept_compared', 'totals']) expect(await code(refresh(name))).toBe('55000')
})
