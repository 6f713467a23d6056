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

let made = 0

beforeEach(async () => {
  made += 1
  await client.query(`CREATE SCHEMA s${made}`)
  await client.query(`SET search_path = s${made}`)
})

async function create(query: string): Promise<string> {
  await client.query('SELECT pgstream.create_stream_table($1, $2, $3, $4)', [
    'st',
    query,
    '1h',
    'DIFFERENTIAL',
  ])
  return `s${made}.st`
}

/** Each of the statements, and the oracle after each. */
async function follow(name: string, statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    await client.query(statement)
    expect(['DIFFERENTIAL', 'NO_DATA'], statement).toContain(await expectExact(client, name))
  }
}

const CLOSURE = `WITH RECURSIVE path AS (
  SELECT src, dst FROM edges UNION SELECT p.src, e.dst FROM path p JOIN edges e ON e.src = p.dst
) SELECT * FROM path`

async function edges(columns = 'src int NOT NULL, dst int NOT NULL'): Promise<void> {
  await client.query(`CREATE TABLE edges (${columns})`)
  await client.query('CREATE INDEX ON edges (src)')
  await client.query('CREATE INDEX ON edges (dst)')
}

test('transitive closure: edges come, go and change, also in cycles', async () => {
  await edges()
  await client.query('INSERT INTO edges VALUES (1, 2), (2, 3), (3, 4)')
  const name = await create(CLOSURE)
  await follow(name, [
    'INSERT INTO edges VALUES (4, 5)',
    'INSERT INTO edges VALUES (5, 1), (9, 1)',
    'DELETE FROM edges WHERE src = 2',
    'INSERT INTO edges VALUES (2, 3), (2, 4), (1, 1)',
    'UPDATE edges SET dst = dst + 1 WHERE src = 3',
    'UPDATE edges SET src = src % 4, dst = dst % 5',
    // The way that is left goes through a row that is new.
    'DELETE FROM edges',
    'INSERT INTO edges VALUES (1, 2), (2, 3), (3, 2)',
    'DELETE FROM edges WHERE src = 1',
    'INSERT INTO edges VALUES (1, 3)',
    'DELETE FROM edges WHERE dst = 3; INSERT INTO edges VALUES (1, 7), (7, 2)',
    'DELETE FROM edges',
  ])
})

test('a single column that the step computes, over no source and over one', async () => {
  await client.query('CREATE TABLE words (word text, ending text)')
  await client.query(`INSERT INTO words VALUES ('a', 'x'), ('b', 'y'), ('b', NULL), (NULL, 'z')`)
  const changes = [
    `INSERT INTO words VALUES ('aa', 'y'), ('c', 'x')`,
    `DELETE FROM words WHERE word = 'a'`,
    `UPDATE words SET ending = 'w' WHERE word = 'b'`,
    `UPDATE words SET word = 'bb' WHERE word = 'b'; DELETE FROM words WHERE word IS NULL`,
  ]
  for (const step of [
    'ALL SELECT word || word FROM w WHERE length(word) < 4',
    'SELECT w.word || s.ending FROM w JOIN words s ON s.word <> w.word AND length(w.word) < 3',
  ]) {
    await follow(
      await create(`WITH RECURSIVE w AS (SELECT word FROM words UNION ${step}) SELECT * FROM w`),
      changes,
    )
    await client.query(`SELECT pgstream.drop_stream_table('st')`)
  }
})

test('columns that may be NULL, and a join that meets NULLs', async () => {
  await edges('src int, dst int')
  await client.query('INSERT INTO edges VALUES (1, 2), (2, NULL), (NULL, 3), (NULL, NULL)')
  const name = await create(
    CLOSURE.replace('e.src = p.dst', 'e.src = p.dst OR (e.src IS NULL AND p.dst IS NULL)'),
  )
  await follow(name, [
    'INSERT INTO edges VALUES (3, 4), (4, NULL)',
    'DELETE FROM edges WHERE src IS NULL',
    'INSERT INTO edges VALUES (NULL, 9)',
    'UPDATE edges SET src = NULL WHERE src = 1',
    'DELETE FROM edges WHERE dst IS NULL',
  ])
})

const CHART = `WITH RECURSIVE chart AS (
  SELECT id, boss, name, 0 AS depth, ARRAY[name] AS way FROM staff WHERE boss IS NULL
  UNION ALL
  SELECT s.id, s.boss, s.name, c.depth + 1, c.way || s.name FROM staff s JOIN chart c ON s.boss = c.id
)`

async function staff(): Promise<void> {
  await client.query('CREATE TABLE staff (id int PRIMARY KEY, boss int, name text NOT NULL, pay numeric)')
  await client.query('CREATE INDEX ON staff (boss)')
  await client.query(
    `INSERT INTO staff SELECT i, nullif(i / 3, 0), 'n' || i, i FROM generate_series(1, 40) AS i`,
  )
}

const STAFF = [
  `INSERT INTO staff VALUES (41, 7, 'new', 1.50)`,
  `UPDATE staff SET name = 'other' WHERE id = 2`,
  'UPDATE staff SET boss = 1 WHERE id = 7',
  'UPDATE staff SET boss = 39 WHERE id = 3',
  'DELETE FROM staff WHERE id = 4',
  `INSERT INTO staff VALUES (4, 41, 'again', 2); UPDATE staff SET boss = NULL WHERE id = 5`,
  'UPDATE staff SET pay = pay * 2 WHERE id % 3 = 0',
  'DELETE FROM staff WHERE boss = 1',
  'UPDATE staff SET boss = 1 WHERE id <> 1',
  'DELETE FROM staff',
  'INSERT INTO staff VALUES (1, NULL, $$x$$, 1), (2, 1, $$y$$, 1)',
]

test('an org chart with depth and way', async () => {
  await staff()
  await follow(await create(`${CHART} SELECT * FROM chart`), STAFF)
})

test('joined, filtered and aggregated above, and read twice', async () => {
  await staff()
  await follow(
    await create(
      `${CHART} SELECT c.depth, count(*) AS n, sum(s.pay) AS pay, max(cardinality(b.way)) AS longest
      FROM chart c JOIN staff s ON s.id = c.id LEFT JOIN chart b ON b.id = c.boss GROUP BY c.depth`.replace(
        'LEFT JOIN',
        'JOIN',
      ),
    ),
    STAFF,
  )
})

test('a bill of materials: amounts along every way, duplicates kept', async () => {
  await client.query('CREATE TABLE parts (whole text NOT NULL, part text NOT NULL, amount numeric)')
  await client.query('CREATE INDEX ON parts (whole)')
  await client.query('CREATE INDEX ON parts (part)')
  await client.query(`INSERT INTO parts VALUES ('car', 'wheel', 4), ('wheel', 'bolt', 5), ('car', 'engine', 1),
    ('engine', 'bolt', 20.0), ('wheel', 'rim', 1)`)
  const name = await create(`WITH RECURSIVE needs AS (
      SELECT whole, part, amount FROM parts
      UNION ALL
      SELECT n.whole, p.part, n.amount * p.amount FROM needs n JOIN parts p ON p.whole = n.part
    ) SELECT whole, part, amount FROM needs`)
  const script = [
    `INSERT INTO parts VALUES ('car', 'wheel', 4)`,
    `INSERT INTO parts VALUES ('rim', 'steel', 0.50), ('bolt', 'steel', 0.1)`,
    `UPDATE parts SET amount = 5 WHERE part = 'wheel'`,
    `DELETE FROM parts WHERE ctid = (SELECT min(ctid) FROM parts WHERE part = 'wheel')`,
    `UPDATE parts SET amount = 0.500 WHERE part = 'steel' AND whole = 'rim'`,
    `DELETE FROM parts WHERE part = 'engine'`,
    `INSERT INTO parts SELECT * FROM parts`,
    `DELETE FROM parts WHERE whole = 'wheel'`,
  ]
  for (const statement of script) {
    await client.query(statement)
    expect(await expectExact(client, name, { image: true }), statement).toBe('DIFFERENTIAL')
  }
})

test.each([
  ['char(3)', 'a', 'bcd', 'e'],
  ['varchar(5)', 'a', 'bcd', 'e'],
  ['numeric(8, 2)', '1', '2.5', '3'],
  ['timestamp(3)', '2024-01-02 03:04:05.678', '2024-01-02', '2025-01-01'],
  ['interval day to second(2)', '1 day', '24:00:01.25', '3 days'],
  ['char(2)[]', '{a,b}', '{}', '{cd}'],
])('a column of type %s, which the step finds in groups', async (type, a, b, c) => {
  await client.query(`CREATE TABLE parts (v ${type})`)
  await client.query(`INSERT INTO parts VALUES ('${a}'), ('${b}'), ('${b}')`)
  const name = await create(`WITH RECURSIVE again(v, n) AS (
    SELECT v, 1 FROM parts
    UNION ALL
    SELECT g.v, n + 1 FROM again JOIN (SELECT v, count(*) FROM parts GROUP BY v) AS g ON g.v = again.v WHERE n < 3
  ) SELECT * FROM again`)
  await follow(name, [
    `INSERT INTO parts VALUES ('${c}'), ('${a}'), (NULL)`,
    `DELETE FROM parts WHERE ctid = (SELECT min(ctid) FROM parts WHERE v = '${b}')`,
    `UPDATE parts SET v = '${c}' WHERE v = '${a}'`,
    `DELETE FROM parts WHERE v = '${b}'`,
  ])
})

test('UNION ALL meets no cycle that nobody reaches', async () => {
  await edges()
  await client.query('INSERT INTO edges VALUES (0, 1), (1, 2)')
  const name = await create(`WITH RECURSIVE r AS (
    SELECT 0 AS n UNION ALL SELECT e.dst FROM r JOIN edges e ON e.src = r.n
  ) SELECT * FROM r`)
  await follow(name, [
    'DELETE FROM edges WHERE src = 0; INSERT INTO edges VALUES (2, 1)',
    'UPDATE edges SET dst = 3 WHERE src = 2; INSERT INTO edges VALUES (0, 1), (0, 2)',
    'INSERT INTO edges VALUES (0, 2)',
  ])
})

const WALK = [
  'INSERT INTO edges VALUES (3, 1), (3, 4)',
  'INSERT INTO edges VALUES (4, 2), (4, 4), (9, 9)',
  'DELETE FROM edges WHERE src = 2',
  'UPDATE edges SET dst = 1 WHERE src = 4',
  'INSERT INTO edges VALUES (2, 3), (2, 3), (1, 4)',
  'DELETE FROM edges WHERE dst = 1',
]

test.each(['UNION', 'UNION ALL'])('CYCLE with %s: where a way meets itself', async (union) => {
  await edges()
  await client.query('INSERT INTO edges VALUES (1, 2), (2, 3), (3, 3)')
  const name = await create(`WITH RECURSIVE r(a, b) AS (
      SELECT src, dst FROM edges WHERE src < 3 ${union} SELECT r.a, e.dst FROM r JOIN edges e ON e.src = r.b
    ) CYCLE b SET met USING way SELECT a, b, met FROM r`)
  await follow(name, WALK)
})

test('CYCLE over two columns that may be NULL, with marks of its own, and SEARCH', async () => {
  await edges('src int, dst int')
  await client.query('INSERT INTO edges VALUES (1, 2), (2, 3), (3, NULL), (NULL, 1)')
  const name = await create(`WITH RECURSIVE r(a, b) AS (
      SELECT src, dst FROM edges UNION ALL
      SELECT e.src, e.dst FROM edges e, r WHERE e.src IS NOT DISTINCT FROM r.b
    ) SEARCH DEPTH FIRST BY a, b SET seq CYCLE a, b SET met TO 'yes' DEFAULT 'no' USING way
    SELECT r.met, a, count(b) AS n FROM r GROUP BY a, met`)
  await follow(name, WALK)
})

test.each(['BREADTH', 'DEPTH'])('SEARCH %s FIRST tells rows apart that UNION would not', async (kind) => {
  await edges()
  await client.query('INSERT INTO edges VALUES (1, 2), (2, 3), (1, 3), (3, 4)')
  const name = await create(`WITH RECURSIVE r(b) AS (
      SELECT 1 UNION SELECT e.dst FROM edges e JOIN r ON e.src = r.b
    ) SEARCH ${kind} FIRST BY b SET seq SELECT b FROM r ORDER BY seq`)
  await follow(name, [
    'INSERT INTO edges VALUES (2, 4), (4, 5)',
    'DELETE FROM edges WHERE src = 1 AND dst = 3',
    'UPDATE edges SET dst = 5 WHERE dst = 3',
  ])
})

test('a row that goes meets no row that is new: what may fail is not computed of the two', async () => {
  await staff()
  await client.query('ALTER TABLE staff ADD part int NOT NULL DEFAULT 1')
  for (const union of ['UNION', 'UNION ALL']) {
    await client.query('DROP SCHEMA IF EXISTS other CASCADE; CREATE SCHEMA other')
    await client.query(`SELECT pgstream.create_stream_table('other.st', $1, '1h', 'DIFFERENTIAL')`, [
      `WITH RECURSIVE r AS (SELECT id, 100 AS share FROM staff WHERE boss IS NULL
        ${union} SELECT s.id, r.share / s.part FROM r JOIN staff s ON s.boss = r.id WHERE r.share / s.part >= 0) SELECT * FROM r`,
    ])
    await follow('other.st', [
      `UPDATE staff SET boss = -1 WHERE id = 5; INSERT INTO staff VALUES (50, 5, 'x', 1, 0)`,
      'UPDATE staff SET part = 1 WHERE id = 50; UPDATE staff SET boss = 2 WHERE id = 5',
      'DELETE FROM staff WHERE id = 50; UPDATE staff SET boss = 4 WHERE id = 8',
    ])
  }
})

test('a change to what no step reads is one row of the result, and a TRUNCATE is all', async () => {
  await staff()
  const name = await create(
    `${CHART.replace(', ARRAY[name] AS way', '').replace(', c.way || s.name', '')} SELECT * FROM chart`,
  )
  await follow(name, STAFF)
  await client.query('TRUNCATE staff')
  expect(await expectExact(client, name)).toBe('REINITIALIZE')
  await follow(name, STAFF.slice(-1))
})

test.each([
  'JOIN (SELECT src, max(dst) AS dst, count(*) AS n FROM edges GROUP BY src) e ON e.src = r.dst WHERE r.n < 3',
  'LEFT JOIN (SELECT DISTINCT src, dst FROM edges) e ON e.src = r.dst AND e.dst > 2 WHERE r.n < 3',
  'CROSS JOIN LATERAL (SELECT k.id AS dst FROM kinds k WHERE k.part = r.dst ORDER BY k.id DESC LIMIT 1) e WHERE r.n < 3',
  'JOIN (SELECT id AS src, part AS dst, rank() OVER (PARTITION BY part ORDER BY id) AS place FROM kinds) e ON e.src = r.dst AND e.place < 3 WHERE r.n < 3',
  'JOIN (SELECT DISTINCT ON (part) part AS src, id AS dst FROM kinds ORDER BY part, id DESC) e ON e.src = r.dst WHERE r.n < 3',
  'JOIN (SELECT part AS src, id AS dst FROM kinds EXCEPT ALL SELECT src, dst FROM edges) e ON e.src = r.dst WHERE r.n < 2',
  'JOIN (SELECT part AS src, max(id) AS dst FROM kinds GROUP BY ROLLUP (part)) e ON e.src = r.dst OR e.src IS NULL WHERE r.n < 2',
  'JOIN edges e ON e.src = r.dst WHERE r.n < 3 AND e.dst <= (SELECT max(k.id) FROM kinds k WHERE k.part = e.src)',
])('beside the rows so far: %s', async (step) => {
  await edges('src int, dst int')
  await client.query(`CREATE TABLE kinds (id int PRIMARY KEY, part int);
    INSERT INTO kinds SELECT i, nullif(i % 4, 3) FROM generate_series(1, 7) AS i;
    INSERT INTO edges VALUES (1, 2), (1, 3), (2, 3), (2, 3), (3, 1), (NULL, 1), (0, 4)`)
  const query = (union: string) => `WITH RECURSIVE r(src, dst, n) AS (
    SELECT src, dst, 0 FROM edges ${union} SELECT r.src, e.dst, r.n + 1 FROM r ${step}) SELECT src, dst, n FROM r`
  const name = await create(query('UNION'))
  await client.query(`SELECT pgstream.create_stream_table('all_of', $1, '1h', 'DIFFERENTIAL')`, [
    query('UNION ALL'),
  ])
  for (const statement of [
    'INSERT INTO edges VALUES (3, 4), (4, 2); INSERT INTO kinds VALUES (9, 2)',
    'DELETE FROM edges WHERE src = 1 AND dst = 3',
    'UPDATE kinds SET part = part + 1 WHERE id < 4',
    'UPDATE edges SET dst = src, src = dst WHERE src < 3; DELETE FROM kinds WHERE part = 2',
    'UPDATE kinds SET id = CASE id WHEN 4 THEN 5 WHEN 5 THEN 4 ELSE id END + 10; UPDATE kinds SET id = id - 10',
    'DELETE FROM kinds',
    'INSERT INTO kinds SELECT i, i % 3 FROM generate_series(1, 6) AS i; DELETE FROM edges WHERE src IS NULL',
  ]) {
    await follow(name, [statement])
    await expectExact(client, 'all_of')
  }
})
