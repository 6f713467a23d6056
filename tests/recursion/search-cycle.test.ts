/** What SEARCH and CYCLE add to a recursion, read by what reads the recursion: the order, and the path. */
import type pg from 'pg'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { freshDatabase } from '../support/server.ts'

let client: pg.Client

beforeAll(async () => {
  const database = await freshDatabase()
  client = database.client
  return () => database.close()
})

beforeEach(async () => {
  await client.query(`DROP SCHEMA IF EXISTS other CASCADE; CREATE SCHEMA other; SET search_path = other;
    CREATE TYPE place AS (zone text, shelf int);
    CREATE TABLE c (id int PRIMARY KEY, parent int, body text, at place); CREATE INDEX ON c (parent);
    INSERT INTO c SELECT i, nullif(i / 3, 0), 'b' || i % 5, ROW(chr(97 + i % 3), i)::place FROM generate_series(1, 40) AS i`)
})

const CHANGES = [
  'UPDATE c SET parent = 3 WHERE id IN (4, 20)',
  `DELETE FROM c WHERE id IN (13, 14); INSERT INTO c VALUES (99, 7, 'b1', NULL), (98, NULL, NULL, '(a,)'), (97, 98, 'x', '(b,1)')`,
  `UPDATE c SET body = NULL WHERE id IN (8, 9, 10); UPDATE c SET body = 'b3' WHERE id IN (11, 12)`,
  'DELETE FROM c WHERE id = 98; UPDATE c SET id = 50 WHERE id = 5; INSERT INTO c SELECT * FROM c WHERE false',
  `INSERT INTO c SELECT i, i / 10, 'n' || i % 2, ROW('z', i)::place FROM generate_series(200, 230) AS i`,
  'UPDATE c SET parent = 12 WHERE id = 1',
  'DELETE FROM c',
  `INSERT INTO c VALUES (1, NULL, 'a', NULL), (2, 1, 'b', NULL), (3, 2, 'b', NULL)`,
]

function comments(clauses: string, union = 'UNION ALL'): string {
  return `WITH RECURSIVE r AS (
    SELECT id, parent, body, at FROM c WHERE parent IS NULL ${union}
    SELECT c.id, c.parent, c.body, c.at FROM r JOIN c ON c.parent = r.id) ${clauses}`
}

const DEPTH = 'SEARCH DEPTH FIRST BY body, id SET seq'
const BREADTH = 'SEARCH BREADTH FIRST BY body, id SET seq'

test.each([
  `${comments('SEARCH DEPTH FIRST BY id SET seq')} SELECT id, body, row_number() OVER (ORDER BY seq) AS place FROM r`,
  `${comments(DEPTH)} SELECT id, row_number() OVER (ORDER BY seq) AS place, cardinality(seq) AS depth FROM r`,
  `${comments(BREADTH)} SELECT id, rank() OVER (PARTITION BY parent ORDER BY seq) AS place, seq::text AS written FROM r`,
  `${comments(DEPTH, 'UNION')} SELECT id, body FROM r ORDER BY seq LIMIT 7`,
  `${comments(DEPTH)} SELECT r.id, seq::text AS seq FROM r JOIN c USING (id) WHERE c.id % 2 = 0`,
  `${comments(DEPTH)} SELECT j.id, j.seq::text AS seq FROM (r JOIN c ON c.id = r.parent) AS j(id, parent, body, at, seq, other)`,
  `${comments(DEPTH)} SELECT x.id, cardinality(seq) AS depth FROM r x FULL JOIN (SELECT seq FROM r WHERE id % 2 = 0) AS y USING (seq)`,
  `${comments('SEARCH DEPTH FIRST BY at, id SET seq')} SELECT id, row_number() OVER (ORDER BY seq DESC) AS place FROM r`,
  `${comments(DEPTH)} SELECT x.id, array_agg(y.id ORDER BY y.seq DESC) AS answers FROM r x LEFT JOIN r y ON y.parent = x.id GROUP BY x.id`,
  `${comments(DEPTH)} SELECT array_agg(id) AS ids FROM (SELECT id FROM r ORDER BY seq) AS q`,
  `${comments(DEPTH)} SELECT id, (SELECT count(*) FROM r AS y WHERE y.seq < x.seq) AS before FROM r AS x`,
  `${comments(DEPTH)} SELECT id FROM r ORDER BY generate_series(1, cardinality(seq))`,
  `${comments('CYCLE id SET met USING way')} SELECT id, met, way::text AS way, cardinality(way) AS depth FROM r`,
  `${comments('CYCLE id, body SET met USING way', 'UNION')} SELECT id, met, to_json(way)::text AS way FROM r WHERE NOT met`,
  `${comments(`${BREADTH} CYCLE at, id SET met TO 'y' DEFAULT 'n' USING way`)} SELECT id, met, way[1]::text AS top, seq::text AS seq FROM r`,
])('%s', async (query) => {
  await client.query(`SELECT pgstream.create_stream_table('other.st', $1, '1h', 'DIFFERENTIAL')`, [query])
  for (const change of CHANGES) {
    await client.query(change)
    expect(['DIFFERENTIAL', 'NO_DATA'], change).toContain(await expectExact(client, 'other.st'))
  }
})

test('a path as a column, which no table can have', async () => {
  const query = `${comments('CYCLE id SET met USING way')} SELECT id, way FROM r`
  await expect(client.query(`SELECT pgstream.create_stream_table('other.st', $1)`, [query])).rejects.toThrow(
    /pseudo-type record\[\]/,
  )
})

test.each([
  'SELECT DISTINCT r.a, e.parent FROM r JOIN c e ON e.id = r.b',
  'SELECT r.a, e.parent FROM r JOIN c e ON e.id = r.b GROUP BY 1, 2',
  'SELECT d.a, e.parent FROM (SELECT DISTINCT a, b FROM r WHERE a > 3) AS d JOIN c e ON e.id = d.b',
  '(SELECT r.a, e.parent FROM r JOIN c e ON e.id = r.b) UNION SELECT id, id FROM c WHERE id < 3',
])('what makes the rows of a step distinct, below UNION: %s', async (step) => {
  await client.query(`SELECT pgstream.create_stream_table('other.st', $1, '1h', 'DIFFERENTIAL')`, [
    `WITH RECURSIVE r(a, b) AS (SELECT id, parent FROM c UNION (${step})) SELECT a, count(*) AS n, array_agg(b ORDER BY b) AS all_of FROM r GROUP BY a`,
  ])
  for (const change of CHANGES) {
    await client.query(change)
    expect(['DIFFERENTIAL', 'NO_DATA'], change).toContain(await expectExact(client, 'other.st'))
  }
})

test.each([
  `${comments(DEPTH)} SELECT c.id, q.id AS found FROM c JOIN (SELECT id FROM r ORDER BY seq LIMIT 5) AS q USING (id)`,
  `${comments(BREADTH)} SELECT c.id, x.id AS first FROM c LEFT JOIN LATERAL (SELECT id FROM r WHERE r.parent = c.id ORDER BY seq LIMIT 1) AS x ON true`,
])('an order that would have to be kept is refused, and AUTO recomputes: %s', async (query) => {
  const create = (mode: string) =>
    client.query(`SELECT pgstream.create_stream_table('other.st', $1, '1h', $2)`, [query, mode])
  await expect(create('DIFFERENTIAL')).rejects.toThrow(
    /a value of type record(?:\[\])? in the middle of a query/,
  )
  await create('AUTO')
  await client.query(CHANGES[0] ?? '')
  expect(await expectExact(client, 'other.st')).toBe('FULL')
})

test('a distinct step that is computed with: which of several ways to write a value it shows is not told', async () => {
  await client.query(
    'ALTER TABLE c ADD w numeric; UPDATE c SET w = CASE id % 2 WHEN 0 THEN 1.0 ELSE 1.00 END',
  )
  const create = (value: string) =>
    client.query(`SELECT pgstream.create_stream_table('other.st', $1, '1h', 'DIFFERENTIAL')`, [
      `WITH RECURSIVE r(a, t) AS (SELECT id, w::text FROM c WHERE parent IS NULL
         UNION SELECT d.a, d.v::text FROM (SELECT DISTINCT 7 AS a, ${value} AS v FROM r JOIN c ON c.parent = r.a) AS d)
       SELECT a, count(*) AS n FROM r GROUP BY a`,
    ])
  await expect(create('c.w')).rejects.toThrow(/in the recursive term/)
  await create('c.w::numeric(9, 1)')
  for (const change of CHANGES) {
    await client.query(change)
    await expectExact(client, 'other.st')
  }
})
