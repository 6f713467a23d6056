/**
 * Whether a key has a match is asked of a join of several tables, in which a stage and a table by a key of two columns meet: what
 * the key itself finds comes first.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { changesThatReadMore } from './rows-read.ts'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`
    CREATE TABLE supplier (id int PRIMARY KEY, name text); CREATE TABLE part (id int PRIMARY KEY, name text);
    CREATE TABLE offer (part int, supplier int, left_over int, PRIMARY KEY (part, supplier)); CREATE INDEX ON offer (supplier);
    CREATE TABLE sold (id int PRIMARY KEY, part int, supplier int, n numeric); CREATE INDEX ON sold (part, supplier);
    INSERT INTO supplier SELECT i, 's' || i FROM generate_series(1, 1000) AS i;
    INSERT INTO part SELECT i, chr(97 + i % 20) || i FROM generate_series(1, 5000) AS i;
    INSERT INTO offer SELECT i % 5000 + 1, i * 7 % 1000 + 1, i % 50 FROM generate_series(1, 20000) AS i ON CONFLICT DO NOTHING;
    INSERT INTO sold SELECT i, i % 5000 + 1, i * 7 % 1000 + 1, i % 60 FROM generate_series(1, 40000) AS i`)
})

afterAll(async () => {
  await database?.close()
})

test.each(['IN', 'NOT IN'])('%s', async (word) => {
  const many = await changesThatReadMore(database.client, {
    query: `SELECT id, name FROM supplier WHERE id ${word} (
      SELECT o.supplier FROM offer o WHERE o.part IN (SELECT id FROM part WHERE name LIKE 'f%')
        AND o.left_over > (SELECT 0.5 * sum(n) FROM sold s WHERE s.part = o.part AND s.supplier = o.supplier))`.replace(
      'SELECT o.supplier FROM offer o WHERE',
      word === 'IN'
        ? 'SELECT o.supplier FROM offer o WHERE'
        : 'SELECT o.supplier FROM offer o WHERE o.supplier IS NOT NULL AND',
    ),
    changes: [1, 2, 3].map(
      (n) => `UPDATE offer SET left_over = ${n === 2 ? 90 : 0} WHERE supplier = ${n + 4} AND part % 2 = 0;
        UPDATE part SET name = CASE WHEN name LIKE 'f%' THEN 'g' ELSE 'f' END || id WHERE id IN (${n}, ${n + 5}, ${n + 20});
        INSERT INTO sold SELECT max_id + 1, part, supplier, 500 FROM offer, (SELECT max(id) AS max_id FROM sold) AS last WHERE supplier = ${n + 9} ORDER BY part LIMIT 1;
        UPDATE supplier SET name = name || 'x' WHERE id = ${n + 3}`,
    ),
    tables: ['supplier', 'part', 'offer', 'sold'],
    few: 3000,
  })
  expect(many).toEqual([])
})
