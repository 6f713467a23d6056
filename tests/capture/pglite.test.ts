import { expect, test } from 'vitest'
import { freshPGlite } from '../support/pglite.ts'

test('capture in PGlite, with its event triggers', async () => {
  const db = await freshPGlite()
  try {
    await db.exec(
      `CREATE TABLE t (id int PRIMARY KEY, a text, n numeric); INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2)`,
    )
    await db.exec(`SELECT pgstream.create_stream_table('st', 'SELECT id, a, n FROM t WHERE n > 0')`)
    await db.exec(
      `UPDATE t SET a = 'x' WHERE id = 1; ALTER TABLE t RENAME a TO "näme"; UPDATE t SET "näme" = 'y'; INSERT INTO t VALUES (3, 'z', 3)`,
    )
    expect((await db.query(`SELECT pgstream.refresh_stream_table('st') AS action`)).rows).toEqual([
      { action: 'DIFFERENTIAL' },
    ])
    expect((await db.query(`SELECT * FROM pgstream.verify_stream_table('st')`)).rows).toEqual([])
    await db.exec(
      `INSERT INTO t SELECT i, 'many', i FROM generate_series(10, 2500) AS i; UPDATE t SET n = n + 1`,
    )
    await db.exec(`SELECT pgstream.refresh_stream_table('st')`)
    expect((await db.query(`SELECT * FROM pgstream.verify_stream_table('st')`)).rows).toEqual([])
    await db.exec(`ALTER TABLE t DROP COLUMN n; INSERT INTO t VALUES (4, 'w')`)
    await expect(db.query(`SELECT pgstream.refresh_stream_table('st')`)).rejects.toMatchObject({
      code: '55000',
    })
    await db.exec('DROP TABLE st')
    expect((await db.query(`SELECT tgname FROM pg_trigger WHERE tgname LIKE 'pgstream%'`)).rows).toEqual([])
  } finally {
    await db.close()
  }
})
