/** A row that changed in what other stream tables read touches no group, no partition and nothing that a recursion made of it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { analyze } from '../support/analyze.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { rowsRead } from './rows-read.ts'

let database: FreshDatabase

const QUERIES: Readonly<Record<string, string>> = {
  'a median of what is joined':
    'SELECT c.region, percentile_cont(0.5) WITHIN GROUP (ORDER BY b.amount) AS m FROM buy b LEFT JOIN client c ON c.id = b.client GROUP BY c.region',
  'floats of groups': 'SELECT region, sum(weight) AS s FROM client GROUP BY region',
  'a window': 'SELECT id, rank() OVER (PARTITION BY region ORDER BY weight) AS r FROM client',
  'the first of each': 'SELECT DISTINCT ON (region) region, id FROM client ORDER BY region, weight DESC, id',
  'the first of all':
    'SELECT c.id, b.n FROM client c JOIN (SELECT client, count(*) AS n FROM buy GROUP BY client) AS b ON b.client = c.id ORDER BY b.n, c.weight, c.id LIMIT 5',
  'a recursion':
    'WITH RECURSIVE r(id, top) AS (SELECT id, id FROM client WHERE parent IS NULL UNION ALL SELECT c.id, r.top FROM r JOIN client c ON c.parent = r.id) SELECT top, count(*) AS n FROM r GROUP BY top',
}

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`SET client_min_messages = warning;
    CREATE TABLE client (id int PRIMARY KEY, parent int, region text, weight float8, seen text);
    INSERT INTO client SELECT i, nullif(i % 3, 0), 'r' || i % 4, i % 700, 'never' FROM generate_series(3, 6000) AS i;
    INSERT INTO client VALUES (1, NULL, 'r1', 7, 'never'), (2, NULL, 'r2', 7, 'never');
    CREATE TABLE buy (id int PRIMARY KEY, client int, amount int, note text);
    INSERT INTO buy SELECT i, i % 6000, i % 900, 'n' FROM generate_series(1, 12000) AS i;
    CREATE INDEX ON client (parent); CREATE INDEX ON client (region, weight); CREATE INDEX ON buy (client);
    SELECT pgstream.create_stream_table('seen', 'SELECT id, seen FROM client', '1h', 'DIFFERENTIAL');
    SELECT pgstream.create_stream_table('notes', 'SELECT id, note FROM buy', '1h', 'DIFFERENTIAL')`)
})

afterAll(async () => {
  await database?.close()
})

test.each(Object.entries(QUERIES))('%s', async (_, query) => {
  const { client } = database
  const others = await client.query(`SELECT 1 FROM pgstream.pgs_stream_tables WHERE pgs_name = 'st'`)
  if (others.rows.length > 0) await client.query(`SELECT pgstream.drop_stream_table('st')`)
  await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
  await analyze(client)
  for (const change of [
    `UPDATE client SET seen = seen || 1 WHERE id IN (1, 77)`,
    `UPDATE buy SET note = note || 1 WHERE id IN (1, 77)`,
  ]) {
    await client.query(change)
    const before = await rowsRead(client, ['client', 'buy'])
    await expectRefreshed(client)
    expect((await rowsRead(client, ['client', 'buy'])) - before).toBeLessThan(20)
  }
  // Beside what does matter, the same rows among them.
  await client.query(
    `UPDATE client SET seen = seen || 2 WHERE id BETWEEN 70 AND 90; UPDATE client SET weight = weight + 1, parent = 1 WHERE id IN (77, 80)`,
  )
  await client.query(
    `UPDATE buy SET note = NULL, amount = amount + 5 WHERE id IN (76, 77); DELETE FROM buy WHERE id = 78`,
  )
  await expectExact(client, 'st')
  await client.query(
    `UPDATE client SET weight = NULL, seen = NULL WHERE id = 81; UPDATE client SET seen = 'x' WHERE id = 81; DELETE FROM client WHERE id = 83`,
  )
  await expectExact(client, 'st')
})

async function expectRefreshed(client: FreshDatabase['client']): Promise<void> {
  const { rows } = await client.query(`SELECT pgstream.refresh_stream_table('st') AS action`)
  expect(rows).not.toEqual([{ action: 'FULL' }])
}
