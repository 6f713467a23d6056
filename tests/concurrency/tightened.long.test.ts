import { expect, test } from 'vitest'
import { create, scenes } from './scene.ts'

// A migration makes the rows suit a constraint and adds it, in one transaction: what a refresh has yet to consume are rows for
// which it did not hold.
const scene = scenes()

const SOURCE = `CREATE TABLE t (id int, k int, n int); CREATE TABLE u (id int, k int, v text);
  INSERT INTO t SELECT i, nullif(i % 6, 0), i % 7 FROM generate_series(1, 100) AS i;
  INSERT INTO u SELECT i, nullif(i % 5, 0), 'u' || i FROM generate_series(1, 20) AS i`

/** What there is before the migration, and what it does. */
const CONSTRAINTS: Readonly<Record<string, readonly [string, string]>> = {
  'NOT NULL': [
    'ALTER TABLE t ADD PRIMARY KEY (id); ALTER TABLE u ADD PRIMARY KEY (id)',
    `UPDATE t SET k = 0 WHERE k IS NULL; UPDATE u SET k = 0 WHERE k IS NULL;
     ALTER TABLE t ALTER k SET NOT NULL; ALTER TABLE u ALTER k SET NOT NULL`,
  ],
  'a key': [
    `INSERT INTO t SELECT id, k, n FROM t WHERE id % 9 = 1; INSERT INTO u SELECT id, k, v || 'y' FROM u WHERE id % 3 = 0`,
    `DELETE FROM t AS a USING t AS b WHERE a.ctid < b.ctid AND a.id = b.id; DELETE FROM u WHERE v LIKE '%y';
     ALTER TABLE t ADD PRIMARY KEY (id); ALTER TABLE u ADD UNIQUE (id)`,
  ],
}

const QUERIES: Readonly<Record<string, string>> = {
  first: `SELECT * FROM (SELECT id, k, n, row_number() OVER (PARTITION BY k ORDER BY n DESC, id) AS r FROM t) AS q WHERE r <= 2`,
  lagging: 'SELECT id, k, n, lag(n) OVER (PARTITION BY k ORDER BY n, id) AS before FROM t',
  sums: 'SELECT k, count(*) AS c, sum(n) AS n, max(n) AS m FROM t GROUP BY k',
  distinct_on: 'SELECT DISTINCT ON (k) k, id, n FROM t ORDER BY k, n DESC, id',
  joined: 'SELECT t.id, t.k, u.v FROM t LEFT JOIN u ON u.id = t.id',
  lone: 'SELECT t.id, t.k FROM t WHERE NOT EXISTS (SELECT FROM u WHERE u.k = t.k)',
  not_in: 'SELECT t.id, t.n FROM t WHERE t.k NOT IN (SELECT u.k FROM u WHERE u.id < 4)',
  scalar: 'SELECT t.id, (SELECT max(u.v) FROM u WHERE u.k = t.k) AS v FROM t',
  recursive:
    'WITH RECURSIVE r(id, k) AS (SELECT id, k FROM u WHERE id < 3 UNION SELECT t.id, t.k FROM r JOIN t ON t.k = r.id) SELECT * FROM r',
  over: 'SELECT r, count(*) AS c, sum(n) AS n, count(k) AS k FROM first GROUP BY r',
}

const OTHERS: Readonly<Record<string, string>> = {
  'another name': 'ALTER TABLE t RENAME TO t_now; ALTER TABLE u RENAME TO u_now',
  'an index': 'CREATE INDEX ON t (n); CREATE INDEX ON u (v)',
  'another mode': Object.keys(QUERIES)
    .map((name) => `SELECT pgstream.alter_stream_table('${name}', refresh_mode => 'DIFFERENTIAL')`)
    .join('; '),
}

test.each(
  Object.keys(CONSTRAINTS).flatMap((constraint) =>
    Object.keys(OTHERS).map((other) => [constraint, other] as const),
  ),
)('%s that comes with the rows that suit it, and %s', async (constraint, given) => {
  const [before, migration] = CONSTRAINTS[constraint] ?? ['', '']
  const other = OTHERS[given] ?? ''
  const { client } = await scene(`${SOURCE}; ${before}`)
  for (const [name, query] of Object.entries(QUERIES)) await create(client, name, query, { mode: 'AUTO' })
  const [t, u] = other.includes('t_now') ? ['t_now', 'u_now'] : ['t', 'u']
  const differing = async () => {
    const found: string[] = []
    for (const name of Object.keys(QUERIES))
      await client.query('SELECT pgstream.refresh_stream_table($1)', [name])
    for (const name of Object.keys(QUERIES))
      if ((await client.query('SELECT FROM pgstream.verify_stream_table($1)', [name])).rowCount)
        found.push(name)
    return found
  }
  await client.query(`BEGIN; ${migration}; ${other}; COMMIT`)
  expect(await differing()).toEqual([])
  for (let round = 1; round < 3; round++) {
    await client.query(`INSERT INTO ${t} VALUES (${round}01, 1, 9), (${round}02, 2, 9); UPDATE ${t} SET n = n + 1 WHERE id % 5 = 1;
      DELETE FROM ${t} WHERE id % 9 = 2; UPDATE ${u} SET v = v || 'x' WHERE id % 3 = 0`)
    expect(await differing()).toEqual([])
  }
})
