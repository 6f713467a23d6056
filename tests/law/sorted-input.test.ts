/** Aggregates over a subquery that sorts its rows take them as they come, as PostgreSQL's do where nothing is joined. */
import type pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { expectEqual } from '../oracle/oracle.ts'
import { freshDatabase } from '../support/server.ts'

let client: pg.Client

beforeAll(async () => {
  const database = await freshDatabase()
  client = database.client
  for (const sql of [
    'CREATE TABLE t (id int PRIMARY KEY, k int, n int)',
    'INSERT INTO t SELECT i, i % 3, i * 7 % 11 FROM generate_series(1, 8) AS i',
    'CREATE TABLE p (id int PRIMARY KEY, tid int, v int, s text)',
    `INSERT INTO p SELECT i, 1 + i % 5, i * 5 % 13, 's' || i % 4 FROM generate_series(1, 25) AS i`,
    'CREATE VIEW listed AS SELECT id, s, v FROM p ORDER BY v DESC NULLS LAST, s, id DESC',
    'CREATE VIEW sorted AS SELECT id, s FROM p WHERE v > 2 ORDER BY v DESC, id',
    `CREATE FUNCTION longer(text, text) RETURNS text LANGUAGE sql IMMUTABLE RETURN coalesce($1, '') || coalesce($2, '-')`,
    'CREATE AGGREGATE every_one(text) (SFUNC = longer, STYPE = text)',
  ])
    await client.query(sql)
  return () => database.close()
})

/** What no order matters to does not look at it: a function that goes by settings would be refused. */
const UNSEEN: Readonly<Record<string, string>> = {
  'counts of rows in an order that cannot be shown': `SELECT count(*) AS n, sum(v) AS s, array_agg(id ORDER BY id) AS a FROM (SELECT * FROM p ORDER BY to_char(id, '9')) AS q`,
  'ranks of them': `SELECT id, rank() OVER (PARTITION BY v) AS r FROM (SELECT * FROM p ORDER BY to_char(id, '9')) AS q`,
}

const QUERIES: Readonly<Record<string, string>> = {
  ...UNSEEN,
  'rows as JSON, by what they do not show':
    'SELECT id, (SELECT json_agg(x) FROM (SELECT p.id FROM p WHERE p.tid = t.id ORDER BY p.v DESC, p.id) AS x)::text AS j FROM t',
  'the first of them':
    'SELECT id, (SELECT json_agg(x) FROM (SELECT id FROM p WHERE p.tid = t.id ORDER BY v, id LIMIT 2) AS x)::text AS j FROM t',
  'a function of one’s own':
    'SELECT id, (SELECT every_one(s) FROM (SELECT s FROM p WHERE p.tid = t.id ORDER BY v NULLS FIRST, id) AS q) AS c FROM t',
  'beside others':
    'SELECT array_agg(v) AS a, array_agg(id) FILTER (WHERE v > 3) AS f, sum(v) AS s, count(*) AS n FROM (SELECT * FROM p ORDER BY v DESC, id) AS q',
  groups:
    'SELECT array_agg(n) AS a FROM (SELECT tid, count(*) AS n FROM p GROUP BY tid ORDER BY sum(v) DESC, tid) AS q',
  'a union': 'SELECT array_agg(k) AS a FROM (SELECT k FROM t UNION SELECT v FROM p ORDER BY k DESC) AS q',
  'DISTINCT ON':
    'SELECT array_agg(id) AS a FROM (SELECT DISTINCT ON (k) k, id FROM t ORDER BY k DESC, n, id) AS q',
  'a join':
    'SELECT array_agg(q.id) AS a FROM (SELECT p.id FROM p JOIN t ON t.id = p.tid ORDER BY t.n, p.id) AS q',
  'a view': `SELECT array_agg(id) AS a, string_agg(s, '') AS z, jsonb_agg(sorted) AS j FROM sorted WHERE id > 2`,
  WITH: 'WITH w AS (SELECT id, v FROM p ORDER BY s DESC, id) SELECT json_agg(w)::text AS j, array_agg(v) AS a FROM w',
  'WITH, further out':
    'WITH w AS (SELECT v, id FROM p ORDER BY v DESC, id LIMIT 4) SELECT (SELECT array_agg(id) FROM w) AS a, t.id FROM t',
  'WITH, further in':
    'SELECT id, (WITH w AS (SELECT v FROM p WHERE p.tid = t.id ORDER BY v DESC, p.id) SELECT array_agg(v) FROM w) AS a FROM t',
  'in a subquery that is the query’s own':
    'SELECT (SELECT array_agg(q.id)) AS a, count(*) AS n, (SELECT max(n) FROM t WHERE k < (SELECT (json_agg(q.v) ->> 0)::int)) AS m FROM (SELECT v, id FROM p ORDER BY v DESC, id) AS q',
  'numbers of rows':
    'SELECT row_number() OVER () AS place, lag(id) OVER () AS before, rank() OVER () AS r, id FROM (SELECT id FROM p ORDER BY s DESC, id) AS q WHERE id > 2',
  'within what is partitioned by':
    'SELECT id, row_number() OVER w AS place, lag(v) OVER w AS before, last_value(v) OVER w AS last, nth_value(id, 2) OVER w AS second, array_agg(id) OVER w AS a, rank() OVER w AS r FROM (SELECT * FROM p ORDER BY tid, s DESC, id) AS q WINDOW w AS (PARTITION BY tid)',
  'frames of rows':
    'SELECT id, first_value(id) OVER (ROWS 2 PRECEDING) AS f, sum(v) OVER (ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS s, array_agg(v) OVER (ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING EXCLUDE CURRENT ROW) AS a FROM (SELECT id, v FROM p ORDER BY s, id DESC) AS q',
  'frames of rows alone':
    'SELECT id, sum(v) OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM (SELECT id, v FROM p ORDER BY s, id DESC) AS q',
  'all rows but the own':
    'SELECT id, array_agg(id) OVER (RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) AS a, first_value(id) OVER w AS f, last_value(id) OVER w AS l FROM (SELECT id, v FROM p ORDER BY s, id DESC) AS q WINDOW w AS (RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW)',
  'ties of windows that sort by what comes first':
    'SELECT id, row_number() OVER (PARTITION BY tid ORDER BY v) AS n, lag(id) OVER (PARTITION BY tid) AS b, first_value(id) OVER (ORDER BY tid) AS f, count(*) OVER (ORDER BY tid ROWS 1 PRECEDING) AS c FROM (SELECT * FROM p ORDER BY tid, v, s DESC, id DESC) AS q',
  'peers in that order':
    'SELECT id, array_agg(id) OVER w AS a, last_value(id) OVER w AS l, rank() OVER w AS r, sum(v) OVER w AS s, row_number() OVER w AS n FROM (SELECT * FROM p ORDER BY tid, v, lower(s) DESC, id DESC) AS q WINDOW w AS (PARTITION BY tid ORDER BY v)',
  'frames of rows without the peers':
    'SELECT id, sum(v) OVER (ORDER BY tid ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING EXCLUDE TIES) AS s, array_agg(id) OVER (ORDER BY tid GROUPS 1 PRECEDING EXCLUDE GROUP) AS a FROM (SELECT * FROM p ORDER BY tid, s DESC, id DESC) AS q',
  'the first of each key':
    'SELECT DISTINCT ON (tid) tid, id, v + 1 AS v FROM (SELECT * FROM p ORDER BY tid, s DESC, id DESC) AS q WHERE v > 1',
  'the first of each key by more than that':
    'SELECT DISTINCT ON (tid) id FROM (SELECT * FROM p ORDER BY tid, s DESC, v, id DESC) AS q ORDER BY tid, s DESC LIMIT 4',
  'the first of all':
    'SELECT t.id, l.id AS other FROM t LEFT JOIN LATERAL (SELECT q.id FROM (SELECT * FROM p WHERE p.tid = t.id ORDER BY s, id DESC) AS q ORDER BY s LIMIT 2 OFFSET 1) AS l ON true',
  'the first in a view': 'SELECT id, s FROM listed WHERE id > 1 ORDER BY v DESC NULLS LAST LIMIT 6',
  'through queries that leave it':
    'WITH w AS (SELECT * FROM p ORDER BY s DESC, id) SELECT json_agg(r)::text AS j, array_agg(r.id) AS a FROM (SELECT id, v + 1 AS v FROM (SELECT * FROM w WHERE v > 1) AS q WHERE EXISTS (SELECT FROM t WHERE t.id = q.tid)) AS r',
  'rows with JSON in them':
    'SELECT id, (SELECT json_agg(x) FROM (SELECT p.id, to_json(p.s) AS s FROM p WHERE p.tid = t.id ORDER BY v, p.id LIMIT 2) AS x)::text AS j FROM t',
  'lists of other than plain rows': `SELECT id, ${[
    'SELECT DISTINCT v FROM p WHERE p.tid = t.id',
    'SELECT k FROM t UNION ALL SELECT tid FROM p WHERE p.id < t.id',
    'SELECT sum(v) FROM p GROUP BY ROLLUP (tid)',
    'SELECT v FROM p WHERE p.tid = t.id EXCEPT SELECT n FROM t',
  ]
    .map((list, i) => `(SELECT array_agg(x ORDER BY x) FROM unnest(ARRAY(${list})) AS x) AS a${i}`)
    .join(', ')} FROM t`,
  LATERAL:
    'SELECT t.id, l.a FROM t LEFT JOIN LATERAL (SELECT array_agg(s) AS a FROM (SELECT s, v FROM p WHERE p.tid = t.id ORDER BY v, id) AS q) AS l ON true',
}

test('rows that came, moved and went', async () => {
  const names = Object.keys(QUERIES)
  for (const name of names)
    await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [
      `"${name}"`,
      QUERIES[name],
    ])
  for (const change of [
    'UPDATE p SET v = 20 - v WHERE id % 3 = 0',
    `INSERT INTO p VALUES (-1, 2, 6, 'z'), (-2, 2, NULL, NULL), (-3, 4, 0, 's1')`,
    'DELETE FROM p WHERE id IN (4, 5, 12); UPDATE t SET n = 9 - n, k = k + 1 WHERE id < 5',
    'UPDATE p SET tid = 1 + tid % 5, v = v + 3 WHERE id % 4 = 1',
  ]) {
    await client.query(change)
    for (const name of names) {
      const { rows } = await client.query('SELECT pgstream.refresh_stream_table($1) AS action', [`"${name}"`])
      expect(rows[0].action).toMatch(/^(DIFFERENTIAL|NO_DATA)$/)
      await expectEqual(client, `"${name}"`)
    }
  }
})

test('ARRAY of rows that are left out as they come is refused', async () => {
  await expect(
    client.query(
      `SELECT pgstream.create_stream_table('few', 'SELECT ARRAY(SELECT v FROM p LIMIT 2) AS a', '1h', 'DIFFERENTIAL')`,
    ),
  ).rejects.toThrow('LIMIT without ORDER BY')
})
