import { expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { create, type Scene, scenes } from './scene.ts'

const scene = scenes()

const QUERY = 'SELECT g, count(*) AS n, sum(x) AS total, avg(x) AS mean FROM t GROUP BY g'

/** The groups in which something does not follow from the stream table, asked of the source. */
const DEVIANTS = `SELECT g FROM t GROUP BY g
  HAVING count(x) < count(*) OR count(DISTINCT scale(x)) > 1 OR (count(x) <> count(scale(x)) AND count(scale(x)) > 0)
  ORDER BY g`

async function expectAside({ client }: Scene, name: string): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT plan #>> '{stateTables,0}' AS sql, jsonb_array_length(plan -> 'stateTables') AS n
     FROM pgstream.pgs_stream_tables WHERE pgs_id = pgstream._stream_table_id($1)`,
    [name],
  )
  expect(rows[0].n).toBe(1)
  const kept = await client.query({ text: `SELECT g_1 FROM ${rows[0].sql} ORDER BY 1`, rowMode: 'array' })
  const wanted = await client.query({ text: DEVIANTS, rowMode: 'array' })
  expect(kept.rows).toEqual(wanted.rows)
  return kept.rows.map(String)
}

test('what follows from the stream table in most groups is kept for the others only', async () => {
  const here = await scene('CREATE TABLE t (id int PRIMARY KEY, g int, x numeric)')
  const { client } = here
  await client.query('INSERT INTO t SELECT i, i % 5, i * 0.25 FROM generate_series(1, 100) AS i')
  await create(client, 'st', QUERY)
  expect(await expectAside(here, 'st')).toEqual([])
  const steps: readonly (readonly [string, string[]])[] = [
    // Another scale, a NULL, a NaN beside a number, a NaN alone, the group whose key is NULL.
    ['INSERT INTO t VALUES (201, 1, 7)', ['1']],
    ['INSERT INTO t VALUES (202, 2, NULL)', ['1', '2']],
    ["INSERT INTO t VALUES (203, 3, 'NaN'), (204, 9, 'NaN')", ['1', '2', '3']],
    ['INSERT INTO t VALUES (205, NULL, 1), (206, NULL, 1.0)', ['1', '2', '3', '']],
    // A group changes while it is kept aside, and another comes and goes.
    [
      'UPDATE t SET x = x + 1 WHERE g = 1; INSERT INTO t VALUES (207, 8, 1), (208, 8, 1.5)',
      ['1', '2', '3', '8', ''],
    ],
    ['DELETE FROM t WHERE g = 8; UPDATE t SET x = 1.0 WHERE id = 205', ['1', '2', '3']],
    ['DELETE FROM t WHERE id IN (201, 202)', ['3']],
    ['UPDATE t SET x = 5.00 WHERE id IN (203, 204)', []],
    ['UPDATE t SET x = NULL', ['0', '1', '2', '3', '4', '9', '']],
    ['UPDATE t SET x = 0.1 * id', []],
  ]
  for (const [write, deviants] of steps) {
    await client.query(write)
    expect(await expectExact(client, 'st', { image: true }), write).toBe('DIFFERENTIAL')
    expect(
      (await expectAside(here, 'st')).map((key) => (key === 'null' ? '' : key)),
      write,
    ).toEqual(deviants)
  }
})

test('changes of many rows, counted by the scale that is usual, keep the same', async () => {
  const here = await scene('CREATE TABLE t (id int PRIMARY KEY, g int, x numeric)')
  const { client } = here
  await create(client, 'st', QUERY)
  for (const write of [
    // No group to go by, then one of scale 2, then values of other scales, NULL and NaN among them.
    'INSERT INTO t SELECT i, i % 7, round(i / 8.0, 2) FROM generate_series(1, 2000) AS i',
    'INSERT INTO t SELECT i, i % 9, round(i / 8.0, 2) FROM generate_series(2001, 4000) AS i',
    `INSERT INTO t SELECT i, i % 11, CASE i % 50 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN i * 1.5 ELSE round(i / 8.0, 2) END
     FROM generate_series(4001, 6000) AS i`,
    'UPDATE t SET x = round(x, 1) WHERE id % 3 > 0',
    `UPDATE t SET x = NULL WHERE x = 'NaN' OR id BETWEEN 100 AND 1500`,
    'DELETE FROM t WHERE id % 2 = 0',
    'UPDATE t SET x = 1e-1100 * id WHERE g = 1; UPDATE t SET g = g + 1',
    'DELETE FROM t WHERE id > 1000',
  ]) {
    await client.query(write)
    expect(await expectExact(client, 'st', { image: true }), write).toBe('DIFFERENTIAL')
    await expectAside(here, 'st')
  }
})

test('a recomputation and a fill keep the same aside', async () => {
  const here = await scene('CREATE TABLE t (id int PRIMARY KEY, g int, x numeric)')
  const { client } = here
  await client.query('INSERT INTO t SELECT i, i % 5, round(i / 8.0, i % 3) FROM generate_series(1, 40) AS i')
  await create(client, 'st', QUERY)
  expect((await expectAside(here, 'st')).length).toBe(5)
  await client.query('TRUNCATE t; INSERT INTO t VALUES (1, 1, 1.5), (2, 1, 2.5), (3, 2, 1), (4, 2, 1.0)')
  expect(await expectExact(client, 'st', { image: true })).toBe('REINITIALIZE')
  expect(await expectAside(here, 'st')).toEqual(['2'])
})

test('without groups, one row of everything', async () => {
  const here = await scene('CREATE TABLE t (id int PRIMARY KEY, x numeric)')
  const { client } = here
  await create(client, 'st', 'SELECT count(*) AS n, sum(x) AS total FROM t')
  const aside = async () =>
    (await client.query(`SELECT count(*)::int AS n FROM pgstream_state.state_${await idOf(here)}_1`)).rows[0]
      .n
  for (const [write, rows] of [
    ['INSERT INTO t VALUES (1, 1.5)', 0],
    ['INSERT INTO t VALUES (2, 1.25), (3, NULL)', 1],
    ['DELETE FROM t WHERE id = 2', 1],
    ['DELETE FROM t WHERE id = 3', 0],
    ['DELETE FROM t', 0],
  ] as const) {
    await client.query(write)
    expect(await expectExact(client, 'st', { image: true }), write).toBe('DIFFERENTIAL')
    expect(await aside(), write).toBe(rows)
  }
})

async function idOf({ client }: Scene): Promise<string> {
  const { rows } = await client.query("SELECT pgstream._stream_table_id('st') AS id")
  return String(rows[0].id)
}
