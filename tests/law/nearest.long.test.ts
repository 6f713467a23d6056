/**
 * The first rows of a table for each row that it is joined with: what a new row asks for is found by an index that has them in their
 * order, and what came before is not read; the first fill does not meet each row with all that came before it.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectEqual } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { changesThatReadMore, rowsRead } from './rows-read.ts'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
})

afterAll(async () => {
  await database?.close()
})

describe('rows read', () => {
  beforeAll(async () => {
    await database.client.query(`CREATE TABLE trade (id int PRIMARY KEY, cur int, day date, amount int, cust int);
      CREATE INDEX ON trade (cur, day); CREATE INDEX ON trade (cust); CREATE TABLE cust (id int PRIMARY KEY, name text);
      CREATE TABLE rate (cur int, day date, rate numeric, PRIMARY KEY (cur, day));
      CREATE TABLE reading (id int PRIMARY KEY, dev int NOT NULL, at timestamptz NOT NULL, v float8); CREATE INDEX ON reading (dev, at);
      INSERT INTO cust SELECT i, 'c' || i FROM generate_series(0, 50) AS i;
      INSERT INTO trade SELECT i, i % 3, date '2020-01-01' + i * 7 % 3000, i, i % 50 FROM generate_series(1, 1200) AS i;
      INSERT INTO rate SELECT i % 3, date '2020-01-01' + i / 3, i FROM generate_series(1, 9000) AS i;
      INSERT INTO reading SELECT i, i % 4, '2024-01-01 00:00+00'::timestamptz + i * interval '1 min', i % 100 FROM generate_series(1, 6000) AS i`)
  })

  const CHANGES = [
    `INSERT INTO trade VALUES (10001, 1, '2027-05-05', 7, 3), (10002, 1, '1999-01-01', 7, 3), (10003, NULL, '2024-01-01', 1, 1)`,
    `UPDATE trade SET day = day + 1, cur = 2 WHERE id = 10001`,
    `UPDATE rate SET rate = rate + 1 WHERE cur = 1 AND day = '2027-01-01'`,
    `DELETE FROM trade WHERE id = 10001 OR id = (SELECT min(id) FROM trade)`,
    `UPDATE cust SET name = name || 'x' WHERE id = 51`,
    `INSERT INTO reading VALUES (10001, 2, '2024-01-05 02:03:04+00', 5)`,
    'DELETE FROM reading WHERE id IN (10001, (SELECT max(id) - 900 FROM reading WHERE id < 10000))',
    'DELETE FROM trade WHERE id > 10000',
  ]
  const AS_OF = 'FROM rate AS r WHERE r.cur = t.cur AND r.day <= t.day ORDER BY r.day DESC LIMIT'

  test.each([
    ['as of a day', `SELECT t.id, t.amount * (SELECT r.rate ${AS_OF} 1) AS v FROM trade AS t`],
    [
      'the last three',
      `SELECT t.id, l.day, l.rate FROM trade AS t LEFT JOIN LATERAL (SELECT r.day, r.rate ${AS_OF} 3) AS l ON true`,
    ],
    [
      'DISTINCT ON',
      `SELECT DISTINCT ON (t.id) t.id, c.name, r.rate FROM trade AS t JOIN cust AS c ON c.id = t.cust
         JOIN rate AS r ON r.cur = t.cur AND r.day <= t.day ORDER BY t.id, r.day DESC`,
    ],
    [
      'a row before of the same table',
      `SELECT a.id, a.v - (SELECT b.v FROM reading AS b WHERE b.dev = a.dev AND b.at < a.at ORDER BY b.at DESC LIMIT 1) AS d
         FROM reading AS a`,
    ],
    [
      'a place in a window',
      `SELECT * FROM (SELECT t.id, r.rate, row_number() OVER (PARTITION BY t.id ORDER BY r.day DESC) AS place
         FROM trade AS t JOIN rate AS r ON r.cur = t.cur AND r.day <= t.day AND r.rate > 10) AS q WHERE place <= 2`,
    ],
  ])('%s', async (_, query) => {
    const more = await changesThatReadMore(database.client, {
      query,
      changes: CHANGES,
      tables: ['trade', 'cust', 'rate', 'reading'],
      few: 400,
    })
    // One rate is compared with what is kept for all later days.
    expect(more.filter(([change]) => !change.includes('UPDATE rate'))).toEqual([])
  })

  test('a fill meets no row with all that came before it', async () => {
    const { client } = database
    const before = await rowsRead(client, ['trade', 'rate'])
    await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [
      `SELECT t.id, (SELECT r.rate ${AS_OF} 1) AS v FROM trade AS t`,
    ])
    // By pairs: 1,200 trades × 1,500 rates of a currency until then.
    expect((await rowsRead(client, ['trade', 'rate'])) - before).toBeLessThan(15_000)
    await expectEqual(client, 'st')
    await client.query(`SELECT pgstream.drop_stream_table('st')`)
  })

  test('the index that has their order is asked for', async () => {
    const { client } = database
    await client.query(`CREATE TABLE price (id serial PRIMARY KEY, item int, since timestamp, price numeric);
      CREATE TABLE sale (id int PRIMARY KEY, item int, at timestamp);
      INSERT INTO price (item, since, price) SELECT i % 20, timestamp '2024-01-01' + i * interval '1 min', i FROM generate_series(1, 20000) AS i;
      INSERT INTO sale SELECT i, i % 20, timestamp '2024-01-01' + i * 3 * interval '1 min' FROM generate_series(1, 3000) AS i`)
    const query = `SELECT s.id, (SELECT p.price FROM price AS p WHERE p.item = s.item AND p.since <= s.at
      ORDER BY p.since DESC NULLS LAST LIMIT 1) AS price FROM sale AS s`
    await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL', false)`, [query])
    const { rows } = await client.query(`SELECT statement FROM pgstream.recommend_indexes('st') ORDER BY 1`)
    expect(rows.map(({ statement }) => statement)).toEqual([
      'CREATE INDEX CONCURRENTLY ON public.price (item, since DESC NULLS LAST)',
      'CREATE INDEX CONCURRENTLY ON public.sale (item, at)',
    ])
    for (const { statement } of rows) await client.query(statement)
    await client.query(`SELECT pgstream.drop_stream_table('st')`)
    const more = await changesThatReadMore(client, {
      query,
      changes: [
        `INSERT INTO sale VALUES (9001, 3, '2024-01-09'), (9002, 4, NULL)`,
        `UPDATE sale SET at = at - interval '1 day' WHERE id = 2800`,
      ],
      tables: ['price', 'sale'],
      few: 100,
    })
    expect(more).toEqual([])
  })
})

describe('what is none of it', () => {
  test('is computed of no rows that the query does not compute it of', async () => {
    const { client } = database
    await client.query(`CREATE TABLE f (id int PRIMARY KEY, g int, o int, x int); CREATE TABLE t (g int, o int, v int); CREATE INDEX ON t (g, o);
      CREATE INDEX ON f (g); INSERT INTO f SELECT i, i % 3, i % 7, i FROM generate_series(1, 20) AS i;
      INSERT INTO t SELECT i % 3, i % 5, 50 + i FROM generate_series(1, 30) AS i`)
    const queries = {
      keyed: `SELECT DISTINCT ON (100 / f.x) 100 / f.x AS k, t.o, t.v FROM f JOIN t ON t.g = f.g AND t.o <= f.o ORDER BY 100 / f.x, t.o DESC, t.v`,
      paired: `SELECT DISTINCT ON (f.id) f.id, t.o, t.v FROM f JOIN t ON t.g = f.g AND t.o <= f.o AND 12 / (t.v - f.x) < 9 ORDER BY f.id, t.o DESC, t.v`,
    }
    for (const [name, query] of Object.entries(queries))
      await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [name, query])
    const rounds: [string, string][] = [
      // Its key fails, and it meets nothing.
      ['keyed', 'INSERT INTO f VALUES (100, 9, 9, 0)'],
      // The new row of the one and the old one of the other never met.
      ['paired', 'UPDATE t SET v = 200 WHERE v = 60; INSERT INTO f VALUES (101, 1, 9, 60)'],
    ]
    for (const [name, change] of rounds) {
      await client.query(`BEGIN; ${change}; COMMIT`)
      const { rows } = await client.query('SELECT pgstream.refresh_stream_table($1) AS action', [name])
      expect([change, rows[0].action]).toEqual([change, 'DIFFERENTIAL'])
      await expectEqual(client, name)
    }
    await client.query(
      `SELECT pgstream.drop_stream_table('keyed'); SELECT pgstream.drop_stream_table('paired')`,
    )
  })

  test('no index is asked for where there is nothing to be the first of', async () => {
    const { client } = database
    await client.query(`CREATE TABLE product (id int PRIMARY KEY, price int); CREATE TABLE line (id int PRIMARY KEY, kind int, product int);
      CREATE INDEX ON line (kind); CREATE INDEX ON line (product); CREATE TABLE visit (page int, at int); CREATE INDEX ON visit (page)`)
    const asked = async (query: string) => {
      await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
      const { rows } = await client.query(`SELECT statement FROM pgstream.recommend_indexes('st')`)
      await client.query(`SELECT pgstream.drop_stream_table('st')`)
      return rows
    }
    const one = `SELECT * FROM (SELECT l.kind, p.id, p.price, row_number() OVER (PARTITION BY l.kind ORDER BY p.price DESC, l.id) AS place
      FROM line AS l JOIN product AS p ON p.id = l.product) AS q WHERE place <= 3`
    const level = `SELECT DISTINCT ON (l.id) l.id, v.page, v.at FROM line AS l JOIN visit AS v ON v.page = l.product ORDER BY l.id, v.page, v.at`
    expect([await asked(one), await asked(level)]).toEqual([[], []])
  })
})

const QUERIES: readonly string[] = [
  `SELECT l.id, (SELECT r.v FROM r WHERE r.g = l.g AND r.o <= l.o ORDER BY r.o DESC, r.id LIMIT 1) AS v FROM l`,
  `SELECT l.id, q.v, q.id AS r FROM l LEFT JOIN LATERAL (SELECT r.id, r.v FROM r WHERE r.g = l.g AND r.o < l.o ORDER BY r.o DESC, r.v, r.id LIMIT 2) AS q ON true`,
  `SELECT l.x, q.id FROM l JOIN LATERAL (SELECT r.id FROM r WHERE r.g = l.g AND r.o > l.o AND r.v <> l.x ORDER BY r.o, r.id LIMIT 2 OFFSET 1) AS q ON q.id <> l.x`,
  `SELECT l.id, q.o FROM l, LATERAL (SELECT r.o FROM r WHERE r.g = l.g ORDER BY r.o DESC NULLS LAST FETCH FIRST 2 ROWS WITH TIES) AS q`,
  `SELECT l.id, q.o FROM l, LATERAL (SELECT r.o FROM r WHERE r.g = l.g AND coalesce(r.v, 0) >= l.o ORDER BY r.o FETCH FIRST 1 ROW WITH TIES) AS q`,
  `SELECT DISTINCT ON (l.id) l.id, r.id AS r, r.v FROM l JOIN r ON r.g = l.g AND r.o >= l.o ORDER BY l.id, r.o, r.id DESC`,
  `SELECT DISTINCT ON (l.g, l.x) l.g, l.x, r.o, n.name FROM l JOIN n ON n.id = l.x JOIN r ON r.g = l.g AND r.o <> l.o ORDER BY l.g, l.x, r.o DESC, r.id, n.name, l.id`,
  `SELECT * FROM (SELECT l.id, r.v, rank() OVER (PARTITION BY l.id ORDER BY r.o) AS place FROM l JOIN r ON r.g = l.g AND r.o > l.o WHERE r.v IS DISTINCT FROM 3) AS q WHERE place <= 2`,
  `SELECT a.id, (SELECT b.id FROM r AS b WHERE b.g = a.g AND (b.o, b.id) < (a.o, a.id) ORDER BY b.o DESC, b.id DESC LIMIT 1) AS prev FROM r AS a`,
  `SELECT n.id, n.name, (SELECT r.o FROM r WHERE r.o <= n.id ORDER BY r.o DESC NULLS LAST, r.v LIMIT 1) AS o FROM n`,
  `SELECT g, sum(v) AS s FROM (SELECT l.g, (SELECT r.v FROM r WHERE r.g = l.g AND r.o <= l.o ORDER BY r.o DESC, r.id LIMIT 1) AS v FROM l) AS q GROUP BY g`,
  `SELECT q.g, q.n, (SELECT r.v FROM r WHERE r.g = q.g AND r.o <= q.n ORDER BY r.o DESC, r.id LIMIT 1) AS v FROM (SELECT g, count(*) AS n FROM l GROUP BY g) AS q`,
  `SELECT * FROM (SELECT d.g, r.id, r.v, row_number() OVER (PARTITION BY d.g ORDER BY r.o, 12 / r.v, r.id) AS place FROM (SELECT DISTINCT g FROM l) AS d JOIN r ON r.g = d.g WHERE r.v <> 0) AS q WHERE place <= 2`,
]

test.each([1, 2])('whatever comes and goes on both sides: %i', async (seed) => {
  const { client } = database
  await client.query(`SET client_min_messages = warning; DROP TABLE IF EXISTS l, r, n CASCADE; SELECT setseed(${seed / 10});
    CREATE TABLE l (id int PRIMARY KEY, g int, o int, x int); CREATE TABLE r (id int PRIMARY KEY, g int, o int, v int);
    CREATE TABLE n (id int PRIMARY KEY, name text);
    ${seed === 1 ? 'CREATE INDEX ON r (g, o); CREATE INDEX ON r (o DESC NULLS LAST); CREATE INDEX ON r (g, o DESC NULLS LAST);' : ''}
    CREATE INDEX ON l (g, o); CREATE INDEX ON l (x);
    INSERT INTO n SELECT i, chr(97 + i % 9) FROM generate_series(0, 12) AS i`)
  const names = QUERIES.map((_, i) => `nearest_${seed}_${i}`)
  for (const [i, query] of QUERIES.entries())
    await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [names[i], query])
  const some = (of: number) => `CASE WHEN random() < 0.1 THEN NULL ELSE floor(random() * ${of})::int END`
  const kinds = (rows: number, share: number) => [
    `INSERT INTO l SELECT floor(random() * ${40 * rows})::int, ${some(6)}, ${some(9)}, ${some(12)} FROM generate_series(1, ${rows}) ON CONFLICT DO NOTHING`,
    `INSERT INTO r SELECT floor(random() * ${30 * rows})::int, ${some(6)}, ${some(9)}, ${some(5)} FROM generate_series(1, ${rows}) ON CONFLICT DO NOTHING`,
    `DELETE FROM l WHERE random() < ${share}`,
    `DELETE FROM r WHERE random() < ${share}`,
    `UPDATE l SET g = ${some(6)}, o = ${some(9)} WHERE random() < ${share}`,
    `UPDATE r SET o = ${some(9)}, v = ${some(5)} WHERE random() < ${share}`,
    `UPDATE n SET name = name || 'y' WHERE random() < ${share}; UPDATE r SET g = g + 1 WHERE random() < ${share / 2}; UPDATE l SET x = x + 1 WHERE random() < ${share / 2}`,
    `INSERT INTO r VALUES (-1, 2, 4, 0); INSERT INTO l VALUES (-1, 2, 4, 0); UPDATE r SET v = 1 WHERE id = -1; DELETE FROM r WHERE id = -1; DELETE FROM l WHERE id = -1`,
  ]
  for (let round = 0; round < 50; round++) {
    // Few rows, and many, which take other statements.
    const [rows, share] = round % 10 === 9 ? [2500, 0.4] : [3, 0.08]
    const all = kinds(rows, share)
    for (let i = 0; i <= round % 3; i++) await client.query(all[(round * 7 + i * 3) % all.length] ?? '')
    if (round % 10 === 0)
      await client.query('DELETE FROM l WHERE id > 100; DELETE FROM r WHERE id > 100; ANALYZE l, r, n')
    for (const [i, name] of names.entries()) {
      await client.query('SELECT pgstream.refresh_stream_table($1)', [name])
      await expectEqual(client, name).catch((error) => {
        throw new Error(`round ${round}, ${QUERIES[i]}: ${error.message}`)
      })
    }
  }
})
