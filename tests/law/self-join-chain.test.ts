/** A table in a chain of references to itself: neighbouring changed rows are read once per reference, not three times. */
import { expect, test } from 'vitest'
import { withClient } from '../support/server.ts'
import { changesThatReadMore } from './rows-read.ts'

/** Of twenty neighbouring rows the result has as many as there are references, of each, before and after. */
test.each([
  [6, 2500],
  [14, 30000],
])('a chain of %i references reads what its result needs', (references, few) =>
  withClient(async (client) => {
    await client.query(`
      DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, parent int, v int); CREATE INDEX ON t (parent);
      INSERT INTO t SELECT g, g - 1, g FROM generate_series(1, 2000) AS g`)
    const last = references - 1
    const steps = Array.from({ length: last }, (_, i) => `JOIN t AS r${i + 1} ON r${i + 1}.parent = r${i}.id`)
    const query = `SELECT r0.id, r${last}.id AS other, r0.v + r3.v + r${last}.v AS v FROM t AS r0 ${steps.join(' ')}`
    const more = await changesThatReadMore(client, {
      query,
      changes: [
        'UPDATE t SET v = v + 1 WHERE id BETWEEN 100 AND 119',
        'UPDATE t SET parent = CASE WHEN id % 2 = 0 THEN parent + 1 ELSE parent - 1 END WHERE id BETWEEN 200 AND 209',
        'DELETE FROM t WHERE id BETWEEN 300 AND 309; INSERT INTO t SELECT g, g - 1, 0 FROM generate_series(300, 309) AS g',
        'UPDATE t SET parent = NULL WHERE id BETWEEN 400 AND 405',
        'INSERT INTO t VALUES (3000, 500, 1), (3001, 500, 1), (3002, 3000, 1)',
      ],
      tables: ['t'],
      few,
    })
    expect(more).toEqual([])
  }),
)
