import { afterEach, expect, test } from 'vitest'
import { expectEqual } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { create, refresh } from './scene.ts'

let db: FreshDatabase

afterEach(() => db.close())

const MADE = `CREATE TABLE m (id int PRIMARY KEY, r text, v numeric, x int);
  INSERT INTO m SELECT i, 'r' || i % 3, i % 7, i % 4 FROM generate_series(1, 20) AS i;
  CREATE TABLE tree (id int PRIMARY KEY, parent int, label text);
  INSERT INTO tree SELECT i, i / 2, 'n' || i FROM generate_series(1, 15) AS i;
  CREATE TABLE words (id int PRIMARY KEY, v numeric, all_of int[]);
  INSERT INTO words SELECT i, i, ARRAY[i, i + 1] FROM generate_series(1, 9) AS i;`

const QUERIES: Readonly<Record<string, string>> = {
  window: 'SELECT id, r, v, sum(v) OVER (PARTITION BY r ORDER BY id) AS s FROM m',
  window_whole: 'SELECT id, r, v, x, count(*) OVER (PARTITION BY r, x) AS n FROM m',
  window_of_groups:
    'SELECT r, x, sum(v) AS s, rank() OVER (PARTITION BY r ORDER BY sum(v)) AS k FROM m GROUP BY r, x',
  first_rows:
    'SELECT r, id, v FROM (SELECT r, id, v, row_number() OVER (PARTITION BY r ORDER BY v DESC, id) AS n FROM m) AS q WHERE n <= 2',
  distinct_on: 'SELECT DISTINCT ON (r) r, v, id, x FROM m ORDER BY r, v DESC, id',
  limited: 'SELECT id, r, v, x FROM m ORDER BY v DESC, id LIMIT 3',
  limited_below: 'SELECT * FROM (SELECT id, r, v, x FROM m ORDER BY v DESC, id LIMIT 9) AS q WHERE x > 1',
  lateral:
    'SELECT m.id, l.v AS w FROM m, LATERAL (SELECT o.v FROM m AS o WHERE o.r = m.r ORDER BY o.v, o.id LIMIT 1) AS l',
  of_function: 'SELECT w.id, w.v, u.a FROM words AS w, LATERAL unnest(w.all_of) AS u(a)',
  recursion: `WITH RECURSIVE below(id, label, depth) AS (SELECT id, label, 0 FROM tree WHERE parent = 0
    UNION ALL SELECT t.id, t.label, b.depth + 1 FROM tree AS t JOIN below AS b ON t.parent = b.id) SELECT * FROM below`,
  listed: 'SELECT r, array_agg(v ORDER BY id) AS vs FROM m GROUP BY r',
  extremes: 'SELECT r, max(v) AS a, min(x) FILTER (WHERE x > 1) AS b FROM m GROUP BY r',
  sets: 'SELECT r, x FROM m EXCEPT SELECT r, x + 1 FROM m',
  rolled: 'SELECT r, x, count(*) AS n, max(v) AS v FROM m GROUP BY ROLLUP (r, x)',
  outer_join: 'SELECT a.id, b.v, b.x FROM m AS a LEFT JOIN m AS b ON a.x = b.id AND b.v > 3',
}

const WRITES = [
  "INSERT INTO m VALUES (100 + $1, 'r1', 3, 1)",
  "INSERT INTO tree VALUES (100 + $1, 3, 'new')",
  'INSERT INTO words VALUES (100 + $1, 5, ARRAY[1, 2])',
  'DELETE FROM m WHERE ctid = (SELECT min(ctid) FROM m)',
  'DELETE FROM tree WHERE ctid = (SELECT max(ctid) FROM tree)',
]

let written = 0

/** After the statement, changes arrive as before. */
async function follows(name: string, statement: string): Promise<void> {
  await db.client.query(statement)
  written += 1
  for (const write of WRITES) await db.client.query(write.replace('$1', String(written)))
  await refresh(db.client, name)
  const { rows } = await db.client.query('SELECT * FROM pgstream.verify_stream_table($1)', [name])
  expect(rows, `${name} after ${statement}`).toEqual([])
}

test.each(Object.entries(QUERIES))('every column that it reads is renamed: %s', async (name, query) => {
  db = await freshDatabase()
  written = 0
  await db.client.query(MADE)
  await create(db.client, name, query)
  const { rows } = await db.client.query(
    `SELECT source_relid::regclass::text AS source, a.attname AS name FROM pgstream.pgs_dependencies,
       unnest(columns) AS c JOIN pg_attribute AS a ON a.attnum = c WHERE a.attrelid = source_relid`,
  )
  expect(rows.length).toBeGreaterThan(1)
  for (const { source, name: column } of rows) {
    await follows(name, `ALTER TABLE ${source} RENAME ${column} TO ${column}_renamed`)
    await follows(name, `ALTER TABLE ${source} RENAME ${column}_renamed TO ${column}`)
  }
  await expectEqual(db.client, name)
})

test.each(['window', 'first_rows', 'lateral', 'limited', 'listed'])(
  'columns get other types: %s',
  async (name) => {
    db = await freshDatabase()
    written = 0
    await db.client.query(MADE)
    await create(db.client, name, QUERIES[name] ?? '')
    for (const change of [
      'x TYPE bigint',
      'v TYPE numeric(12,4)',
      'r TYPE text COLLATE "C"',
      'id TYPE bigint',
    ])
      await follows(name, `ALTER TABLE m ALTER ${change}`)
    await expectEqual(db.client, name)
  },
)

test('what is renamed is followed in another refresh mode too', async () => {
  db = await freshDatabase()
  written = 0
  await db.client.query(MADE)
  await create(db.client, 'st', QUERIES.window ?? '', { mode: 'AUTO' })
  for (const [mode, rename] of [
    ['DIFFERENTIAL', 'v TO w'],
    ['AUTO', 'w TO v'],
  ])
    await follows(
      'st',
      `ALTER TABLE m RENAME ${rename}; SELECT pgstream.alter_stream_table('st', refresh_mode => '${mode}')`,
    )
})

test('who has a lock on a source whose columns got other types holds a refresh up, and breaks nothing', async () => {
  db = await freshDatabase()
  await db.client.query(`${MADE} SET client_min_messages = error`)
  await db.client.query(`SELECT pgstream.create_stream_table('st', $1, '1s', 'DIFFERENTIAL')`, [
    QUERIES.window,
  ])
  await db.client.query('ALTER TABLE m ALTER x TYPE bigint, ALTER v TYPE numeric(12, 4)')
  const other = await db.connect()
  await other.query('BEGIN; LOCK TABLE m IN ACCESS EXCLUSIVE MODE')
  await db.client.query('CALL pgstream.run_scheduler()')
  const state = async () =>
    (await db.client.query('SELECT status, broken_reason AS reason FROM pgstream.pgs_stream_tables')).rows
  expect(await state()).toEqual([{ status: 'ACTIVE', reason: null }])
  await other.query('COMMIT')
  await refresh(db.client, 'st')
  expect(await state()).toEqual([{ status: 'ACTIVE', reason: null }])
  await expectEqual(db.client, 'st')
})
