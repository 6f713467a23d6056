import { beforeEach, describe, expect, test } from 'vitest'
import { takeBulkAbove } from '../random/bulk.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { probe } from './probe.ts'

let db: FreshDatabase

beforeEach(async () => {
  db = await freshDatabase()
  await db.client.query(`
    CREATE TABLE customers (id int PRIMARY KEY, name text);
    CREATE TABLE orders (
      id int PRIMARY KEY, customer int REFERENCES customers ON DELETE CASCADE ON UPDATE CASCADE,
      amount numeric, status text, doc json, note text);
    CREATE TABLE fallback (customer int REFERENCES customers ON DELETE SET NULL ON UPDATE CASCADE);
    INSERT INTO customers SELECT i, 'c' || i FROM generate_series(1, 20) AS i;
    INSERT INTO orders SELECT i, i % 20 + 1, i / 3.0, 's' || i % 3, '{"a": 1}' FROM generate_series(1, 100) AS i;
    INSERT INTO fallback SELECT i FROM generate_series(1, 20) AS i;`)
  return () => db.close()
})

describe.each([1000, 1])('the buffer holds exactly what changed (packed above %i)', (above) => {
  beforeEach(() => takeBulkAbove(db.client, above))

  const cases: Readonly<Record<string, string>> = {
    insert: `INSERT INTO orders VALUES (200, 1, 1, 'x', '[]')`,
    'insert of duplicates and NULLs': `INSERT INTO orders (id) VALUES (201), (202)`,
    update: `UPDATE orders SET amount = amount + 1 WHERE id < 50`,
    'update of a key': `UPDATE orders SET id = id + 1000`,
    'keys swapped in one statement': `ALTER TABLE orders DROP CONSTRAINT orders_pkey; ALTER TABLE orders ADD PRIMARY KEY (id) DEFERRABLE;
      UPDATE orders SET id = 3 - id WHERE id IN (1, 2)`,
    'update where only some rows change': `UPDATE orders SET amount = CASE WHEN id % 7 = 0 THEN amount * 2 ELSE amount END`,
    'update where the first row stays': `UPDATE orders SET status = CASE WHEN id = 1 THEN status ELSE 'new' END`,
    'update of equal but not identical values': `UPDATE orders SET amount = round(amount, 2); UPDATE orders SET amount = round(amount, 4)`,
    delete: `DELETE FROM orders WHERE id % 2 = 0`,
    'same key deleted and inserted': `DELETE FROM orders WHERE id = 5; INSERT INTO orders VALUES (5, 1, 5, 'again', NULL)`,
    'on conflict do update': `INSERT INTO orders SELECT i, 1, 0, 'upsert', NULL FROM generate_series(90, 110) AS i
      ON CONFLICT (id) DO UPDATE SET amount = excluded.amount, status = excluded.status`,
    'on conflict do nothing': `INSERT INTO orders SELECT i, 1, 0, 'x', NULL FROM generate_series(90, 110) AS i ON CONFLICT DO NOTHING`,
    merge: `MERGE INTO orders AS o USING (SELECT i, i % 4 AS k FROM generate_series(1, 130) AS i) AS s ON o.id = s.i
      WHEN MATCHED AND s.k = 0 THEN DELETE
      WHEN MATCHED AND s.k = 1 THEN UPDATE SET amount = 0
      WHEN MATCHED AND s.k = 2 THEN DO NOTHING
      WHEN NOT MATCHED THEN INSERT (id, amount) VALUES (s.i, 1)`,
    'data-modifying CTEs': `WITH gone AS (DELETE FROM orders WHERE id < 10 RETURNING *),
      back AS (INSERT INTO orders SELECT id + 500, customer, amount, status, doc FROM gone RETURNING id),
      changed AS (UPDATE orders SET status = 'cte' WHERE id BETWEEN 20 AND 30 RETURNING id)
      INSERT INTO orders (id) SELECT id + 1000 FROM changed`,
    'foreign key cascades': `DELETE FROM customers WHERE id < 5; UPDATE customers SET id = id + 100 WHERE id > 15`,
    'foreign key set null': `DELETE FROM customers WHERE id = 7`,
    'savepoints and rollbacks': `BEGIN; INSERT INTO orders (id) VALUES (300); SAVEPOINT a; INSERT INTO orders (id) VALUES (301);
      ROLLBACK TO a; UPDATE orders SET amount = 9 WHERE id = 300; SAVEPOINT b; DELETE FROM orders WHERE id = 1; RELEASE b; COMMIT`,
    'a rolled back transaction': `BEGIN; DELETE FROM orders; ROLLBACK`,
    'an exception block': `DO $$ BEGIN INSERT INTO orders (id) VALUES (400);
      BEGIN INSERT INTO orders (id) VALUES (401), (1); EXCEPTION WHEN unique_violation THEN NULL; END; END $$`,
    'replica role': `SET session_replication_role = replica; INSERT INTO orders (id) VALUES (500); UPDATE orders SET amount = 0; RESET session_replication_role`,
    'a search path that shadows operators, functions and tables': `CREATE SCHEMA evil; CREATE TABLE evil.pgs_new (id int); CREATE TABLE evil.pgs_old (id int);
      CREATE FUNCTION evil.nope(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT false';
      CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = bigint, PROCEDURE = evil.nope);
      CREATE FUNCTION evil.nextval(regclass) RETURNS bigint LANGUAGE sql AS 'SELECT 1 / 0';
      SET search_path = evil, pg_catalog; UPDATE public.orders SET amount = CASE id WHEN 1 THEN amount ELSE 77 END; RESET search_path`,
    'a CALL with commits': `CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO orders (id) VALUES (600); COMMIT; DELETE FROM orders WHERE id = 600; END $$; CALL p()`,
    'a trigger of the user that changes the row': `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.amount := 42; RETURN NEW; END $$;
      CREATE TRIGGER z BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION f(); INSERT INTO orders (id) VALUES (700); UPDATE orders SET note = 'n'`,
    'a trigger of the user that writes the same table': `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF pg_trigger_depth() < 2 THEN UPDATE orders SET amount = amount + 1 WHERE id < 10; END IF; RETURN NULL; END $$;
      CREATE TRIGGER a AFTER UPDATE ON orders FOR EACH STATEMENT EXECUTE FUNCTION f(); UPDATE orders SET amount = amount * 2`,
  }
  for (const [name, statements] of Object.entries(cases)) {
    test(name, async () => {
      const { client } = db
      const orders = await probe(client, 'orders')
      const customers = await probe(client, 'customers')
      const fallback = await probe(client, 'fallback')
      for (const statement of splitTop(statements)) await client.query(statement)
      expect(await orders.mismatches()).toEqual([])
      expect(await customers.mismatches()).toEqual([])
      expect(await fallback.mismatches()).toEqual([])
    })
  }
})

/** Statement by statement, because CALL with COMMIT cannot run inside a batch; dollar quotes keep their semicolons. */
function splitTop(text: string): string[] {
  const parts = text.split(/(\$\$[\s\S]*?\$\$)/)
  const statements: string[] = ['']
  for (const part of parts) {
    if (part.startsWith('$$')) statements[statements.length - 1] += part
    else {
      const [first = '', ...rest] = part.split(';')
      statements[statements.length - 1] += first
      statements.push(...rest)
    }
  }
  return statements.filter((statement) => statement.trim() !== '')
}

test('an update that changes no captured column writes nothing', async () => {
  const orders = await probe(db.client, 'orders', ['id', 'amount', 'doc'])
  await db.client.query(`UPDATE orders SET note = 'seen'`)
  await db.client.query('UPDATE orders SET amount = amount, id = id')
  expect(await orders.captured()).toBe(0)
  await db.client.query('UPDATE orders SET amount = amount + (id = 50)::int')
  expect(await orders.captured()).toBe(2)
  // Equal but not the same: 1.00000000000000000000 becomes 1.0.
  await db.client.query('UPDATE orders SET amount = round(amount, 1) WHERE id = 3')
  expect(await orders.captured()).toBe(4)
})

test('a statement that touches no row takes no transaction id', async () => {
  await probe(db.client, 'orders')
  const { rows } = await db.client
    .query(`
    BEGIN; UPDATE orders SET amount = 1 WHERE false; DELETE FROM orders WHERE false;
    INSERT INTO orders SELECT * FROM orders WHERE false`)
    .then(() => db.client.query('SELECT pg_current_xact_id_if_assigned() AS xid'))
  await db.client.query('ROLLBACK')
  expect(rows[0].xid).toBeNull()
})

test('without captured columns rows are counted', async () => {
  const orders = await probe(db.client, 'orders', [])
  await db.client.query(
    `INSERT INTO orders (id) VALUES (900); UPDATE orders SET amount = 0; DELETE FROM orders WHERE id < 3`,
  )
  const { rows } = await db.client.query(
    `SELECT weight, count(*)::int FROM ${orders.buffer} GROUP BY 1 ORDER BY 1`,
  )
  expect(rows).toEqual([
    { weight: -1, count: 2 },
    { weight: 1, count: 1 },
  ])
})

test('COPY', async () => {
  const orders = await probe(db.client, 'orders')
  await db.client.query(
    `COPY orders FROM PROGRAM 'i=0; while [ $i -lt 50 ]; do i=$((i + 1)); echo "$((1000 + i)),1,1.50,copied,,"; done' (FORMAT csv)`,
  )
  expect(await orders.captured()).toBe(50)
  expect(await orders.mismatches()).toEqual([])
})

test('TRUNCATE is noted, with CASCADE for every table', async () => {
  const customers = await probe(db.client, 'customers')
  const orders = await probe(db.client, 'orders')
  await db.client.query('TRUNCATE customers CASCADE')
  expect(await customers.truncations()).toBe(1)
  expect(await orders.truncations()).toBe(1)
})

test('a prepared transaction counts when it is committed', async () => {
  const { client } = db
  const enabled = (await client.query('SHOW max_prepared_transactions')).rows[0].max_prepared_transactions
  if (enabled === '0') return
  const orders = await probe(client, 'orders')
  await client.query(`BEGIN; UPDATE orders SET amount = 5; PREPARE TRANSACTION 'capture_${db.name}'`)
  expect(await orders.captured()).toBe(0)
  await client.query(`COMMIT PREPARED 'capture_${db.name}'`)
  expect(await orders.mismatches()).toEqual([])
})

test('rows of one statement share xid and sequence number; the xid is the top-level one', async () => {
  const orders = await probe(db.client, 'orders')
  await db.client.query('BEGIN; SAVEPOINT a; UPDATE orders SET amount = 1; RELEASE a; DELETE FROM orders')
  const { rows } = await db.client.query(
    `SELECT count(DISTINCT xid)::int AS xids, count(DISTINCT seq)::int AS seqs, bool_and(xid = pg_current_xact_id()::text::bigint) AS own FROM ${orders.buffer}`,
  )
  await db.client.query('ROLLBACK')
  expect(rows).toEqual([{ xids: 1, seqs: 2, own: true }])
})

test('a writer needs no rights on pg_stream', async () => {
  await db.client.query(`CREATE ROLE "writer_${db.name}" LOGIN; GRANT ALL ON orders TO "writer_${db.name}"`)
  const orders = await probe(db.client, 'orders')
  const writer = await db.connect(`writer_${db.name}`)
  await writer.query(`UPDATE orders SET amount = 0; INSERT INTO orders (id) VALUES (901)`)
  await expect(writer.query(`SELECT FROM ${orders.buffer}`)).rejects.toMatchObject({ code: '42501' })
  expect(await orders.mismatches()).toEqual([])
  await writer.end()
  await db.client.query(`DROP OWNED BY "writer_${db.name}"; DROP ROLE "writer_${db.name}"`)
})
