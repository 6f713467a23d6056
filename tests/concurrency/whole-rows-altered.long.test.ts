/** Rows as values, of tables that get and lose columns: they follow, as a view does. */
import { afterEach, describe, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { create, outcome, refresh } from './scene.ts'

let db: FreshDatabase

afterEach(() => db.close())

const MADE = `CREATE TABLE m (id int PRIMARY KEY, r text, v numeric, x int);
  INSERT INTO m SELECT i, 'r' || i % 3, i % 7, i % 4 FROM generate_series(1, 20) AS i;
  CREATE VIEW over_m AS SELECT r, to_jsonb(m) AS j FROM m;`

const QUERIES: Readonly<Record<string, string>> = {
  gathered: 'SELECT r, jsonb_agg(to_jsonb(m) ORDER BY id) AS j FROM m GROUP BY r',
  each: 'SELECT id, row_to_json(m)::text AS j FROM m',
  missing: 'SELECT a.id, to_jsonb(b) AS j FROM m AS a LEFT JOIN m AS b ON b.id = a.x',
  counted: 'SELECT r, count(m) AS n, m.*::text AS t FROM m GROUP BY r, m.*',
  windowed: 'SELECT id, to_jsonb(m) AS j, count(*) OVER (PARTITION BY r) AS n FROM m',
  viewed: 'SELECT r, jsonb_agg(j ORDER BY j) AS js FROM over_m GROUP BY r',
  below: `SELECT r, (SELECT jsonb_agg(b ORDER BY b.id) FROM m AS b WHERE b.id = a.x) AS j FROM m AS a`,
}

describe.each([
  { watched: true, noticed: 'as it happens' },
  { watched: false, noticed: 'by refreshes' },
])('where DDL is noticed $noticed', ({ watched }) => {
  test.each(Object.entries(QUERIES))(
    'a column comes and goes that the query names nowhere: %s',
    async (name, query) => {
      db = await freshDatabase({ watched })
      await db.client.query(MADE)
      await create(db.client, name, query)
      let written = 100
      for (const change of [
        'ALTER TABLE m DROP COLUMN v',
        'ALTER TABLE m ADD COLUMN w int',
        'ALTER TABLE m RENAME w TO y',
        'ALTER TABLE m DROP COLUMN y',
      ]) {
        await db.client.query(change)
        await db.client.query(
          `INSERT INTO m (id, r, x) VALUES (${++written}, 'r1', 3); DELETE FROM m WHERE id = ${written - 100}`,
        )
        for (let again = 0; again < 2; again++) {
          await refresh(db.client, name)
          const { rows } = await db.client.query('SELECT * FROM pgstream.verify_stream_table($1)', [name])
          expect(rows, `${name} after ${change}`).toEqual([])
          await db.client.query(`UPDATE m SET x = x + 1 WHERE id < 9`)
        }
        expect(await refresh(db.client, name)).toBe('DIFFERENTIAL')
      }
    },
  )

  test('a column that it names as well is missed', async () => {
    db = await freshDatabase({ watched })
    await db.client.query(MADE)
    await create(db.client, 'st', 'SELECT r, sum(v) AS v, jsonb_agg(m ORDER BY id) AS j FROM m GROUP BY r')
    await db.client.query("ALTER TABLE m DROP COLUMN v; INSERT INTO m VALUES (100, 'r1', 1)")
    expect(await outcome(refresh(db.client, 'st'))).toMatch(/^55000|^2BP01|^42703/)
  })
})
