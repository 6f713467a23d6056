import { describe, expect, test } from 'vitest'
import { expectExactWhenQuiet } from '../oracle/oracle.ts'
import { create, type Scene, scenes } from './scene.ts'

const scene = scenes()

/** A function of values that no btree index has room for, compressed or not, and tables of short ones. */
const SETUP = `
  CREATE FUNCTION long(seed text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(md5(i::text || seed), '') FROM generate_series(1, 400) AS i
  $$;
  CREATE TABLE t (id int, k text, j jsonb, v int); CREATE TABLE u (id int, k text, j jsonb, v int);
  INSERT INTO t SELECT i, 'k' || i % 3, jsonb_build_object('j', i % 2), i FROM generate_series(1, 6) AS i;
  INSERT INTO u SELECT i, 'k' || i % 4, jsonb_build_object('j', i % 2), i FROM generate_series(1, 4) AS i;
  INSERT INTO t VALUES (7, NULL, NULL, 7)`

/** Each keeps a key, a partition or a recursion in an index of its own. */
const QUERIES: Readonly<Record<string, string>> = {
  aside: 'SELECT k, sum(v) AS v, count(*) AS n FROM t GROUP BY k',
  several: 'SELECT k, j, v % 2 AS odd, max(v) AS v FROM t GROUP BY k, j, v % 2',
  anew: 'SELECT k, array_agg(v ORDER BY v, id) AS vs FROM t GROUP BY k',
  counted: 'SELECT v % 2 AS odd, count(DISTINCT k) AS ks FROM t GROUP BY v % 2',
  merged: 'SELECT k FROM t UNION SELECT k FROM u',
  joined:
    'SELECT g.k, g.n, u.v FROM (SELECT k, count(*) AS n FROM t GROUP BY k) AS g FULL JOIN (SELECT k, max(v) AS v FROM u GROUP BY k) AS u ON u.k = g.k',
  counts: 'SELECT n, count(*) AS ks FROM (SELECT k, count(*) AS n FROM t GROUP BY k) AS g GROUP BY n',
  numbered: 'SELECT id, k, row_number() OVER (PARTITION BY k ORDER BY v, id) AS place FROM t',
  near: 'SELECT id, k, sum(v) OVER (PARTITION BY k ORDER BY v, id ROWS 1 PRECEDING) AS v FROM t',
  way: 'WITH RECURSIVE r(k, v) AS (SELECT k, v FROM t WHERE v < 3 UNION SELECT u.k, u.v + 1 FROM r JOIN u ON u.v = r.v) SELECT k, v FROM r',
}

const LONGER = [
  `INSERT INTO t SELECT 100 + i, long(i::text), jsonb_build_object('j', long('j')), i FROM generate_series(1, 3) AS i`,
  'INSERT INTO u SELECT * FROM t WHERE id > 100 OR v = 2',
]

const STEPS = [
  'UPDATE t SET v = v + 1; INSERT INTO t SELECT * FROM t WHERE id > 101',
  `UPDATE t SET k = k || 'x', j = '7' WHERE id = 101; UPDATE t SET k = NULL WHERE id = 103`,
  `UPDATE u SET k = 'k1' WHERE id = 102; DELETE FROM t WHERE id > 101 OR k IS NULL`,
  'DELETE FROM t; INSERT INTO t SELECT * FROM u',
]

async function follow(
  client: Scene['client'],
  names: readonly string[],
  steps: readonly string[],
  actions: readonly string[],
) {
  for (const step of steps) {
    await client.query(step)
    for (const name of names)
      expect(actions, `${name} after ${step}`).toContain(
        await expectExactWhenQuiet(client, name, { image: true }),
      )
  }
}

const madeForLong = async ({ client }: Scene, name: string) => {
  const { rows } = await client.query(
    'SELECT has_long_values FROM pgstream.pgs_stream_tables WHERE pgs_name = $1 AND pgs_schema = current_schema()',
    [name],
  )
  return rows[0]?.has_long_values
}

describe('keys that are too long for an index', () => {
  test('from the beginning', async () => {
    const made = await scene(`${SETUP}; ${LONGER.join('; ')}`)
    const names = ['aside', 'merged', 'numbered', 'way']
    for (const name of names) await create(made.client, name, QUERIES[name] ?? '')
    expect(await madeForLong(made, 'aside')).toBe(true)
    await follow(made.client, names, STEPS, ['DIFFERENTIAL', 'NO_DATA'])
  })

  test('later, and then by what changes', async () => {
    const made = await scene(SETUP)
    const names = Object.keys(QUERIES)
    for (const [name, query] of Object.entries(QUERIES)) await create(made.client, name, query)
    await follow(made.client, names, LONGER, ['DIFFERENTIAL', 'NO_DATA', 'REINITIALIZE'])
    const { rows } = await made.client.query("SELECT reason FROM pgstream.get_refresh_history('aside', 2)")
    expect(rows.map(({ reason }) => reason)).toContain('a value is too long for an index')
    await follow(made.client, names, STEPS, ['DIFFERENTIAL', 'NO_DATA'])
  })

  test('in a group that the scheduler refreshes, and below others', async () => {
    const made = await scene(SETUP)
    const { client } = made
    await create(client, 'a', 'SELECT k, count(*) AS n FROM t GROUP BY k', { schedule: '1s' })
    await create(client, 'b', 'SELECT k, max(v) AS v FROM t GROUP BY k', { schedule: '1s' })
    await create(client, 'report', 'SELECT a.k, a.n, b.v FROM a JOIN b USING (k)', { schedule: '1s' })
    await client.query(LONGER[0] ?? '')
    const due = "UPDATE pgstream.frontiers SET last_refresh_at = now() - interval '1 hour', retry_at = NULL"
    // One try finds out for each of the two.
    for (let i = 0; i < 3; i++) {
      await client.query(due)
      await client.query('CALL pgstream.run_scheduler()')
    }
    expect(await madeForLong(made, 'a')).toBe(true)
    const { rows } = await client.query('SELECT n, v FROM report WHERE length(k) > 1000 ORDER BY v')
    expect(rows).toEqual([1, 2, 3].map((v) => ({ n: '1', v })))
    for (const name of ['a', 'b', 'report']) await expectExactWhenQuiet(client, name)
  })

  test('when a definition is altered or repaired', async () => {
    const { client } = await scene(SETUP)
    await create(client, 'changed', 'SELECT id, v FROM t')
    await create(client, 'mended', 'SELECT k, count(*) AS n FROM t GROUP BY k')
    await client.query(LONGER[0] ?? '')
    await client.query(
      `SELECT pgstream.alter_stream_table('changed', query => 'SELECT DISTINCT k, j FROM t')`,
    )
    await client.query(`SELECT pgstream.repair_stream_table('mended')`)
    await client.query(STEPS[1] ?? '')
    for (const name of ['changed', 'mended'])
      expect(await expectExactWhenQuiet(client, name)).toBe('DIFFERENTIAL')
    await client.query(`SELECT pgstream.alter_stream_table('changed', query => 'SELECT DISTINCT j FROM t')`)
    await client.query('DELETE FROM t WHERE id > 102')
    expect(await expectExactWhenQuiet(client, 'changed')).toBe('DIFFERENTIAL')
  })
})

test('keys of more columns than an index has', async () => {
  const { client } = await scene()
  const all = Array.from({ length: 40 }, (_, i) => `c${i}`)
  const columns = all.join(', ')
  await client.query(`CREATE TABLE wide (id int PRIMARY KEY, ${all.map((name) => `${name} int`).join(', ')});
    INSERT INTO wide SELECT i, ${all.map((_, i) => (i % 3 === 0 ? 'NULL' : `i % ${i + 1}`)).join(', ')} FROM generate_series(1, 30) AS i;
    INSERT INTO wide SELECT id + 30, ${columns} FROM wide WHERE id < 10`)
  const queries = {
    grouped: `SELECT ${columns}, count(*) AS n, max(id) AS last, count(DISTINCT id % 2) AS d FROM wide GROUP BY ${columns}`,
    merged: `SELECT ${columns} FROM wide UNION SELECT ${all.toReversed().join(', ')} FROM wide`,
    numbered: `SELECT id, row_number() OVER (PARTITION BY ${columns} ORDER BY id) AS place FROM wide`,
    first: `SELECT DISTINCT ON (${columns}) * FROM wide ORDER BY ${columns}, id`,
    way: `WITH RECURSIVE r AS (SELECT ${columns} FROM wide WHERE id < 3 UNION SELECT ${all.map((name) => `w.${name}`).join(', ')}
      FROM wide AS w JOIN r ON w.c1 = r.c1 AND w.c2 = r.c2 + 1) SELECT * FROM r`,
    counts: `SELECT n, count(*) AS groups FROM (SELECT count(*) AS n FROM wide GROUP BY ${columns}) AS g GROUP BY n`,
  }
  for (const [name, query] of Object.entries(queries)) await create(client, name, query)
  for (const step of [
    'UPDATE wide SET c4 = c4 + 1, c3 = 7 WHERE id % 4 = 1; DELETE FROM wide WHERE id = 31',
    `INSERT INTO wide SELECT id + 100, ${columns} FROM wide WHERE id < 20; UPDATE wide SET c1 = NULL WHERE id = 102`,
    'DELETE FROM wide WHERE id > 25',
  ]) {
    await client.query(step)
    for (const name of Object.keys(queries))
      expect(await expectExactWhenQuiet(client, name)).toBe('DIFFERENTIAL')
  }
})
