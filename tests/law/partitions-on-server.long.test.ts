/** Window functions, DISTINCT ON and LIMIT as PostgreSQL computes them, while rows come, change and go. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
})

afterAll(async () => {
  await database?.close()
})

const SET_UP = (name: string) => `
  CREATE TABLE ${name} (id int PRIMARY KEY, g int, h text, x numeric, y int, at date, j json);
  CREATE INDEX ON ${name} (g);
  INSERT INTO ${name} SELECT i, nullif(i % 5, 4), chr(97 + i % 3), (i * 7 % 11) / 2.0, nullif(i % 7, 6), date '2026-01-01' + i % 10, '{}'
    FROM generate_series(1, 40) AS i;
  CREATE TABLE ${name}_names (g int PRIMARY KEY, name text);
  INSERT INTO ${name}_names VALUES (0, 'zero'), (1, 'one'), (2, 'two')`

/** Each is a transaction. */
const CHANGES = (name: string): readonly string[] => [
  `INSERT INTO ${name} VALUES (101, 1, 'a', 1.50, 3, '2026-02-01', '[]'), (102, 9, NULL, NULL, NULL, NULL, NULL)`,
  `UPDATE ${name} SET x = x + 1 WHERE g = 2`,
  `UPDATE ${name} SET g = NULL WHERE id % 6 = 1`,
  `UPDATE ${name} SET x = x * 1.00 WHERE id < 4; UPDATE ${name}_names SET name = 'uno' WHERE g = 1`,
  `DELETE FROM ${name} WHERE id % 4 = 1`,
  `INSERT INTO ${name} (id, g) VALUES (104, 1); UPDATE ${name} SET y = 6 WHERE id = 104; DELETE FROM ${name} WHERE id = 104`,
  `DELETE FROM ${name}_names WHERE g = 2; INSERT INTO ${name}_names VALUES (3, 'three')`,
  `UPDATE ${name} SET h = 'b'`,
  `DELETE FROM ${name} WHERE g IS NULL`,
  `INSERT INTO ${name} (id, g, h, x, y) SELECT i, i % 3, 'c', i, i % 2 FROM generate_series(200, 230) AS i`,
  `DELETE FROM ${name}`,
  `INSERT INTO ${name} (id, g, h, x) VALUES (1, 1, 'a', 7), (2, 1, 'b', 7.0)`,
]

const QUERIES: Readonly<Record<string, string>> = {
  'row_number at the root': 'SELECT id, g, row_number() OVER (PARTITION BY g ORDER BY id) AS n FROM t',
  'a key that is not shown': 'SELECT id, row_number() OVER (PARTITION BY g ORDER BY id) AS n FROM t',
  'a computed key':
    'SELECT g, x, sum(y) OVER (PARTITION BY g % 2, h ORDER BY id) AS s FROM t WHERE y IS NOT NULL',
  'no partition':
    'SELECT id, rank() OVER (ORDER BY x DESC NULLS LAST) AS r, count(*) OVER () AS n, sum(x) OVER () AS s FROM t',
  frames: `SELECT id, g, sum(y) OVER (w ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) AS a, array_agg(id) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) AS b,
    sum(x) OVER (PARTITION BY g ORDER BY at RANGE BETWEEN interval '2 days' PRECEDING AND CURRENT ROW) AS c,
    count(*) OVER (PARTITION BY g ORDER BY y GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES) AS d, last_value(id) OVER (w RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE GROUP) AS e
    FROM t WINDOW w AS (PARTITION BY g ORDER BY id)`,
  functions: `SELECT id, g, row_number() OVER w AS a, rank() OVER v AS b, dense_rank() OVER v AS c, percent_rank() OVER v AS d, cume_dist() OVER v AS e, ntile(3) OVER w AS f,
    lag(x) OVER w AS h, lag(x, 2, 0.0) OVER w AS i, lead(h) OVER w AS k, first_value(x) OVER w AS l, last_value(x) OVER w AS m, nth_value(y, 2) OVER w AS n,
    string_agg(h, ',') FILTER (WHERE y > 1) OVER w AS o FROM t WINDOW w AS (PARTITION BY g ORDER BY id), v AS (PARTITION BY g ORDER BY y)`,
  'several partitions': `SELECT id, g, h, row_number() OVER (PARTITION BY g ORDER BY id) AS a, sum(y) OVER (PARTITION BY h) AS b, count(*) OVER () AS c, max(x) OVER (PARTITION BY h, g) AS d FROM t`,
  'in expressions': `SELECT id, g, x - lag(x, 1, 0) OVER (PARTITION BY g ORDER BY id) AS change, CASE WHEN row_number() OVER (PARTITION BY g ORDER BY id) = 1 THEN 'first' END AS place FROM t`,
  'over aggregates': `SELECT g, h, sum(y) AS s, rank() OVER (PARTITION BY h ORDER BY sum(y) DESC NULLS LAST, g) AS r, sum(sum(y)) OVER (ORDER BY h, g) AS total FROM t GROUP BY g, h`,
  'over a join': `SELECT t.id, n.name, row_number() OVER (PARTITION BY n.name ORDER BY t.id DESC) AS r FROM t JOIN t_names AS n ON n.g = t.g`,
  'below a join and an aggregate': `SELECT q.r, count(*) AS n, min(q.name) AS m FROM (SELECT n.name, rank() OVER (PARTITION BY t.g ORDER BY t.y) AS r FROM t JOIN t_names AS n ON n.g = t.g) AS q GROUP BY q.r`,
  'the first rows of each':
    'SELECT id, g, x FROM (SELECT id, g, x, row_number() OVER (PARTITION BY g ORDER BY x DESC, id) AS r FROM t) AS q WHERE r <= 2',
  'the first of each without its key':
    'SELECT id, x FROM (SELECT id, g, x, row_number() OVER (PARTITION BY g ORDER BY x DESC, id) AS r FROM t) AS q WHERE r = 1',
  'json passes through': 'SELECT id, j, row_number() OVER (PARTITION BY g ORDER BY id) AS r FROM t',
  'rows alike': 'SELECT h, count(*) OVER (PARTITION BY h) AS n FROM t',
  'DISTINCT ON': 'SELECT DISTINCT ON (g) g, id, x FROM t ORDER BY g, x DESC, id',
  'DISTINCT ON without its key': 'SELECT DISTINCT ON (g % 2, h) id FROM t ORDER BY g % 2, h DESC, id DESC',
  'DISTINCT ON one value': 'SELECT DISTINCT ON (h) h FROM t',
  'the largest three': 'SELECT id, x FROM t ORDER BY x DESC NULLS LAST, id LIMIT 3',
  'sorted by what is not shown': 'SELECT h FROM t ORDER BY id OFFSET 2 ROWS FETCH FIRST 3 ROWS ONLY',
  'with ties': 'SELECT id, y FROM t ORDER BY y FETCH FIRST 2 ROWS WITH TIES',
  'offset alone': 'SELECT id FROM t ORDER BY id OFFSET 5',
  'of groups': 'SELECT g, sum(x) AS s FROM t GROUP BY g ORDER BY sum(x) DESC NULLS LAST, g LIMIT 2',
  'of a union': '(SELECT id FROM t UNION ALL SELECT g FROM t_names) ORDER BY 1 DESC LIMIT 4',
  'a limit joined':
    'SELECT n.name, q.x FROM (SELECT g, x, id FROM t ORDER BY x DESC NULLS LAST, id LIMIT 8) AS q JOIN t_names AS n ON n.g = q.g',
  'limit of DISTINCT ON of windows': `SELECT DISTINCT ON (g) g, id, sum(y) OVER (PARTITION BY g ORDER BY id) AS s FROM t ORDER BY g, sum(y) OVER (PARTITION BY g ORDER BY id) DESC NULLS LAST, id LIMIT 3`,
  'over groups that HAVING leaves': `SELECT g, count(*) AS n, row_number() OVER (ORDER BY count(*) DESC, g) AS r FROM t GROUP BY g HAVING count(*) > 1`,
  'over grouping sets': `SELECT g, h, sum(y) AS s, grouping(g, h) AS level, rank() OVER (PARTITION BY grouping(g, h) ORDER BY sum(y) DESC NULLS LAST) AS r,
    sum(count(*)) OVER (PARTITION BY h) AS n, count(*) OVER () AS c FROM t GROUP BY ROLLUP (g, h)`,
  'over grouping sets, of expressions': `SELECT g % 2 AS odd, upper(h) AS h, upper(h) || (row_number() OVER (PARTITION BY upper(h) ORDER BY g % 2 DESC, count(*), grouping(g % 2, upper(h))))::text AS place,
    CASE WHEN lag(max(x)) OVER (ORDER BY grouping(upper(h)), g % 2, upper(h)) > 3 THEN (SELECT max(n.name) FROM t_names AS n) END AS c,
    generate_series(1, (1 + count(*) OVER () % 2)::int) AS again
    FROM t GROUP BY CUBE (g % 2, upper(h)) HAVING count(*) > 1 OR grouping(upper(h)) = 1`,
  'over grouping sets, DISTINCT ON and LIMIT': `SELECT DISTINCT ON (h) h, sum(y) AS s, rank() OVER (PARTITION BY h ORDER BY sum(y) NULLS FIRST, g) AS r FROM t GROUP BY GROUPING SETS ((g, h), (h), ())
    ORDER BY h, rank() OVER (PARTITION BY h ORDER BY sum(y) NULLS FIRST, g), sum(y) LIMIT 3`,
  'over grouping sets with a filtered sum over them': `SELECT g, sum(sum(x) FILTER (WHERE y > 2)) OVER w AS a, g IN (SELECT n.g FROM t_names AS n WHERE n.name > t.h) AS b, h
    FROM t GROUP BY ROLLUP (g, h) WINDOW w AS (ORDER BY g, h, grouping(g, h) ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`,
  'over a primary key’s group': `SELECT id, x, sum(x) AS s, lag(x) OVER (ORDER BY id) AS l FROM t GROUP BY id`,
  'no rows at all': `SELECT id FROM t ORDER BY id LIMIT 0`,
  'LIMIT ALL': `SELECT id FROM t ORDER BY id LIMIT NULL OFFSET 2 + 1`,
  'a limit of one row, unsorted': `SELECT count(*) AS n, sum(x) AS s FROM t LIMIT 100`,
  'a limit of the row of a key, unsorted': `SELECT n.g, q.id, r.name FROM t_names AS n LEFT JOIN LATERAL (SELECT id, h FROM t WHERE t.id = n.g LIMIT 1) AS q ON true
    LEFT JOIN LATERAL (SELECT b.name FROM t_names AS a JOIN t_names AS b ON b.g = a.g WHERE n.g = a.g LIMIT 2) AS r ON true`,
  'OFFSET 0': `SELECT q.g, count(*) AS n FROM (SELECT id, g FROM t OFFSET 0) AS q GROUP BY q.g`,
  'a limit by a subquery': `SELECT id, x FROM t ORDER BY x DESC NULLS LAST, id LIMIT (SELECT count(*) FROM t_names)`,
  'places by subqueries': `SELECT id, x FROM t ORDER BY x, id LIMIT (SELECT max(g) FROM t_names WHERE name > 'p') + 1 OFFSET (SELECT min(g) FROM t_names WHERE g > 1)`,
  'with ties by a subquery': `SELECT g, x FROM t ORDER BY g FETCH FIRST (SELECT min(g) + 3 FROM t_names WHERE g > 0) ROWS WITH TIES`,
  'a limit by a subquery for each row': `SELECT n.name, q.id FROM t_names AS n, LATERAL (SELECT id FROM t WHERE t.g = n.g ORDER BY id LIMIT (SELECT max(g) FROM t_names) OFFSET (SELECT 1 FROM t_names WHERE g = 2)) AS q`,
  'a limit by a column of the query around': `SELECT n.name, q.id FROM t_names AS n LEFT JOIN LATERAL (SELECT id FROM t WHERE t.g = n.g ORDER BY id LIMIT n.g + 1 OFFSET nullif(n.g, 0)) AS q ON true`,
  'a window read twice': `WITH w AS (SELECT id, g, ntile(2) OVER (PARTITION BY g ORDER BY id) AS q FROM t) SELECT a.id, b.id AS other FROM w AS a JOIN w AS b ON a.q = b.q AND a.g = b.g`,
  'constants among the keys': `SELECT id, true AS yes, row_number() OVER (PARTITION BY true, 1 ORDER BY id) AS n FROM t ORDER BY id LIMIT 3`,
  'DISTINCT ON a constant': `SELECT DISTINCT ON (1) 5 AS a, id FROM t ORDER BY 1, id`,
  'the first of each of a union': `SELECT * FROM (SELECT id, x, row_number() OVER (PARTITION BY x ORDER BY id) AS r FROM (SELECT id, x, g FROM t UNION ALL SELECT id + 1000, x, g FROM t) AS u) AS q WHERE r = 1`,
  'a count of all': `SELECT count(*) OVER () AS n FROM t`,
  'an aggregate over a limit over a window': `SELECT sum(n) AS s FROM (SELECT g, x, count(*) OVER (PARTITION BY g) AS n FROM t ORDER BY x, id LIMIT 5) AS q`,
  'a limit over aggregates computed anew': `SELECT g, n FROM (SELECT g, count(DISTINCT x) AS n, min(id) AS m FROM t GROUP BY g) AS q ORDER BY n DESC, g LIMIT 2`,
}

test.each(Object.entries(QUERIES))('%s', async (label, query) => {
  const { client } = database
  const n = Object.keys(QUERIES).indexOf(label)
  await client.query(SET_UP(`t${n}`))
  const text = query.replaceAll(/\bt_names\b/g, `t${n}_names`).replaceAll(/\bFROM t\b/g, `FROM t${n} AS t`)
  await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [`w${n}`, text])
  for (const change of CHANGES(`t${n}`)) {
    await client.query(change)
    expect(['DIFFERENTIAL', 'NO_DATA']).toContain(await expectExact(client, `w${n}`, { image: true }))
  }
})
