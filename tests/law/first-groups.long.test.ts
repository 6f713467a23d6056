/** The first of many groups, and groups found by an expression of theirs: what a refresh reads, and that it is right. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectEqual } from '../oracle/oracle.ts'
import { analyze } from '../support/analyze.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { rowsRead } from './rows-read.ts'

let database: FreshDatabase

/** Rows that one refresh may read or fetch, of all tables together; there are 10,000 groups. */
const FEW = 200

const SUMS = 'SELECT g, sum(x) AS s, count(*) AS n FROM t GROUP BY g'

const QUERIES: Readonly<Record<string, string>> = {
  LIMIT: `${SUMS} ORDER BY s DESC, g LIMIT 5`,
  'the least, OFFSET': `${SUMS} ORDER BY s, g OFFSET 2 LIMIT 3`,
  'OFFSET NULL': `${SUMS} ORDER BY s DESC, g LIMIT 3 OFFSET NULL`,
  'WITH TIES': 'SELECT g, max(x) AS m FROM t GROUP BY g ORDER BY m DESC FETCH FIRST 4 ROWS WITH TIES',
  'of those that HAVING leaves': `SELECT * FROM (${SUMS} HAVING sum(x) > 500) AS q ORDER BY s, g LIMIT 4`,
  'not shown which': `SELECT s FROM (${SUMS}) AS q ORDER BY s DESC LIMIT 4`,
  'no rows': `${SUMS} ORDER BY s DESC LIMIT 0`,
  'more than there is a number for': `SELECT * FROM (${SUMS} HAVING sum(x) > 990000) AS q ORDER BY s, g LIMIT 9223372036854775807 OFFSET 1`,
  'row_number() of all groups': `SELECT g, s, r FROM (SELECT g, s, row_number() OVER (ORDER BY s DESC, g) AS r FROM (${SUMS}) AS q) AS w WHERE r <= 4`,
  'rank() of all groups': `SELECT g, r FROM (SELECT g, rank() OVER (ORDER BY s DESC) AS r FROM (${SUMS}) AS q) AS w WHERE r < 4`,
  'of distinct rows': 'SELECT DISTINCT x FROM t ORDER BY x DESC LIMIT 4',
  'LIMIT of LIMIT': `SELECT * FROM (${SUMS} ORDER BY s DESC, g LIMIT 6) AS q ORDER BY s, g LIMIT 2`,
  'partitions by an expression': `SELECT g, rank() OVER (PARTITION BY g / 5 ORDER BY s) AS r FROM (${SUMS}) AS q`,
  'aggregates by an expression': `SELECT g / 5 AS five, max(s) AS m, string_agg(s::text, ',' ORDER BY s, g) AS all FROM (${SUMS}) AS q GROUP BY 1`,
}

const CHANGES: readonly string[] = [
  'UPDATE t SET x = 1000000 WHERE id = 70',
  'UPDATE t SET x = 1000000 WHERE id IN (71, 72, 73)',
  'UPDATE t SET x = x - 2000000 WHERE id = 70',
  'DELETE FROM t WHERE g = 72 % 10000',
  'INSERT INTO t SELECT 100000 + i, 20000 + i, 1000000 FROM generate_series(1, 8) AS i',
  'UPDATE t SET x = -i FROM generate_series(1, 8) AS i WHERE id = 100000 + i',
  'DELETE FROM t WHERE id > 100000; UPDATE t SET x = 2000000 WHERE id = 9',
  'UPDATE t SET g = 7 WHERE id = 9',
  'INSERT INTO t VALUES (300000, 5, 3000000); DELETE FROM t WHERE id = 300000',
  'UPDATE t SET x = 990001 + id WHERE id BETWEEN 30 AND 36',
]

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`SET client_min_messages = warning;
    CREATE TABLE t (id int PRIMARY KEY, g int NOT NULL, x bigint NOT NULL);
    CREATE INDEX ON t (g, x)`)
})

afterAll(async () => {
  await database?.close()
})

test.each(Object.entries(QUERIES))('%s', async (_, query) => {
  const { client } = database
  await client.query(
    'TRUNCATE t; INSERT INTO t SELECT i, i % 10000, i * 7919 % 100003 FROM generate_series(1, 20000) AS i',
  )
  await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
  await analyze(client)
  const counts: Record<string, number> = {}
  for (const change of CHANGES) {
    await client.query(change)
    const before = await rowsRead(client, ['t'])
    await client.query(`SELECT pgstream.refresh_stream_table('st')`)
    counts[change] = (await rowsRead(client, ['t'])) - before
    await expectEqual(client, 'st')
  }
  await client.query(`SELECT pgstream.drop_stream_table('st')`)
  expect(Object.entries(counts).filter(([, rows]) => rows > FEW)).toEqual([])
})
