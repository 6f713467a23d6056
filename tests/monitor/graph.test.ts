/** What shows the graph of stream tables: the drawn tree, Mermaid and Graphviz, sources, lineage. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let db: FreshDatabase

beforeAll(async () => {
  db = await freshDatabase()
  await db.client.query(`
    CREATE TABLE customers (id int PRIMARY KEY, region text NOT NULL, note text);
    CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, amount numeric, at date) PARTITION BY RANGE (id);
    CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (1) TO (1000);
    CREATE VIEW paid AS SELECT o.id AS o, o.customer, o.amount * 2 AS twice, at FROM orders AS o WHERE o.at IS NOT NULL;
    SELECT pgstream.create_stream_table('by_region',
      'SELECT region, count(*) AS n, sum(amount) AS total FROM orders JOIN customers AS c ON c.id = customer GROUP BY region', '1m');
    SELECT pgstream.create_stream_table('large', 'SELECT region, total FROM by_region WHERE n > 1');
    SELECT pgstream.create_stream_table('pair', 'SELECT a.region, b.total FROM by_region AS a JOIN large AS b ON b.region = a.region');
    CREATE SCHEMA "my ""schema";
    SELECT pgstream.create_stream_table('"my ""schema"."a#1;<b>\\n&\`x\`"', 'SELECT id FROM customers')`)
})
afterAll(() => db.close())

const rows = async (query: string, values: unknown[] = []) => (await db.client.query(query, values)).rows
const lines = async (query: string) =>
  (await db.client.query({ text: query, rowMode: 'array' })).rows.map((row) => row[0])

test('dependency_tree draws every stream table down to tables, what is read twice once', async () => {
  expect(await lines('SELECT tree_line FROM pgstream.dependency_tree()')).toEqual([
    '"my ""schema"."a#1;<b>\\n&`x`" [AUTO, ACTIVE]',
    '└── public.customers',
    'public.pair [AUTO, ACTIVE]',
    '├── public.by_region [AUTO, ACTIVE]',
    '│   ├── public.customers',
    '│   └── public.orders',
    '└── public.large [AUTO, ACTIVE]',
    '    └── public.by_region (above)',
  ])
  expect((await rows('SELECT * FROM pgstream.dependency_tree()')).slice(4, 7)).toEqual([
    {
      tree_line: '│   ├── public.customers',
      node: 'public.customers',
      node_type: 'source_table',
      depth: 2,
      status: null,
      refresh_mode: null,
    },
    {
      tree_line: '│   └── public.orders',
      node: 'public.orders',
      node_type: 'source_table',
      depth: 2,
      status: null,
      refresh_mode: null,
    },
    {
      tree_line: '└── public.large [AUTO, ACTIVE]',
      node: 'public.large',
      node_type: 'stream_table',
      depth: 1,
      status: 'ACTIVE',
      refresh_mode: 'AUTO',
    },
  ])
})

test('explain_dag for Mermaid: nodes and arrows that exist, nothing in a label that could end it', async () => {
  const [text] = await lines('SELECT pgstream.explain_dag()')
  expect(text).toBe((await lines(`SELECT pgstream.explain_dag('MERMAID')`))[0])
  const [head, ...body] = String(text).trimEnd().split('\n')
  expect(head).toBe('flowchart LR')
  const NODE = /^ {2}(n\d+)(\[\("[^"<>&`\\]*"\)\]|\["(?:[^"<>&`\\]|<br\/>)*"\]):::(\w+)$/
  const ARROW = /^ {2}(n\d+) --> (n\d+)$/
  const nodes = body.flatMap((line) => NODE.exec(line)?.[1] ?? [])
  const arrows = body.flatMap((line) => ARROW.exec(line)?.slice(1) ?? [])
  const classes = body.filter((line) => line.startsWith('  classDef '))
  expect(nodes.length + arrows.length / 2 + classes.length).toBe(body.length)
  expect(new Set(nodes).size).toBe(6)
  expect(arrows.length / 2).toBe(6)
  for (const end of arrows) expect(nodes).toContain(end)
  expect(text).toContain(
    '["#34;my #34;#34;schema#34;.#34;a#35;1;#60;b#62;#92;n#38;#96;x#96;#34;<br/>AUTO, ACTIVE"]:::fresh',
  )
})

test('explain_dag for Graphviz: strings are escaped', async () => {
  const [text] = await lines(`SELECT pgstream.explain_dag('dot')`)
  const body = String(text).trimEnd().split('\n')
  expect(body[0]).toBe('digraph stream_tables {')
  expect(body.at(-1)).toBe('}')
  const STATEMENT =
    /^ {2}(rankdir=LR|node \[.*\]|n\d+ \[label="(?:[^"\\]|\\["\\n])*", shape=\w+, fillcolor="#\w{6}", color="#\w{6}"\]|n\d+ -> n\d+);$/
  for (const line of body.slice(1, -1)) expect(line).toMatch(STATEMENT)
  expect(text).toContain('label="\\"my \\"\\"schema\\".\\"a#1;<b>\\\\n&`x`\\"\\nAUTO, ACTIVE"')
})

test('explain_dag colours what is not well', async () => {
  await db.client.query('BEGIN')
  await db.client.query(`
    UPDATE pgstream.frontiers SET data_timestamp = now() - interval '1 hour'
    WHERE pgs_id = (SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_name = 'by_region');
    UPDATE pgstream.pgs_stream_tables SET status = 'ERROR' WHERE pgs_name = 'large';
    SELECT pgstream.alter_stream_table('pair', status => 'SUSPENDED')`)
  const [text] = await lines('SELECT pgstream.explain_dag()')
  await db.client.query('ROLLBACK')
  expect(text).toMatch(/public\.by_region.*:::stale/)
  expect(text).toMatch(/public\.large.*:::failing/)
  expect(text).toMatch(/public\.pair.*:::suspended/)
})

test.each(["'svg'", 'NULL', "''"])('explain_dag refuses format %s', async (format) => {
  await expect(rows(`SELECT pgstream.explain_dag(${format})`)).rejects.toMatchObject({
    code: '22023',
    hint: 'The formats are mermaid and dot.',
  })
})

test('list_sources', async () => {
  const found =
    await rows(`SELECT source_table, source_type, cdc_mode, columns_used FROM pgstream.list_sources('pair')
    UNION ALL SELECT source_table, source_type, cdc_mode, columns_used FROM pgstream.list_sources('by_region')`)
  expect(found).toEqual([
    {
      source_table: 'public.by_region',
      source_type: 'STREAM_TABLE',
      cdc_mode: 'TRIGGER',
      columns_used: ['region'],
    },
    {
      source_table: 'public.large',
      source_type: 'STREAM_TABLE',
      cdc_mode: 'TRIGGER',
      columns_used: ['region', 'total'],
    },
    {
      source_table: 'public.customers',
      source_type: 'TABLE',
      cdc_mode: 'TRIGGER',
      columns_used: ['id', 'region'],
    },
    {
      source_table: 'public.orders',
      source_type: 'PARTITIONED_TABLE',
      cdc_mode: 'TRIGGER',
      columns_used: ['customer', 'amount'],
    },
  ])
})

/** Lineage as `column < table.column kind`, without the public schema. */
async function lineage(query: string, mode = 'AUTO'): Promise<string[]> {
  await db.client.query('BEGIN')
  try {
    await db.client.query('SELECT pgstream.create_stream_table($1, $2, $3, $4)', [
      'lineage',
      query,
      '1h',
      mode,
    ])
    const found = await rows(`SELECT * FROM pgstream.stream_table_lineage('lineage')`)
    return found.map(
      ({ column_name, source_table, source_column, kind }) =>
        `${column_name ?? '*'} < ${source_table === null ? '-' : `${String(source_table).replace('public.', '')}.${source_column}`} ${kind}`,
    )
  } finally {
    await db.client.query('ROLLBACK')
  }
}

test.each<[string, string, string[]]>([
  [
    'columns, expressions, conditions and groups',
    'SELECT region AS r, upper(region) AS u, count(*) AS n, sum(amount) FILTER (WHERE at IS NULL) AS s FROM orders JOIN customers c ON c.id = customer GROUP BY region',
    [
      'r < customers.region copied',
      'u < customers.region computed',
      'n < - computed',
      's < orders.amount computed',
      's < orders.at computed',
      '* < customers.id rows',
      '* < customers.region rows',
      '* < orders.customer rows',
    ],
  ],
  [
    'through a view, a subquery and WITH',
    'WITH big AS (SELECT o, twice FROM paid WHERE twice > 5) SELECT x.o, x.twice FROM (SELECT * FROM big) AS x',
    [
      'o < orders.id copied',
      'twice < orders.amount computed',
      '* < orders.amount rows',
      '* < orders.at rows',
    ],
  ],
  [
    'UNION ALL',
    'SELECT id, note AS word FROM customers UNION ALL SELECT id, amount::text FROM orders',
    [
      'id < customers.id copied',
      'id < orders.id copied',
      'word < customers.note copied',
      'word < orders.amount computed',
    ],
  ],
  [
    'USING, and a correlated subquery',
    'SELECT id, (SELECT max(o.amount) FROM orders o WHERE o.customer = c.id) AS most FROM customers c JOIN large USING (region)',
    [
      'id < customers.id copied',
      'most < customers.id computed',
      'most < orders.customer computed',
      'most < orders.amount computed',
      '* < customers.region rows',
      '* < large.region rows',
    ],
  ],
  [
    'a window, DISTINCT and LIMIT',
    'SELECT DISTINCT region, rank() OVER (PARTITION BY region ORDER BY note) AS r FROM customers ORDER BY region LIMIT 3',
    [
      'region < customers.region copied',
      'r < customers.region computed',
      'r < customers.note computed',
      '* < customers.region rows',
      '* < customers.note rows',
    ],
  ],
  [
    'recursion ends',
    'WITH RECURSIVE t(i) AS (SELECT id FROM customers UNION SELECT i + 1 FROM t JOIN orders ON orders.id = i) SELECT i FROM t',
    ['i < customers.id copied', '* < customers.id rows', '* < orders.id rows'],
  ],
  ['a whole row', 'SELECT c AS whole FROM customers c', ['whole < customers.* computed']],
  ['nothing', 'SELECT 1 AS one', ['one < - computed']],
])('lineage: %s', async (_, query, expected) => {
  expect(await lineage(query)).toEqual(expected)
})

test('lineage follows a new name of a source column', async () => {
  await db.client.query(`BEGIN; ALTER TABLE customers RENAME COLUMN region TO area`)
  const found = await rows(
    `SELECT source_column FROM pgstream.stream_table_lineage('by_region') WHERE column_name = 'region'`,
  )
  await db.client.query('ROLLBACK')
  expect(found).toEqual([{ source_column: 'area' }])
})

test.each([
  'list_sources',
  'stream_table_lineage',
  'recommend_indexes',
  'recommend_refresh_mode',
  'diagnose_errors',
])('%s says which name is wrong', async (name) => {
  const call = `SELECT * FROM pgstream.${name}($1)`
  await expect(rows(call, ['nowhere'])).rejects.toMatchObject({
    code: '42P01',
    message: expect.stringContaining('"nowhere"'),
  })
  await expect(rows(call, ['orders'])).rejects.toMatchObject({
    code: '42809',
    message: '"orders" is not a stream table',
  })
  await expect(rows(call, [null])).rejects.toMatchObject({ code: '42P01' })
})
