/**
 * Many changes that hardly any, or most, of which pass what every reader asks of them; and tables that are found by keys of several
 * columns. Under the oracle, and nothing is gone through more often than once.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { analyze } from '../support/analyze.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { PlansOf } from './rows-through.ts'

let db: FreshDatabase
let plans: PlansOf

beforeAll(async () => {
  db = await freshDatabase()
  await db.client.query(`CREATE TYPE state AS ENUM ('open', 'paid', 'void');
    CREATE DOMAIN code AS text CHECK (value <> '');
    CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE products (id int PRIMARY KEY, color text, size int, brand code);
    CREATE TABLE prices (product int, supplier int, price numeric, note text, PRIMARY KEY (product, supplier));
    CREATE TABLE orders (id int PRIMARY KEY, customer int, state state, day date, label text COLLATE blind);
    CREATE TABLE lines (id int PRIMARY KEY, "order" int, product int, supplier int, amount int, tags text[]);
    CREATE TABLE notes (id int PRIMARY KEY, "order" int, kind text);
    CREATE TABLE old_notes () INHERITS (notes);
    INSERT INTO products SELECT i, (ARRAY['green', 'red', 'blue'])[1 + i % 3], i % 50, 'b' || i % 5 FROM generate_series(1, 2000) AS i;
    INSERT INTO prices SELECT i, (i * 7 + s * 31) % 100, i + s / 10.0, nullif('n' || s, 'n3')
      FROM generate_series(1, 2000) AS i, generate_series(0, 3) AS s;
    INSERT INTO orders SELECT i, i % 1000, (ARRAY['open', 'paid', 'void'])[1 + i % 3]::state, date '2024-01-01' + i % 700,
      CASE WHEN i % 2 = 0 THEN 'late' ELSE 'LATE' END || i % 10 FROM generate_series(1, 50000) AS i;
    INSERT INTO lines SELECT i, 1 + i / 4, product, (product * 7 + s * 31) % 100, nullif(i % 40, 5), ARRAY['t' || i % 3]
      FROM (SELECT i, 1 + (i * 13) % 2000 AS product, i % 4 AS s FROM generate_series(0, 199999) AS i) AS l;
    INSERT INTO notes SELECT i, i, 'k' || i % 9 FROM generate_series(1, 9000) AS i;
    INSERT INTO old_notes SELECT i, i % 9000, 'k' || i % 9 FROM generate_series(9001, 12000) AS i;
    CREATE INDEX ON lines ("order"); CREATE INDEX ON lines (product, supplier); CREATE INDEX ON lines (supplier);
    CREATE INDEX ON notes ("order"); CREATE INDEX ON old_notes ("order")`)
  plans = await PlansOf.watch(db.client)
})

afterAll(() => db.close())

const QUERIES: Readonly<Record<string, string>> = {
  'hardly any': `SELECT o.id, l.amount, p.brand FROM orders AS o JOIN lines AS l ON l."order" = o.id JOIN products AS p ON p.id = l.product
    WHERE l.amount = 7 AND l.tags = ARRAY['t1'] AND p.color = 'green' AND p.size < 2 AND o.state = 'open'`,
  most: `SELECT o.customer, count(*) AS n, sum(l.amount) AS s FROM orders AS o JOIN lines AS l ON l."order" = o.id
    WHERE l.amount <> 7 AND o.state <> 'void' AND o.day < date '2025-11-01' GROUP BY 1`,
  'none of one': `SELECT p.size, sum(l.amount) AS s FROM lines AS l JOIN products AS p ON p.id = l.product
    WHERE p.brand = 'b9' AND l.amount < 20 GROUP BY 1`,
  'values that have no hash, or are written in several ways': `SELECT o.label, count(*) AS n FROM orders AS o JOIN lines AS l ON l."order" = o.id
    WHERE o.label = 'Late4' AND l.tags && ARRAY['t0', 't2'] GROUP BY 1`,
  'that may fail': `SELECT o.id, l.id AS line FROM orders AS o JOIN lines AS l ON l."order" = o.id
    WHERE l.amount > 0 AND 100 / l.amount = 33 AND o.state = 'paid'`,
  'of a table without its children': `SELECT o.customer, n.kind FROM orders AS o JOIN ONLY notes AS n ON n."order" = o.id
    WHERE n.kind IN ('k2', 'k3', 'k4') AND o.customer < 500`,
  'of one of two readers': `SELECT a.id, b.id AS other FROM lines AS a JOIN lines AS b ON b."order" = a."order" AND b.id = a.id + 1
    WHERE a.amount = 11 AND b.supplier < 90`,
  'above and below': `SELECT * FROM (SELECT o.id, o.day, x.n FROM orders AS o LEFT JOIN (SELECT "order", count(*) AS n FROM lines
      WHERE amount > 35 GROUP BY 1) AS x ON x."order" = o.id WHERE o.state = 'void') AS v
    WHERE day > date '2024-06-01' AND EXISTS (SELECT FROM lines AS l WHERE l."order" = v.id AND l.amount > 35)`,
  'by two columns': `SELECT p.size, o.day, sum(l.amount * r.price) AS s FROM orders AS o JOIN lines AS l ON l."order" = o.id
    JOIN products AS p ON p.id = l.product JOIN prices AS r ON r.product = l.product AND r.supplier = l.supplier
    WHERE p.color = 'green' GROUP BY 1, 2`,
  'by two columns of two tables': `SELECT p.id, o.id AS "order", l.id AS line, r.price FROM orders AS o JOIN lines AS l ON l."order" = o.id
    JOIN products AS p ON p.id = l.product JOIN prices AS r ON r.product = p.id AND r.supplier = l.supplier AND r.note <> p.brand
    WHERE p.size < 6 AND r.price > 100`,
  'what leads to it alone': `SELECT r.product, r.supplier, p.brand, o.day FROM orders AS o JOIN prices AS r ON r.product = o.customer AND r.supplier = o.id % 100
    JOIN products AS p ON p.id = r.product WHERE o.state = 'open'`,
}

/** Each table by itself, and all at once; half of the rows pass before, or after. */
const CHANGES: readonly (readonly string[])[] = [
  [`UPDATE lines SET amount = (amount + 1) % 40 WHERE id % 150 = 3`],
  [
    `UPDATE orders SET day = day + 1, state = CASE WHEN id % 2 = 0 THEN 'open' ELSE state END WHERE id % 80 = 4`,
  ],
  [
    `UPDATE notes SET kind = 'k' || (id + 2) % 9 WHERE id % 9 = 0`,
    `UPDATE orders SET customer = customer + 1 WHERE id % 90 = 1`,
  ],
  [
    `UPDATE products SET size = (size + 3) % 50 WHERE id % 40 = 0`,
    `UPDATE prices SET price = price + 1 WHERE product % 12 = 0`,
  ],
  [
    `UPDATE lines SET amount = coalesce(amount, 4) + 1 WHERE id % 250 = 6`,
    `DELETE FROM lines WHERE id % 500 = 11`,
    `INSERT INTO lines SELECT 300000 + i, i, 1 + i % 2000, i % 100, i % 40, ARRAY['t1'] FROM generate_series(1, 400) AS i`,
    `UPDATE orders SET label = upper(label), state = 'paid' WHERE id % 150 = 2`,
    `DELETE FROM orders WHERE id % 250 = 9`,
    `UPDATE products SET color = 'green', brand = 'b9' WHERE id % 100 = 0`,
    `UPDATE prices SET supplier = supplier + 100, note = NULL WHERE product % 100 = 7`,
  ],
  [
    `UPDATE lines SET amount = 0 WHERE id % 400 = 8`,
    `UPDATE lines SET amount = 3, tags = NULL WHERE id % 400 = 8`,
    `UPDATE products SET brand = 'b1' WHERE brand = 'b9'`,
    `UPDATE notes SET kind = 'k' || (id + 1) % 9 WHERE id % 20 = 1`,
    `UPDATE old_notes SET kind = 'k3' WHERE id % 12 = 0`,
  ],
]

/** What changes, or is met by it, and how much of the lines the changed products and prices meet: PostgreSQL may as well read all. */
const [CHANGED, MET] = [12_000, 60_000]

test('what changed is gone through once', async () => {
  const names = Object.keys(QUERIES)
  for (const [i, name] of names.entries())
    await db.client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [
      `f${i}`,
      QUERIES[name],
    ])
  await analyze(db.client)
  for (const changes of CHANGES) {
    for (const change of changes) await db.client.query(change)
    await db.client.query('ANALYZE orders, lines, products, prices')
    for (const [i, name] of names.entries()) {
      if (!changes.some((change) => changesWhatItReads(change, QUERIES[name] ?? ''))) continue
      const most = await plans.refreshed(`f${i}`)
      const isMeant = changes.some((change) => /products|prices/.test(change)) && / columns|alone/.test(name)
      expect(most, `${name} after ${changes.join('; ')}`).toBeLessThan(isMeant ? MET : CHANGED)
    }
  }
})

function changesWhatItReads(change: string, query: string): boolean {
  const table = /^(?:UPDATE|INSERT INTO|DELETE FROM) (?:old_)?(\w+)/.exec(change)?.[1]
  return new RegExp(`(?:FROM|JOIN|ONLY) ${table}\\b`).test(query)
}
