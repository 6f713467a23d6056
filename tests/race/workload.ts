import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'

/** Hot keys: every writer works on these. */
const KEYS = 120
const CUSTOMERS = 12

export const SCHEMA = `
  CREATE TABLE customers (id int PRIMARY KEY, region text, since date);
  CREATE TABLE orders (id int PRIMARY KEY, customer int, amount numeric, status text, qty int);
  CREATE TABLE notes (k int, v text);
  CREATE TABLE visits (id int, day int, n int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
  CREATE TABLE visits_early PARTITION OF visits FOR VALUES FROM (0) TO (5);
  CREATE TABLE visits_late PARTITION OF visits FOR VALUES FROM (5) TO (10);
  INSERT INTO customers SELECT i, 'r' || i % 4, '2020-01-01' FROM generate_series(1, ${CUSTOMERS}) AS i;
  INSERT INTO orders SELECT i, i % ${CUSTOMERS} + 1, i, 'active', i % 7 FROM generate_series(1, ${KEYS}) AS i;
  INSERT INTO notes SELECT i % 20, 'n' || i % 5 FROM generate_series(1, 100) AS i;
  INSERT INTO visits SELECT i, i % 10, i FROM generate_series(1, 100) AS i;`

/** Name, query; later ones may read earlier ones. */
export const STREAM_TABLES: readonly (readonly [string, string])[] = [
  ['active', `SELECT id, customer, amount, qty FROM orders WHERE status = 'active' AND amount > 20`],
  ['joined', 'SELECT o.id, c.region, o.amount FROM orders AS o JOIN customers AS c ON c.id = o.customer'],
  [
    'by_region',
    `SELECT c.region, count(*) AS n, sum(o.amount) AS total, avg(o.qty) AS qty
     FROM orders AS o JOIN customers AS c ON c.id = o.customer GROUP BY c.region HAVING count(*) > 1`,
  ],
  [
    'pairs',
    `SELECT c.region, count(*) AS n, sum(a.amount * b.qty) AS product
     FROM orders AS a JOIN orders AS b ON a.customer = b.customer AND a.id < b.id JOIN customers AS c ON c.id = a.customer
     GROUP BY c.region`,
  ],
  // Five inputs, all of which change: one term per input, over states before and after.
  [
    'five',
    `SELECT a.id, b.amount, c.region, n.v, v.n
     FROM orders AS a JOIN orders AS b ON b.id = a.id + 1 JOIN customers AS c ON c.id = a.customer
     JOIN notes AS n ON n.k = a.customer JOIN visits AS v ON v.id = a.id`,
  ],
  [
    'extremes',
    'SELECT customer, min(amount) AS least, max(amount) AS most, max(status) AS status FROM orders GROUP BY customer',
  ],
  ['bag', 'SELECT k % 7 AS k, v FROM notes WHERE k < 15'],
  ['bag_join', 'SELECT n.v, o.status FROM notes AS n JOIN orders AS o ON o.id = n.k'],
  ['by_day', 'SELECT day, sum(n) AS n, count(*) AS visits, max(n) AS most FROM visits GROUP BY day'],
  ['over', 'SELECT region, max(amount) AS most, count(*) AS n FROM joined GROUP BY region'],
  ['over_over', 'SELECT n % 5 AS rest, count(*) AS regions, sum(most) AS most FROM over GROUP BY n % 5'],
]

export type Random = (below: number) => number

/** mulberry32: the same seed, the same statements. */
export function random(seed: number): Random {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }
}

/** One statement on keys that everybody else changes too. */
export function statement(random: Random): string {
  const id = random(KEYS) + 1
  const customer = random(CUSTOMERS) + 1
  const few = `id BETWEEN ${id} AND ${id + random(4)}`
  switch (random(14)) {
    case 0:
      return `INSERT INTO orders VALUES (${id}, ${customer}, ${random(100)}, 'active', ${random(9)}) ON CONFLICT (id) DO UPDATE SET amount = excluded.amount, customer = excluded.customer`
    case 1:
      return `DELETE FROM orders WHERE id = ${id}`
    case 2:
      return `UPDATE orders SET amount = amount + ${random(50) - 25} WHERE ${few}`
    case 3:
      return `UPDATE orders SET status = CASE status WHEN 'active' THEN 'done' ELSE 'active' END WHERE ${few}`
    case 4:
      return `UPDATE orders SET customer = ${customer}, qty = ${random(9)} WHERE ${few}`
    case 5:
      return `UPDATE customers SET region = 'r${random(4)}' WHERE id = ${customer}`
    case 6:
      return `WITH gone AS (DELETE FROM customers WHERE id = ${customer} RETURNING *) INSERT INTO notes SELECT id, region FROM gone`
    case 7:
      return `INSERT INTO customers VALUES (${customer}, 'r${random(4)}', NULL) ON CONFLICT DO NOTHING`
    case 8:
      return `INSERT INTO notes SELECT ${random(20)}, 'n${random(5)}' FROM generate_series(1, ${random(4)})`
    case 9:
      return `DELETE FROM notes WHERE ctid IN (SELECT ctid FROM notes WHERE k = ${random(20)} LIMIT 2)`
    case 10:
      return `UPDATE notes SET k = ${random(20)} WHERE k = ${random(20)}`
    case 11:
      return `INSERT INTO visits VALUES (${id}, ${random(10)}, ${random(50)}) ON CONFLICT (id, day) DO UPDATE SET n = visits.n + 1`
    case 12:
      return `UPDATE visits_early SET n = n + 1, id = id + 1000 WHERE id = ${id}`
    default:
      return `DELETE FROM visits WHERE id = ${id}; INSERT INTO visits_late VALUES (${id}, 7, 1) ON CONFLICT DO NOTHING`
  }
}

export interface Load {
  /** Committed transactions so far. */
  committed(): number
  /** Runs to the end of the load. */
  readonly done: Promise<void>
}

/** A lock timeout that comes when the lock has just been granted is reported as a cancellation (postgres.c). */
export const CANCELED = '57014'

/** What a writer may run into because of the others; it goes on with the next transaction. */
const CONFLICTS = new Set(['40P01', '40001', '23505', '55P03', CANCELED])

/**
 * Eight writers for `duration` ms: short statements, transactions that sleep, one idle in transaction, one of
 * `longest` ms, savepoints that are rolled back to, aborts, and now and then a TRUNCATE.
 */
export function startLoad(
  clients: readonly pg.Client[],
  duration: number,
  longest: number,
  seed = 1,
  /** Every transaction begins with this; it is given the writer's number. */
  first?: (writer: number) => string,
): Load {
  const end = performance.now() + duration
  let committed = 0
  const transaction = async (client: pg.Client, run: () => Promise<unknown>, abort = false) => {
    try {
      await client.query('BEGIN')
      if (first) await client.query(first(clients.indexOf(client)))
      await run()
      await client.query(abort ? 'ROLLBACK' : 'COMMIT')
      if (!abort) committed += 1
    } catch (error) {
      if (!CONFLICTS.has(String((error as { code?: string }).code))) throw error
      await client.query('ROLLBACK')
    }
  }
  type Step = (client: pg.Client, random: Random) => Promise<void>
  const writer = (pace: number, step: Step) => ({ pace, step })
  const several = async (client: pg.Client, random: Random, count: number, pause: number) => {
    for (let i = 0; i < count; i++) {
      await client.query(statement(random))
      if (pause > 0) await sleep(pause)
    }
  }
  const writers = [
    writer(5, async (client, r) => transaction(client, () => several(client, r, 1, 0))),
    writer(5, async (client, r) => transaction(client, () => several(client, r, 2, 0))),
    writer(0, async (client, r) => transaction(client, () => several(client, r, 3, 20))),
    // READ COMMITTED and idle: it holds an id, but no snapshot.
    writer(0, async (client, r) => transaction(client, () => several(client, r, 2, 600))),
    writer(0, async (client, r) => transaction(client, () => several(client, r, 4, longest / 4))),
    writer(10, async (client, r) =>
      transaction(client, async () => {
        await several(client, r, 1, 0)
        await client.query('SAVEPOINT a')
        await several(client, r, 2, 5)
        await client.query(r(2) === 0 ? 'ROLLBACK TO a' : 'RELEASE a')
        await several(client, r, 1, 0)
      }),
    ),
    writer(10, async (client, r) => transaction(client, () => several(client, r, 2, 5), r(2) === 0)),
    writer(30, async (client, r) =>
      transaction(client, async () => {
        if (r(8) === 0) await client.query(`TRUNCATE ${['notes', 'visits_early'][r(2)]}`)
        await client.query(`UPDATE orders SET amount = amount + 1 WHERE id % 10 = ${r(10)}`)
        await several(client, r, 2, 0)
      }),
    ),
  ]
  const run = async (client: pg.Client, index: number) => {
    const choose = random(seed * 100 + index)
    const { pace, step } = writers[index % writers.length] ?? writer(0, async () => {})
    // Who meets the lock of a long transaction tries something else, or the load would be as slow as the slowest.
    await client.query(`SET lock_timeout = '40ms'`)
    while (performance.now() < end) {
      await step(client, choose)
      if (pace > 0) await sleep(choose(2 * pace))
    }
  }
  return {
    committed: () => committed,
    done: Promise.all(clients.map(run)).then(() => {}),
  }
}
