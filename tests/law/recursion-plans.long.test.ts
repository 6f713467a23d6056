/** One changed row of a recursion over many: nothing reads a table, or what is kept of it, whole. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { analyze } from '../support/analyze.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let database: FreshDatabase
const plans: string[] = []

beforeAll(async () => {
  database = await freshDatabase()
  const { client } = database
  await client.query(`CREATE TABLE node (id int PRIMARY KEY, parent int, name text NOT NULL);
    INSERT INTO node SELECT i, nullif(i / 3, 0), 'n' || i FROM generate_series(1, 100000) AS i;
    CREATE INDEX ON node (parent);
    CREATE TABLE edge (src int NOT NULL, dst int NOT NULL);
    INSERT INTO edge SELECT i, i + 1 FROM generate_series(1, 100000) AS i WHERE i % 10 <> 0;
    CREATE INDEX ON edge (src); CREATE INDEX ON edge (dst);
    CREATE TABLE hop (id int PRIMARY KEY, dst int, at timestamptz NOT NULL);
    INSERT INTO hop SELECT i, CASE WHEN i % 4 > 0 THEN i + 1 WHEN i % 10000 > 0 THEN -i END, now() + '1 day' FROM generate_series(1, 100000) AS i;
    CREATE INDEX ON hop (dst); CREATE INDEX ON hop (at)`)
  await client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
    SET auto_explain.log_analyze = on; SET auto_explain.log_timing = off; SET auto_explain.log_buffers = on`)
  client.on('notice', ({ message }) => plans.push(message ?? ''))
})

afterAll(async () => {
  await database?.close()
})

const TREE = `WITH RECURSIVE r AS (
  SELECT id, parent, name, 0 AS depth FROM node WHERE parent IS NULL
  UNION ALL SELECT n.id, n.parent, n.name, r.depth + 1 FROM node n JOIN r ON n.parent = r.id
)`

const QUERIES: Readonly<Record<string, string>> = {
  'a tree': `${TREE} SELECT * FROM r`,
  'a tree, counted by depth': `${TREE} SELECT depth, count(*) AS n FROM r GROUP BY depth`,
  'a tree, its rows distinct': `${TREE.replace('UNION ALL', 'UNION')} SELECT * FROM r`,
  'a tree, and a subquery for each row': `${TREE} SELECT id, depth, (SELECT avg(length(c.name)) FROM node AS c WHERE c.parent = r.id) AS a FROM r`,
  closure: `WITH RECURSIVE p AS (
      SELECT src, dst FROM edge UNION SELECT p.src, e.dst FROM p JOIN edge e ON e.src = p.dst
    ) SELECT * FROM p`,
  'a step in both directions': `WITH RECURSIVE p AS (
      SELECT src, dst FROM edge WHERE src % 10 = 1
      UNION SELECT p.src, u.b FROM p JOIN (
        SELECT src AS a, dst AS b FROM edge WHERE src > 0 UNION ALL SELECT dst, src FROM edge WHERE src > 0
      ) u ON u.a = p.dst
    ) SELECT * FROM p`,
  'a step to the greatest of a group': `WITH RECURSIVE p AS (
      SELECT src, dst FROM edge WHERE src % 10 = 1
      UNION SELECT p.src, e.dst FROM p JOIN (SELECT src, max(dst) AS dst FROM edge GROUP BY src) e ON e.src = p.dst
    ) SELECT * FROM p`,
  'a step to the first of a window': `WITH RECURSIVE p AS (
      SELECT src, dst FROM edge UNION SELECT p.src, n.id
      FROM p JOIN (SELECT id, parent, row_number() OVER (PARTITION BY parent ORDER BY name, id) AS place FROM node) n
        ON n.parent = p.dst AND n.place = 1 WHERE p.src > 99000
    ) SELECT * FROM p`,
  'a step over what the time lets pass, some of it NULL': `WITH RECURSIVE p AS (
      SELECT src, dst FROM edge WHERE src % 10 = 1
      UNION ALL SELECT p.src, h.dst FROM p JOIN hop h ON h.id = p.dst AND h.at > now()
    ) SELECT * FROM p`,
  'a step over what the time lets pass, which alone makes the rows': `WITH RECURSIVE p AS (
      SELECT dst FROM edge WHERE src % 10 = 1
      UNION ALL SELECT h.dst FROM p JOIN hop h ON h.id = p.dst AND h.at > now()
    ) SELECT * FROM p`,
}

test.each(Object.entries(QUERIES))('%s', async (label, query) => {
  const { client } = database
  const name = `p${Object.keys(QUERIES).indexOf(label)}`
  await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [name, query])
  await analyze(client)
  for (const [i, change] of [
    `UPDATE node SET name = '${name}' WHERE id = 50000; UPDATE edge SET dst = dst + 1 WHERE src = 50005;
     UPDATE hop SET at = at - interval '2 days' WHERE id = 70002`,
    `UPDATE node SET parent = 20 + ${name.slice(1)} WHERE id = 9000; DELETE FROM edge WHERE src = 60001`,
    `INSERT INTO node VALUES (100001, 77777, 'new'); INSERT INTO edge VALUES (60001, 60002)`,
    `DELETE FROM node WHERE id = 100001; INSERT INTO edge VALUES (70000, 70001)`,
  ].entries()) {
    await client.query(change)
    await client.query('SET client_min_messages = log')
    plans.length = 0
    await client.query('SELECT pgstream.refresh_stream_table($1)', [name])
    await client.query('RESET client_min_messages')
    expect(plans.some((plan) => /stage_\d_gone/.test(plan))).toBe(true)
    const lines = plans.flatMap((plan) => plan.split('\n'))
    expect(
      lines.filter((line) => /actual rows=\d{5,}|loops=\d{5,}|Removed by Filter: \d{4,}/.test(line)),
    ).toEqual([])
    // Nor an index, of which a condition on its second column asks each page. The first time there are catalogs to be read.
    const pages = lines.flatMap((line) => /Buffers: shared hit=(\d+)/.exec(line)?.[1] ?? [])
    if (i > 0) expect(Math.max(...pages.map(Number))).toBeLessThan(1_000)
  }
})
