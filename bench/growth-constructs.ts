import type pg from 'pg'
import { type Bench, cleanChanges } from './database.ts'
import { rotated, Samples, timed } from './measure.ts'
import type { Options } from './options.ts'
import type { Report } from './report.ts'
import { rowsRead } from './rows-read.ts'

interface Construct {
  readonly query: string
  /** One row changes; `n` is another row at each round. */
  readonly change: (n: number) => string
  /** Why it grows, where it may. */
  readonly grows?: string
}

const ONE_ITEM = (n: number) => `UPDATE item SET amount = amount + 1 WHERE id = ${n}`
const ONE_OWNER = (n: number) =>
  `UPDATE owner SET rank = rank + 1 WHERE id = 1 + ${n} % (SELECT max(id) FROM owner)`

/**
 * One small query per construct, over items of which each owner has ten, in groups of a hundred. What a construct looks at
 * is the same at every size, so that a refresh must cost the same.
 */
const CONSTRUCTS: Readonly<Record<string, Construct>> = {
  filter: { query: 'SELECT id, amount FROM item WHERE amount >= 0', change: ONE_ITEM },
  'inner join': {
    query: 'SELECT i.id, i.amount, o.name FROM item i JOIN owner o ON o.id = i.owner',
    change: ONE_ITEM,
  },
  'LEFT JOIN': {
    query: 'SELECT o.id, o.rank, i.id AS item, i.amount FROM owner o LEFT JOIN item i ON i.owner = o.id',
    change: ONE_ITEM,
  },
  'FULL JOIN': {
    query: 'SELECT o.id, o.rank, i.id AS item, i.amount FROM owner o FULL JOIN item i ON i.owner = o.id',
    change: ONE_OWNER,
  },
  EXISTS: {
    query:
      'SELECT id, rank FROM owner o WHERE EXISTS (SELECT FROM item i WHERE i.owner = o.id AND i.amount > 50)',
    change: ONE_ITEM,
  },
  'NOT EXISTS': {
    query:
      'SELECT id, rank FROM owner o WHERE NOT EXISTS (SELECT FROM item i WHERE i.owner = o.id AND i.amount > 50)',
    change: ONE_ITEM,
  },
  IN: {
    query: 'SELECT id, rank FROM owner WHERE id IN (SELECT owner FROM item WHERE amount > 50)',
    change: ONE_ITEM,
  },
  'NOT IN': {
    query: 'SELECT id, rank FROM owner WHERE id NOT IN (SELECT owner FROM item WHERE amount > 50)',
    change: ONE_ITEM,
  },
  'EXISTS under OR': {
    query:
      'SELECT id, rank FROM owner o WHERE rank < 5 OR EXISTS (SELECT FROM item i WHERE i.owner = o.id AND i.amount > 50)',
    change: ONE_ITEM,
  },
  'scalar subquery, correlated': {
    query: 'SELECT id, (SELECT sum(amount) FROM item i WHERE i.owner = o.id) AS total FROM owner o',
    change: ONE_ITEM,
  },
  'scalar subquery, not correlated': {
    query: 'SELECT id, amount FROM item WHERE amount > (SELECT max(rank) FROM owner)',
    change: ONE_ITEM,
  },
  DISTINCT: { query: 'SELECT DISTINCT owner, kind FROM item', change: ONE_ITEM },
  'DISTINCT ON': {
    query: 'SELECT DISTINCT ON (owner) owner, id, amount FROM item ORDER BY owner, amount DESC, id',
    change: ONE_ITEM,
  },
  UNION: { query: 'SELECT owner AS id FROM item UNION SELECT id FROM owner', change: ONE_OWNER },
  INTERSECT: { query: 'SELECT owner AS id FROM item INTERSECT SELECT id FROM owner', change: ONE_OWNER },
  'EXCEPT ALL': {
    query: 'SELECT owner AS id, amount FROM item EXCEPT ALL SELECT id, rank FROM owner',
    change: ONE_ITEM,
  },
  'sum, count, avg': {
    query: 'SELECT bucket, sum(amount) AS s, count(*) AS n, avg(amount) AS a FROM item GROUP BY bucket',
    change: ONE_ITEM,
  },
  'min, max': {
    query: 'SELECT bucket, min(amount) AS low, max(amount) AS high FROM item GROUP BY bucket',
    change: ONE_ITEM,
  },
  'stddev, variance': {
    query: 'SELECT bucket, stddev(amount) AS d, variance(amount) AS v FROM item GROUP BY bucket',
    change: ONE_ITEM,
  },
  'count(DISTINCT)': {
    query: 'SELECT bucket, count(DISTINCT amount) AS n FROM item GROUP BY bucket',
    change: ONE_ITEM,
  },
  'string_agg, percentile_cont': {
    query: `SELECT bucket, string_agg(kind, ',' ORDER BY id) AS kinds, percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) AS median
      FROM item GROUP BY bucket`,
    change: ONE_ITEM,
  },
  'GROUPING SETS': {
    query:
      'SELECT bucket, kind, sum(amount) AS s FROM item GROUP BY GROUPING SETS ((bucket, kind), (bucket), (kind), ())',
    change: ONE_ITEM,
  },
  HAVING: {
    query: 'SELECT bucket, sum(amount) AS s FROM item GROUP BY bucket HAVING sum(amount) > 4000',
    change: ONE_ITEM,
  },
  'aggregate of an aggregate': {
    query:
      'SELECT n, count(*) AS buckets FROM (SELECT bucket, count(*) AS n FROM item WHERE amount < 90 GROUP BY bucket) AS b GROUP BY n',
    change: ONE_ITEM,
  },
  'join of an aggregate': {
    query:
      'SELECT o.id, o.name, t.s FROM owner o JOIN (SELECT owner, sum(amount) AS s FROM item GROUP BY owner) AS t ON t.owner = o.id',
    change: ONE_ITEM,
  },
  'window: rank': {
    query: 'SELECT id, rank() OVER (PARTITION BY owner ORDER BY amount) AS r FROM item',
    change: ONE_ITEM,
  },
  'window: a frame of rows': {
    query:
      'SELECT id, sum(amount) OVER (PARTITION BY bucket ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS s FROM item',
    change: ONE_ITEM,
  },
  'row_number() <= 3': {
    query:
      'SELECT id, owner FROM (SELECT id, owner, row_number() OVER (PARTITION BY owner ORDER BY amount, id) AS n FROM item) AS r WHERE n <= 3',
    change: ONE_ITEM,
  },
  'ORDER BY … LIMIT': {
    query: 'SELECT id, amount FROM item ORDER BY amount DESC, id LIMIT 10',
    change: ONE_ITEM,
  },
  WITH: {
    query:
      'WITH t AS (SELECT owner, sum(amount) AS s FROM item GROUP BY owner) SELECT o.id, a.s, b.s AS bosses FROM owner o JOIN t a ON a.owner = o.id JOIN t b ON b.owner = o.boss',
    change: ONE_ITEM,
  },
  'WITH RECURSIVE': {
    query:
      'WITH RECURSIVE up (id, top) AS (SELECT id, id FROM owner WHERE boss IS NULL UNION ALL SELECT o.id, up.top FROM owner o JOIN up ON o.boss = up.id) SELECT id, top FROM up',
    change: (n) =>
      `UPDATE owner SET boss = 1 + boss % 10 WHERE id = 11 + ${n} % (SELECT max(id) - 11 FROM owner)`,
  },
  LATERAL: {
    query:
      'SELECT o.id, best.item, best.amount FROM owner o CROSS JOIN LATERAL (SELECT i.id AS item, i.amount FROM item i WHERE i.owner = o.id ORDER BY i.amount DESC, i.id LIMIT 1) AS best',
    change: ONE_ITEM,
  },
  'unnest WITH ORDINALITY': {
    query:
      'SELECT i.id, t.tag, t.n FROM item i CROSS JOIN LATERAL unnest(i.tags) WITH ORDINALITY AS t (tag, n)',
    change: ONE_ITEM,
  },
  'a function in the select list': {
    query: 'SELECT id, generate_series(1, amount % 3) AS n FROM item',
    change: ONE_ITEM,
  },
  'temporal filter': {
    query: `SELECT id, amount FROM item WHERE created > now() - interval '1 day'`,
    change: ONE_ITEM,
  },
}

/** Does the refresh after a change of one row grow with the tables? One line per construct. */
export async function growthOfConstructs(bench: Bench, options: Options, report: Report): Promise<void> {
  const sizes = options.quick ? [1000, 10_000] : [10_000, 100_000, 1_000_000]
  const clients = new Map<number, pg.Client>()
  for (const size of sizes) {
    const client = await (await bench.database(`constructs_${size}`)).connect()
    await createTables(client, size)
    clients.set(size, client)
  }
  const table = report.table(
    'Growth per construct: refresh after a change of one row (median ms, rows read)',
    ['construct', ...sizes.flatMap((size) => [`${size} rows`, 'read']), ...['largest / smallest', '']],
  )
  const ratios: number[] = []
  for (const [name, construct] of Object.entries(CONSTRUCTS)) {
    const refused = await create(clients, construct.query)
    if (refused !== null) {
      table.rows.push([name, ...sizes.flatMap(() => ['–', '–']), '–', refused])
      report.progress(table)
      continue
    }
    const { samples, read } = await measure(clients, construct, options.rounds * 4)
    const ratio = samples.median(`${sizes.at(-1)}`) / samples.median(`${sizes[0]}`)
    const figures = sizes.flatMap((size) => [samples.median(`${size}`), read.get(size) ?? Number.NaN])
    table.rows.push([name, ...figures, ratio, construct.grows ?? ''])
    report.progress(table)
    if (construct.grows === undefined) ratios.push(ratio)
    for (const client of clients.values()) await client.query(`SELECT pgstream.drop_stream_table('st')`)
  }
  report.atMost('growth per construct: the steepest', Math.max(...ratios), 1.5, '×')
  report.atLeast(
    'constructs maintained incrementally',
    table.rows.filter((row) => row[1] !== '–').length,
    table.rows.length,
  )
  for (const client of clients.values()) await client.end()
}

async function createTables(client: pg.Client, size: number): Promise<void> {
  const owners = size / 10
  await client.query(`
    CREATE TABLE owner (id int PRIMARY KEY, name text NOT NULL, rank int NOT NULL, boss int);
    INSERT INTO owner SELECT i, 'owner ' || i, i % 100, CASE WHEN i > 10 THEN 1 + i % 10 END FROM generate_series(1, ${owners}) AS i;
    CREATE TABLE item (id int PRIMARY KEY, owner int NOT NULL, bucket int NOT NULL, kind text NOT NULL, amount int NOT NULL,
      tags text[] NOT NULL, created timestamptz NOT NULL);
    INSERT INTO item
    SELECT i, 1 + i % ${owners}, i / 100, 'k' || i % 7, (i::bigint * 7919 % 100)::int, ARRAY['a', 'b', 'c'],
      now() - i * interval '1 minute'
    FROM generate_series(1, ${size}) AS i;
    CREATE INDEX ON owner (boss);
    CREATE INDEX ON item (owner);
    CREATE INDEX ON item (bucket);
    CREATE INDEX ON item (kind);
    CREATE INDEX ON item (amount DESC, id);
    CREATE INDEX ON item (created);`)
  await client.query('VACUUM ANALYZE item, owner')
}

/** Null, or why it is refused. */
async function create(clients: ReadonlyMap<number, pg.Client>, query: string): Promise<string | null> {
  for (const client of clients.values()) {
    try {
      await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
    } catch (error) {
      return (error as Error).message
    }
    await client.query('ANALYZE')
  }
  return null
}

async function measure(
  clients: ReadonlyMap<number, pg.Client>,
  construct: Construct,
  rounds: number,
): Promise<{ samples: Samples; read: Map<number, number> }> {
  const samples = new Samples()
  const read = new Map<number, number>()
  for (let round = -3; round < rounds; round++) {
    for (const [size, client] of rotated([...clients], Math.max(round, 0))) {
      await client.query(construct.change(1 + (((round + 10) * 7919) % (size - 1))))
      const isLast = round === rounds - 1
      const before = isLast ? await rowsRead(client) : 0
      const ms = await timed(client, `SELECT pgstream.refresh_stream_table('st')`)
      if (round >= 0) samples.add(`${size}`, ms)
      if (isLast) read.set(size, (await rowsRead(client)) - before)
      await cleanChanges(client)
    }
  }
  return { samples, read }
}
