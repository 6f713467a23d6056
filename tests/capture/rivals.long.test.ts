/**
 * Functions, operators and aggregates that fit a call better than the one which it finds, made later. A view keeps what it was made
 * with; so does what is maintained of it.
 */
import type pg from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectExactWhenQuiet } from '../oracle/oracle.ts'
import { freshDatabase } from '../support/server.ts'

let client: pg.Client
const run = async (...statements: readonly string[]) => {
  for (const sql of statements) await client.query(sql)
}

const aggregate = (arguments_: string) => (type: string) =>
  `CREATE AGGREGATE ${arguments_.replace('ANY', type)} (SFUNC = counted, STYPE = int, INITCOND = '0'${arguments_.includes('ORDER BY') ? ', FINALFUNC = finished' : ''})`
const operator = (name: string) => (type: string) =>
  `CREATE OPERATOR ${name} (FUNCTION = compared, LEFTARG = ${type}, RIGHTARG = ${type})`

/** How it is made for a type, and a query that finds it. */
const FORMS: Readonly<Record<string, readonly [(type: string) => string, string]>> = {
  'an aggregate over a window': [
    (type) => `CREATE AGGREGATE over_rows(${type}) (SFUNC = counted, STYPE = int, INITCOND = '0')`,
    'SELECT id, over_rows(x) OVER (PARTITION BY k) AS r FROM t',
  ],
  'a window function': [
    (type) =>
      `CREATE FUNCTION one_of(${type}) RETURNS ${type} IMMUTABLE WINDOW LANGUAGE internal AS 'window_${type === 'int' ? 'last' : 'first'}_value'`,
    'SELECT id, one_of(x) OVER (PARTITION BY k ORDER BY id) AS r FROM t',
  ],
  'an aggregate that sorts by something else': [
    aggregate('in_order(ANY)'),
    'SELECT k, in_order(x ORDER BY id DESC) AS r FROM t GROUP BY k',
  ],
  'an ordered-set aggregate': [
    aggregate('of_set(int ORDER BY ANY)'),
    'SELECT k, of_set(3) WITHIN GROUP (ORDER BY x) AS r FROM t GROUP BY k',
  ],
  'ANY and ALL of a list': [
    operator('==='),
    'SELECT id, x === ANY (ARRAY[3, k]) AS r, x === ALL (ARRAY[k]) AS s FROM t',
  ],
  'ANY of a subquery': [operator('===='), 'SELECT id, x ==== ANY (SELECT o.k FROM t AS o) AS r FROM t'],
  'arguments by their names': [
    (type) =>
      `CREATE FUNCTION named(value ${type}, word text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT word || ''${type}'''`,
    `SELECT id, named(word => 'z'::text, value => x) AS r FROM t`,
  ],
  'arguments by their names over a window': [
    aggregate('named_rows(value ANY, word text)'),
    `SELECT id, named_rows(word => 'a'::text, value => x) OVER (PARTITION BY k) AS r FROM t`,
  ],
  VARIADIC: [
    (type) =>
      `CREATE FUNCTION listed(VARIADIC ${type === 'int' ? 'int[]' : 'anyarray'}) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''${type}'''`,
    'SELECT id, listed(VARIADIC ARRAY[x, k]) AS r FROM t',
  ],
}

describe.each([
  ['event triggers', true],
  ['a look at each refresh', false],
])('by %s', (_, watched) => {
  beforeAll(async () => {
    const database = await freshDatabase({ watched })
    client = database.client
    await run(
      'CREATE TABLE t (id int PRIMARY KEY, k int, x int)',
      'INSERT INTO t SELECT i, i % 3, i FROM generate_series(1, 9) AS i',
      ...['anyelement', 'int'].flatMap((type) => [
        ...['', ', word text'].map(
          (more) =>
            `CREATE FUNCTION counted(state int, value ${type}${more}) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT state + ${type === 'int' ? 100 : 1}'`,
        ),
        `CREATE FUNCTION compared(${type}, ${type}) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ${type !== 'int'}'`,
      ]),
      'CREATE FUNCTION finished(state int, direct int) RETURNS int LANGUAGE sql IMMUTABLE RETURN state + direct',
    )
    return () => database.close()
  })

  test.each(Object.entries(FORMS))('%s', async (name, [made, query]) => {
    const [view, before, after] = ['view', 'before', 'after'].map((each) => `"${each} ${name}"`)
    const define = (table = '') =>
      client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'AUTO')`, [table, `TABLE ${view}`])
    await run(made('anyelement'), `CREATE VIEW ${view} AS ${query}`)
    await define(before)
    await run(made('int'))
    await define(after)
    for (const change of [
      'UPDATE t SET x = x + 1, k = (k + 1) % 3 WHERE id < 3',
      'INSERT INTO t SELECT max(id) + 1, 1, 5 FROM t',
      'DELETE FROM t WHERE id = 5',
    ]) {
      await run(change)
      for (const table of [before, after]) await expectExactWhenQuiet(client, table as string)
    }
    const { rows } = await client.query(
      'SELECT strategy FROM pgstream.pgs_stream_tables WHERE pgs_name = $1',
      [`before ${name}`],
    )
    expect(rows[0].strategy).toBe('FULL')
  })

  test('casts by their text, and by functions', async () => {
    await run(
      `CREATE TYPE mood AS ENUM ('low', 'high')`,
      'CREATE TABLE moods (id int PRIMARY KEY, said text, felt mood, n int)',
      `INSERT INTO moods VALUES (1, 'low', 'high', 1), (2, 'high', 'low', 2)`,
      ...['1', '2'].map(
        (i) =>
          `CREATE FUNCTION to_mood${i}(int) RETURNS mood LANGUAGE sql IMMUTABLE RETURN (enum_range(NULL::mood))[${i}]`,
      ),
      'CREATE CAST (int AS mood) WITH FUNCTION to_mood1(int)',
      'CREATE VIEW shown AS SELECT id, said::mood AS m, felt::text AS t FROM moods',
      'CREATE VIEW made AS SELECT id, n::mood AS m FROM moods',
    )
    for (const view of ['shown', 'made'])
      await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'AUTO')`, [
        `st_${view}`,
        `TABLE ${view}`,
      ])
    await run(
      `CREATE FUNCTION mood_of(text) RETURNS mood LANGUAGE sql IMMUTABLE RETURN 'low'::mood`,
      `CREATE FUNCTION text_of(mood) RETURNS text LANGUAGE sql IMMUTABLE RETURN 'mood'`,
      'CREATE CAST (text AS mood) WITH FUNCTION mood_of(text)',
      'CREATE CAST (mood AS text) WITH FUNCTION text_of(mood)',
      'DROP CAST (int AS mood)',
      'CREATE CAST (int AS mood) WITH FUNCTION to_mood2(int)',
    )
    for (const change of [
      `INSERT INTO moods VALUES (3, 'high', 'high', 3), (4, NULL, NULL, NULL)`,
      `UPDATE moods SET said = 'high', felt = 'low', n = 4 WHERE id = 1`,
    ]) {
      await run(change)
      for (const view of ['shown', 'made']) await expectExactWhenQuiet(client, `st_${view}`)
    }
  })
})
