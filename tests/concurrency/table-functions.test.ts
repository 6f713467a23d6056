/** XMLTABLE, JSON_TABLE and functions over functions: rows that are made of documents, and only of those that changed. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let database: FreshDatabase
let version = 0

beforeAll(async () => {
  database = await freshDatabase()
  const { rows } = await database.client.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int AS version`,
  )
  version = rows[0]?.version ?? 0
  await database.client.query(`
    CREATE TABLE t (id int PRIMARY KEY, n int, doc jsonb, raw text, page xml);
    CREATE TABLE u (id int PRIMARY KEY, m int);
    CREATE DOMAIN positive AS int CHECK (VALUE > 0)`)
})

afterAll(() => database.close())

const FILL = `TRUNCATE t, u;
  INSERT INTO t SELECT i, nullif(i % 3, 2), jsonb_build_object('name', 'n' || i, 'items', (SELECT jsonb_agg(jsonb_build_object('a', j, 'b', 'x' || j % 2, 'c', ARRAY[j, i],
      'in', (SELECT jsonb_agg(k) FROM generate_series(1, j % 3) AS k))) FROM generate_series(1, i % 4) AS j)),
    format('{"v": [%s, "%s", null]}', i, i), xmlelement(name rows, (SELECT xmlagg(xmlelement(name row, xmlattributes(j AS k), xmlelement(name b, 'x' || j % 2), CASE WHEN j > 1 THEN xmlelement(name "Odd", j) END))
      FROM generate_series(1, i % 4) AS j))
    FROM generate_series(1, 7) AS i;
  INSERT INTO t VALUES (20, NULL, NULL, NULL, NULL), (21, 5, '{}', '[]', '<rows/>'), (22, 1, '{"items": [{"a": "no number"}, {"a": 1.5, "b": null}, 3]}', '7', '<rows><row k="9"/></rows>');
  INSERT INTO u VALUES (1, 1), (2, 2)`

const CHANGES = [
  `INSERT INTO t VALUES (30, 2, '{"items": [{"a": 5, "b": "y", "c": [1], "in": [7, 8]}]}', '{"v": [1]}', '<rows><row k="1"><b>y</b></row><row k="1"><b>y</b></row></rows>')`,
  `UPDATE t SET doc = jsonb_set(doc, '{items,0,a}', '77'), page = '<rows><row k="3"/></rows>' WHERE id IN (1, 2, 5)`,
  `UPDATE t SET n = 0 WHERE id IN (3, 21); UPDATE u SET m = m + 1`,
  'DELETE FROM t WHERE id IN (2, 22)',
  `UPDATE t SET doc = NULL, page = NULL, raw = NULL WHERE id = 3; UPDATE t SET id = id + 100 WHERE id = 6`,
  `INSERT INTO t VALUES (40, 1, '{"items": []}', '1', '<rows><row k="2"/></rows>'); DELETE FROM t WHERE id = 40; DELETE FROM u WHERE id = 1`,
]

const OF_XML: Readonly<Record<string, string>> = {
  'columns of each kind': `SELECT t.id, x.* FROM t, XMLTABLE('/rows/row' PASSING t.page
    COLUMNS nr FOR ORDINALITY, k int PATH '@k' NOT NULL, b text, odd int PATH '*[local-name() = "Odd"]' DEFAULT t.n, whole xml PATH '.', v varchar(3) PATH 'b') AS x`,
  'namespaces, a path from a column': `SELECT t.id, x.k FROM t LEFT JOIN XMLTABLE(XMLNAMESPACES('http://a' AS "A"), ('/*[' || coalesce(t.n, 1)::text || ']/*')
    PASSING xmlelement(name r, xmlelement(name k, t.id)) COLUMNS k int PATH '.') AS x ON x.k > 1`,
  grouped: `SELECT x.b, count(*) AS n, sum(x.k) AS s FROM t, XMLTABLE('//row' PASSING BY VALUE t.page COLUMNS k int PATH '@k', b text) AS x GROUP BY x.b`,
  'of a subquery': `SELECT x.k, u.id FROM u, XMLTABLE('//row' PASSING (SELECT page FROM t WHERE t.id = u.m) COLUMNS k positive PATH '@k') AS x`,
}

const OF_ROWS: Readonly<Record<string, string>> = {
  'one that reads another, which may lack it': `SELECT t.id, a, b FROM t, generate_series(1, t.n) AS a LEFT JOIN LATERAL generate_series(2, a) AS b ON true`,
  'of both': `SELECT t.id, a, b FROM t, generate_series(1, t.n) AS a LEFT JOIN LATERAL generate_series(a, t.n + 1) AS b ON b <> a`,
  'of a subquery that reads the same': `SELECT t.id, q.m, b FROM t, LATERAL (SELECT m FROM u WHERE u.id = t.n) AS q LEFT JOIN LATERAL generate_series(q.m, t.n) AS b ON b IN (SELECT id FROM u)`,
  'three deep': `SELECT t.id, a, b, c, u.m FROM t, generate_series(0, t.n) AS a LEFT JOIN u ON u.id = a LEFT JOIN LATERAL generate_series(u.m, a) AS b ON true LEFT JOIN LATERAL generate_series(b, t.n) AS c ON c > 1`,
}

const OF_JSON: Readonly<Record<string, string>> = {
  'columns of each kind': `SELECT t.id, j.* FROM t, JSON_TABLE(t.doc, '$.items[*]' COLUMNS (nr FOR ORDINALITY, a int PATH '$.a' DEFAULT 7 ON EMPTY NULL ON ERROR, b text,
    c jsonb PATH '$.c' WITH CONDITIONAL WRAPPER, e boolean EXISTS PATH '$.a', f text FORMAT JSON PATH '$.c' OMIT QUOTES EMPTY ARRAY ON EMPTY, g int[] PATH '$.c', h varchar(1) PATH '$.b')) AS j`,
  nested: `SELECT t.id, j.* FROM t, JSON_TABLE(t.doc, 'strict $' AS root PASSING t.n AS lim COLUMNS (name text PATH '$.name',
    NESTED PATH '$.items[*] ? (@.a >= $lim)' AS "It" COLUMNS (a int PATH '$.a' ERROR ON ERROR, NESTED PATH '$.in[*]' COLUMNS (i int PATH '$', at FOR ORDINALITY)),
    NESTED '$.items[*].c[*]' COLUMNS (c int PATH '$'))) AS j WHERE t.id < 20`,
  'no columns of its own': `SELECT t.id, j.x FROM t LEFT JOIN JSON_TABLE(t.raw FORMAT JSON, '$' COLUMNS (NESTED '$.v[*]' COLUMNS (x text PATH '$'))) AS j ON j.x <> '3'`,
  'errors are errors': `SELECT t.id, j.a FROM t, JSON_TABLE(t.doc, '$.items[*]' COLUMNS (a numeric PATH '$.a' DEFAULT -1 ON ERROR) ERROR ON ERROR) AS j WHERE t.doc ? 'items' AND jsonb_typeof(t.doc -> 'items') = 'array'`,
  grouped: `SELECT j.b, count(*) AS n, max(j.a) AS m FROM t, JSON_TABLE(t.doc, '$.items[*]' COLUMNS (a int PATH '$.a', b text PATH '$.b')) AS j GROUP BY j.b`,
  'of a subquery': `SELECT u.id, j.a FROM u, JSON_TABLE((SELECT jsonb_agg(t.n ORDER BY t.id) FROM t WHERE t.n = u.m), '$[*]' COLUMNS (a int PATH '$')) AS j`,
  'in EXISTS': `SELECT u.id FROM u WHERE EXISTS (SELECT FROM t, JSON_TABLE(t.doc, '$.items[*]' COLUMNS (a int PATH '$.a')) AS j WHERE j.a = u.m)`,
}

test.each([
  ...Object.entries(OF_XML).map(([name, query]) => ['XMLTABLE', name, query] as const),
  ...Object.entries(OF_ROWS).map(([name, query]) => ['a function', name, query] as const),
  ...Object.entries(OF_JSON).map(([name, query]) => ['JSON_TABLE', name, query] as const),
])('%s: %s', async (kind, _, query) => {
  if (kind === 'JSON_TABLE' && version < 170000) return
  const { client } = database
  await client.query(FILL)
  await client.query(`SELECT pgstream.create_stream_table('made', $1, '1m', 'DIFFERENTIAL')`, [query])
  try {
    await expectExact(client, 'made', { image: true })
    for (const change of CHANGES) {
      await client.query(change)
      expect(await expectExact(client, 'made', { image: true })).toMatch(/^(DIFFERENTIAL|NO_DATA)$/)
    }
  } finally {
    await client.query(`SELECT pgstream.drop_stream_table('made')`)
  }
})

test('what depends on settings is recomputed', async () => {
  const { client } = database
  const refused = (query: string) =>
    expect(client.query(`SELECT pgstream.create_stream_table('no', $1, '1m', 'DIFFERENTIAL')`, [query]))
      .rejects
  await refused(`SELECT x.d FROM t, XMLTABLE('//row' PASSING page COLUMNS d date PATH '@d') AS x`).toThrow(
    'XMLTABLE cannot be maintained incrementally',
  )
  if (version >= 170000)
    await refused(
      `SELECT j.d FROM t, JSON_TABLE(doc, '$[*] ? (@.d.datetime() < "2024-01-01".datetime())' COLUMNS (d text PATH '$.d')) AS j`,
    ).toThrow('JSON_TABLE cannot be maintained incrementally')
})
