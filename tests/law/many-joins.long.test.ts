/**
 * Joins of five inputs and more, and of one table with itself, over tables with NULLs and duplicates, several of which change
 * at once: as small changes, as large ones, and as small plans that read what is packed.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectEqual } from '../oracle/oracle.ts'
import { takeBulkAbove } from '../random/bulk.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let database: FreshDatabase

/** k has a key of two columns, one of which may be NULL in what refers to it; bag has none. */
beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`
    CREATE TABLE d (id int PRIMARY KEY, up int, name text);
    CREATE TABLE e (id int PRIMARY KEY, d int, v numeric);
    CREATE TABLE k (a int, b text, v int, PRIMARY KEY (a, b));
    CREATE TABLE bag (e int, a int, b text, v numeric);
    CREATE TABLE links (x int, y int);
    CREATE INDEX ON d (up); CREATE INDEX ON e (d); CREATE INDEX ON bag (e); CREATE INDEX ON bag (a, b);
    CREATE INDEX ON links (x); CREATE INDEX ON links (y)`)
})

afterAll(async () => {
  await database?.close()
})

const QUERIES = {
  snowflake: `SELECT bag.v, e.v AS w, d.name, u.name AS up, t.name AS top, k.v AS k FROM d AS t, d AS u, k, bag, e, d
    WHERE e.id = bag.e AND d.id = e.d AND u.id = d.up AND t.id = u.up AND k.a = bag.a AND k.b = bag.b AND t.name <> 'n2' AND k.v < 3`,
  'two ways to one key': `SELECT bag.v, d.name, u.name AS up FROM d, bag, e, d AS u, k
    WHERE d.id = e.d AND d.id = bag.a AND e.id = bag.e AND u.id = d.up AND k.a = d.id AND k.v > 0`,
  'grouped, on top of groups': `SELECT d.name, count(*) AS n, sum(g.s) AS s
    FROM (SELECT e, sum(v) AS s, count(*) AS n FROM bag GROUP BY e) AS g, e, d, d AS u, k
    WHERE e.id = g.e AND d.id = e.d AND u.id = d.up AND k.a = g.n GROUP BY d.name`,
  'under an outer join': `SELECT bag.v, q.name FROM bag LEFT JOIN (SELECT e.id, d.name FROM e, d, d AS u, k, links
    WHERE d.id = e.d AND u.id = d.up AND k.a = u.id AND links.x = d.id) AS q ON q.id = bag.e`,
  'a chain of a bag': `SELECT a.x, b.y, c.y AS z, d.name FROM links AS a, links AS b, links AS c, links AS f, d
    WHERE b.x = a.y AND c.x = b.y AND f.x = c.y AND d.id = f.y`,
  'a chain without a row of its own': `SELECT count(*) AS n, sum(c.x) AS s FROM links AS a JOIN links AS b ON b.x = a.y
    JOIN links AS c ON c.x IS NOT DISTINCT FROM b.y`,
  'a chain of keys': `SELECT a.name, f.name AS last FROM d AS a JOIN d AS b ON b.id = a.up JOIN d AS c ON c.id = b.up JOIN d AS f ON f.id = c.up`,
  'a chain that is left': `SELECT a.x, q.y FROM links AS a LEFT JOIN (SELECT b.x, f.y FROM links AS b, links AS c, links AS f
    WHERE c.x = b.y AND f.x = c.y) AS q ON q.x = a.y`,
  'a chain of groups': `WITH g AS (SELECT x, count(*)::int AS n FROM links GROUP BY x)
    SELECT a.x, b.n, c.n AS m FROM g AS a, g AS b, g AS c WHERE b.x = a.n AND c.x = b.n`,
} as const

/** A sequence of numbers that is the same each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}

/** One transaction: up to six statements on any of the tables; keys move, rows come twice, references become NULL. */
function change(next: (below: number) => number): string {
  const some = (of: number) => (next(6) === 0 ? 'NULL' : String(next(of)))
  const statements = [
    () =>
      `INSERT INTO d VALUES (${next(9)}, ${some(9)}, 'n${next(3)}') ON CONFLICT (id) DO UPDATE SET up = excluded.up`,
    () => `UPDATE d SET up = ${some(9)}, name = name || '.' WHERE id % 3 = ${next(3)} AND length(name) < 5`,
    () => `DELETE FROM d WHERE id = ${next(9)}`,
    () =>
      `INSERT INTO e VALUES (${next(9)}, ${some(9)}, ${next(3)}.0) ON CONFLICT (id) DO UPDATE SET d = excluded.d`,
    () => `UPDATE e SET d = ${some(9)}, v = v * 1.00 WHERE id % 2 = ${next(2)}`,
    () => `DELETE FROM e WHERE id = ${next(9)}`,
    () => `INSERT INTO k VALUES (${next(5)}, 'b${next(2)}', ${next(4)}) ON CONFLICT DO NOTHING`,
    () => `UPDATE k SET v = ${some(4)} WHERE a = ${next(5)}`,
    () => `DELETE FROM k WHERE a = ${next(5)}`,
    () =>
      `INSERT INTO bag SELECT ${some(9)}, ${some(5)}, 'b${next(2)}', ${next(3)}.50 FROM generate_series(1, 2)`,
    () => `UPDATE bag SET e = ${some(9)}, a = ${some(5)} WHERE v = ${next(3)}.5`,
    () => `DELETE FROM bag WHERE e = ${next(9)}`,
    () => `INSERT INTO links SELECT ${some(6)}, ${some(6)} FROM generate_series(1, ${1 + next(2)})`,
    () => `UPDATE links SET x = y, y = x WHERE x % 2 = ${next(2)}`,
    () => `DELETE FROM links WHERE x = ${next(6)} OR y = ${next(6)}`,
  ]
  const chosen = Array.from({ length: 1 + next(6) }, () => statements[next(statements.length)]?.() ?? '')
  return chosen.join('; ')
}

const WAYS = [
  { name: 'small', above: 1000, packed: 1000 },
  { name: 'large', above: 1, packed: 1 },
  { name: 'small, read packed', above: 1000, packed: 1 },
]

test.each(WAYS)('$name changes of several tables', async ({ above, packed }) => {
  const { client } = database
  await takeBulkAbove(client, above, packed)
  await client.query(`TRUNCATE d, e, k, bag, links;
    INSERT INTO d SELECT i, nullif((i * 2) % 9, 4), 'n' || i % 3 FROM generate_series(0, 8) AS i;
    INSERT INTO e SELECT i, nullif(i * 5 % 9, 7), i % 3 FROM generate_series(0, 8) AS i;
    INSERT INTO k SELECT i / 2, 'b' || i % 2, i % 4 FROM generate_series(0, 9) AS i;
    INSERT INTO bag SELECT nullif(i % 9, 3), nullif(i % 5, 2), 'b' || i % 2, i % 3 + 0.5 FROM generate_series(1, 30) AS i;
    INSERT INTO bag SELECT * FROM bag LIMIT 5;
    INSERT INTO links SELECT nullif(i % 6, 5), i * 7 % 6 FROM generate_series(1, 9) AS i`)
  const names = Object.keys(QUERIES).map((_, i) => `many_${i}`)
  for (const [i, query] of Object.values(QUERIES).entries())
    await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [names[i], query])
  const next = numbers(above + packed)
  for (let round = 0; round < 25; round++) {
    await client.query(`BEGIN; ${change(next)}; COMMIT`)
    for (const name of names) {
      const { rows } = await client.query('SELECT pgstream.refresh_stream_table($1) AS action', [name])
      expect(['DIFFERENTIAL', 'NO_DATA']).toContain(rows[0].action)
      await expectEqual(client, name)
    }
  }
  for (const name of names) await client.query('SELECT pgstream.drop_stream_table($1)', [name])
})
