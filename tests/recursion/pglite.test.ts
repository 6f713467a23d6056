import { expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { freshPGlite } from '../support/pglite.ts'

test('a closure and a tree in PGlite', { timeout: 120_000 }, async () => {
  const database = await freshPGlite()
  try {
    await database.exec(
      'CREATE TABLE edges (src int NOT NULL, dst int NOT NULL); INSERT INTO edges VALUES (1, 2), (2, 3)',
    )
    const step = 'SELECT e.src, e.dst FROM r JOIN edges e ON e.src = r.dst'
    const queries = {
      closure: `WITH RECURSIVE r AS (SELECT src, dst FROM edges UNION ${step.replace('e.src,', 'r.src,')}) SELECT * FROM r`,
      ways: `WITH RECURSIVE r AS (SELECT src, dst FROM edges WHERE src = 1 UNION ALL ${step}) CYCLE dst SET met USING way SELECT src, dst, met FROM r`,
    }
    for (const [name, query] of Object.entries(queries))
      await database.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [name, query])
    for (const change of [
      'INSERT INTO edges VALUES (3, 1), (3, 4)',
      'DELETE FROM edges WHERE src = 2',
      'UPDATE edges SET dst = 3 WHERE dst = 2',
      'DELETE FROM edges',
    ]) {
      await database.exec(change)
      for (const name of Object.keys(queries)) {
        expect(['DIFFERENTIAL', 'NO_DATA'], change).toContain(await expectExact(database, `public.${name}`))
      }
    }
  } finally {
    await database.close()
  }
})
