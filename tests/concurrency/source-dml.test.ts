import { describe, expect, test } from 'vitest'
import { expectExact, expectExactWhenQuiet } from '../oracle/oracle.ts'
import { serverVersion } from '../support/server.ts'
import { create, refresh, type Scene, scenes } from './scene.ts'

const scene = scenes()

const SETUP = `
  CREATE TABLE customers (id int PRIMARY KEY, region text);
  CREATE TABLE orders (
    id int PRIMARY KEY, customer int REFERENCES customers ON DELETE CASCADE ON UPDATE CASCADE, amount numeric, note text);
  CREATE TABLE wishes (customer int REFERENCES customers ON DELETE SET NULL ON UPDATE SET DEFAULT, item text);`

const ROWS = `
  INSERT INTO customers SELECT i, 'r' || i % 3 FROM generate_series(1, 12) AS i;
  INSERT INTO orders SELECT i, i % 12 + 1, i, 'n' || i % 2 FROM generate_series(1, 60) AS i;
  INSERT INTO wishes SELECT i % 12 + 1, 'w' || i % 4 FROM generate_series(1, 40) AS i;`

const RESET = `
  DROP TRIGGER IF EXISTS mine ON orders; DROP FUNCTION IF EXISTS mine(); DROP VIEW IF EXISTS few;
  TRUNCATE customers, orders, wishes; ${ROWS}`

const QUERIES: Readonly<Record<string, string>> = {
  keyed: 'SELECT id, amount, note FROM orders WHERE amount > 5',
  bag: 'SELECT customer, item FROM wishes',
  joined: `SELECT c.region, count(*) AS n, sum(o.amount) AS total, min(o.amount) AS least, max(o.amount) AS most
    FROM orders AS o JOIN customers AS c ON c.id = o.customer GROUP BY c.region`,
  mixed:
    'SELECT o.id, c.region, w.item FROM orders AS o JOIN customers AS c ON c.id = o.customer JOIN wishes AS w ON w.customer = c.id',
  self: 'SELECT a.customer, count(*) AS n FROM orders AS a JOIN orders AS b ON a.customer = b.customer AND a.id <> b.id GROUP BY a.customer',
  all: 'SELECT count(*) AS n, sum(amount) AS total FROM orders',
}

const CASES: Readonly<Record<string, string>> = {
  'keys rotated through an unused one': `UPDATE orders SET id = 1000 WHERE id = 1; UPDATE orders SET id = 1 WHERE id = 2; UPDATE orders SET id = 2 WHERE id = 1000`,
  'delete and insert of the same key': `DELETE FROM orders WHERE id = 5; INSERT INTO orders VALUES (5, 1, 500, 'again')`,
  'update there and back': `UPDATE orders SET amount = amount + 1; UPDATE orders SET amount = amount - 1`,
  'ON CONFLICT': `INSERT INTO customers SELECT i, 'new' FROM generate_series(10, 15) AS i ON CONFLICT (id) DO UPDATE SET region = excluded.region;
    INSERT INTO customers SELECT i, 'no' FROM generate_series(1, 15) AS i ON CONFLICT DO NOTHING`,
  MERGE: `MERGE INTO orders AS o USING (SELECT i, i % 4 AS k FROM generate_series(1, 80) AS i) AS s ON o.id = s.i
    WHEN MATCHED AND k = 0 THEN DELETE WHEN MATCHED AND k = 1 THEN UPDATE SET amount = amount + 100, customer = 1
    WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (i, 2, i, 'merged')`,
  'cascading delete and SET NULL': 'DELETE FROM customers WHERE id < 4',
  'cascading update': `UPDATE customers SET id = id + 100 WHERE id > 6`,
  'data-modifying CTEs on several sources': `WITH gone AS (DELETE FROM orders WHERE id < 10 RETURNING *),
      moved AS (INSERT INTO wishes SELECT customer, note FROM gone RETURNING customer),
      changed AS (UPDATE customers SET region = 'cte' WHERE id = 5 RETURNING id)
    UPDATE wishes SET item = 'cte' WHERE customer IN (SELECT id FROM changed)`,
  'replica role': `SET session_replication_role = replica; INSERT INTO orders VALUES (500, 1, 1, 'r'); DELETE FROM customers WHERE id = 2;
    UPDATE wishes SET customer = 3; RESET session_replication_role`,
  'a trigger that changes another source in the same statement': `
    CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      UPDATE customers SET region = region || '+' WHERE id = NEW.customer;
      INSERT INTO wishes VALUES (NEW.customer, 'from trigger');
      RETURN NULL; END $$;
    CREATE TRIGGER mine AFTER INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION mine();
    UPDATE orders SET amount = amount + 1 WHERE id < 6; INSERT INTO orders VALUES (300, 4, 1, 't')`,
  'BEFORE triggers that rewrite and suppress rows': `
    CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.id % 3 = 0 THEN RETURN NULL; END IF; NEW.amount := NEW.amount * 2; RETURN NEW; END $$;
    CREATE TRIGGER mine BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION mine();
    UPDATE orders SET note = 'x' WHERE id < 20; INSERT INTO orders SELECT i, 1, i, 'b' FROM generate_series(200, 210) AS i`,
  'writes through an updatable view': `CREATE VIEW few AS SELECT id, amount FROM orders WHERE id < 30;
    UPDATE few SET amount = 0 WHERE id = 3; DELETE FROM few WHERE id = 4; INSERT INTO few VALUES (29000, 1)`,
  'no change at all':
    'UPDATE orders SET amount = amount; DELETE FROM orders WHERE false; INSERT INTO orders SELECT * FROM orders WHERE false',
  'more than a cached plan is for': `INSERT INTO orders SELECT i, i % 12 + 1, i, 'bulk' FROM generate_series(1000, 5000) AS i; DELETE FROM orders WHERE id % 2 = 0`,
}

describe('one statement, every kind of stream table', () => {
  let shared: Scene | undefined
  const ready = async () => {
    if (!shared) {
      shared = await scene(SETUP)
      for (const [table, query] of Object.entries(QUERIES)) await create(shared.client, table, query)
    }
    await shared.client.query(RESET)
    for (const table of Object.keys(QUERIES)) await expectExactWhenQuiet(shared.client, table)
    return shared.client
  }

  for (const [name, statements] of Object.entries(CASES)) {
    test(name, async () => {
      const client = await ready()
      // New in PostgreSQL 17.
      const isKnown = (await serverVersion(client)) >= 17
      await client.query(
        isKnown ? statements : statements.replace('WHEN NOT MATCHED BY SOURCE THEN DELETE', ''),
      )
      // Some are refreshed twice, others see both changes together.
      for (const table of ['keyed', 'joined', 'self'])
        await expectExactWhenQuiet(client, table, { image: true })
      await client.query(
        `UPDATE orders SET amount = amount + 1 WHERE id % 5 = 0; DELETE FROM wishes WHERE item = 'w1'`,
      )
      for (const table of Object.keys(QUERIES)) await expectExact(client, table, { image: true })
    })
  }

  test('COPY', async () => {
    const client = await ready()
    // The server writes and reads the file, under whatever account it runs.
    const { rows } = await client.query(
      `SELECT current_setting('data_directory') || '/copied_${process.pid}' AS file`,
    )
    await client.query(
      `COPY (SELECT i, 1, i / 2.0, NULL FROM generate_series(400, 450) AS i) TO '${rows[0].file}'`,
    )
    await client.query(`COPY orders FROM '${rows[0].file}'`)
    for (const table of Object.keys(QUERIES)) await expectExact(client, table, { image: true })
  })
})

test('keys swapped in one UPDATE', async () => {
  const { client } = await scene(`
    CREATE TABLE pairs (id int PRIMARY KEY DEFERRABLE, v int); INSERT INTO pairs SELECT i, i * 10 FROM generate_series(1, 20) AS i`)
  await create(client, 'by_id', 'SELECT id, sum(v) AS v FROM pairs GROUP BY id')
  await create(client, 'listed', 'SELECT id, v FROM pairs WHERE id < 15')
  await client.query('UPDATE pairs SET id = 7 - id WHERE id IN (3, 4)')
  for (const name of ['by_id', 'listed']) await expectExact(client, name)
  await client.query('UPDATE pairs SET id = id + 1; UPDATE pairs SET id = 23 - id')
  for (const name of ['by_id', 'listed']) await expectExact(client, name)
})

describe('partitions', () => {
  const PARTITIONS = `
    CREATE TABLE m (id int, region text, v numeric, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
    CREATE TABLE m_eu PARTITION OF m FOR VALUES IN ('eu');
    CREATE TABLE m_us PARTITION OF m FOR VALUES IN ('us') PARTITION BY RANGE (id);
    CREATE TABLE m_us_low PARTITION OF m_us FOR VALUES FROM (0) TO (1000);
    INSERT INTO m SELECT i, CASE WHEN i % 2 = 0 THEN 'eu' ELSE 'us' END, i FROM generate_series(1, 100) AS i;`
  const TOTALS = 'SELECT region, sum(v) AS v, count(*) AS n, max(v) AS most FROM m GROUP BY region'

  test('statements to parent and partitions, across partitions', async () => {
    const { client } = await scene(PARTITIONS)
    await create(client, 'totals', TOTALS)
    await create(client, 'rows', 'SELECT * FROM m WHERE v > 10')
    await client.query(`
      INSERT INTO m VALUES (200, 'eu', 1); INSERT INTO m_eu VALUES (201, 'eu', 1); INSERT INTO m_us_low VALUES (202, 'us', 1);
      UPDATE m SET region = CASE region WHEN 'eu' THEN 'us' ELSE 'eu' END WHERE id < 20; UPDATE m_us SET v = v + 1;
      DELETE FROM m_eu WHERE id > 50; DELETE FROM m_us_low WHERE id = 31`)
    await expectExact(client, 'totals')
    await expectExact(client, 'rows')
  })

  test('attached and detached partitions, with their rows', async () => {
    const { client } = await scene(PARTITIONS)
    await create(client, 'totals', TOTALS)
    await client.query(
      `CREATE TABLE asia (id int NOT NULL, region text NOT NULL, v numeric); INSERT INTO asia VALUES (1, 'asia', 5), (2, 'asia', 6)`,
    )
    await client.query(`ALTER TABLE m ATTACH PARTITION asia FOR VALUES IN ('asia')`)
    expect(await expectExact(client, 'totals')).toBe('REINITIALIZE')
    await client.query(`INSERT INTO asia VALUES (3, 'asia', 7); DELETE FROM m WHERE id = 1`)
    expect(await expectExact(client, 'totals')).toBe('DIFFERENTIAL')
    await client.query('ALTER TABLE m DETACH PARTITION asia')
    await client.query(`UPDATE asia SET v = 0; INSERT INTO m VALUES (300, 'eu', 1)`)
    await expectExact(client, 'totals')
    await client.query('DROP TABLE m_eu; CREATE TABLE m_new PARTITION OF m DEFAULT')
    await client.query(`INSERT INTO m_new VALUES (1, 'mars', 1)`)
    await expectExact(client, 'totals')
  })

  test('attached while a refresh waits between its look and its work', async () => {
    const { client, open } = await scene(PARTITIONS)
    await create(client, 'totals', TOTALS)
    await client.query(
      `CREATE TABLE asia (id int NOT NULL, region text NOT NULL, v numeric); INSERT INTO asia VALUES (1, 'asia', 5)`,
    )
    await client.query('UPDATE m SET v = v + 1 WHERE id = 1')
    const [holder, refresher] = [await open(), await open()]
    await holder.query(`BEGIN; SELECT FROM pgstream.frontiers AS f JOIN pgstream.pgs_stream_tables AS s USING (pgs_id)
      WHERE s.pgs_relid = 'totals'::regclass FOR UPDATE OF f`)
    const waiting = refresh(refresher, 'totals')
    await new Promise((resolve) => setTimeout(resolve, 100))
    await client.query(`ALTER TABLE m ATTACH PARTITION asia FOR VALUES IN ('asia')`)
    await holder.query('COMMIT')
    await waiting
    await expectExact(client, 'totals')
    await client.query('DELETE FROM asia')
    await expectExact(client, 'totals')
  })

  test('a stream table on one partition sees what is sent to the parent', async () => {
    const { client } = await scene(PARTITIONS)
    await create(client, 'eu', 'SELECT id, v FROM m_eu')
    await create(client, 'us', 'SELECT count(*) AS n, sum(v) AS v FROM m_us')
    await client.query(
      `INSERT INTO m VALUES (200, 'eu', 1), (201, 'us', 2); UPDATE m SET v = v + 1 WHERE id < 10; DELETE FROM m WHERE id IN (20, 21)`,
    )
    await expectExact(client, 'eu')
    await expectExact(client, 'us')
    await client.query(`UPDATE m SET region = 'us' WHERE id = 2; INSERT INTO m_eu VALUES (300, 'eu', 1)`)
    await expectExact(client, 'eu')
    await expectExact(client, 'us')
    await client.query('TRUNCATE m')
    await expectExact(client, 'eu')
    await expectExact(client, 'us')
  })

  test('a source that becomes a partition later', async () => {
    const { client } = await scene(`${PARTITIONS}
      CREATE TABLE asia (id int NOT NULL, region text NOT NULL, v numeric); INSERT INTO asia VALUES (1, 'asia', 5)`)
    await create(client, 'asian', 'SELECT id, v FROM asia')
    await client.query(`ALTER TABLE m ATTACH PARTITION asia FOR VALUES IN ('asia')`)
    await client.query(`INSERT INTO m VALUES (2, 'asia', 6); UPDATE asia SET v = v + 1 WHERE id = 1`)
    await expectExact(client, 'asian')
    await client.query(`ALTER TABLE m DETACH PARTITION asia; DELETE FROM asia WHERE id = 1`)
    await expectExact(client, 'asian')
  })

  test('inheritance: a child sees what is sent to its parent', async () => {
    const { client } = await scene(`
      CREATE TABLE parent (a int, b text); CREATE TABLE child (c int) INHERITS (parent);
      INSERT INTO parent VALUES (1, 'p'); INSERT INTO child VALUES (2, 'c', 3)`)
    await create(client, 'whole', 'SELECT a, b FROM parent')
    await create(client, 'part', 'SELECT a, b, c FROM child')
    await create(client, 'only', 'SELECT a, b FROM ONLY parent', { mode: 'AUTO' })
    await client.query(
      `UPDATE parent SET b = b || '!'; INSERT INTO child VALUES (5, 'y', 6); UPDATE ONLY parent SET a = 7`,
    )
    for (const name of ['whole', 'part', 'only']) await expectExact(client, name)
    await client.query(`DELETE FROM parent WHERE a = 2; UPDATE child SET c = 0`)
    for (const name of ['whole', 'part', 'only']) await expectExact(client, name)
  })
})

describe('a refresh in the midst of a statement', () => {
  for (const when of ['BEFORE', 'AFTER']) {
    for (const level of ['ROW', 'STATEMENT']) {
      test(`in a trigger ${when} ${level}: refused or exact, never wrong later`, async () => {
        const { client } = await scene(SETUP + ROWS)
        await create(client, 'joined', QUERIES.joined ?? '')
        await client.query(`
          CREATE FUNCTION eager() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pgstream.refresh_stream_table('joined'); RETURN NEW; END $$;
          CREATE TRIGGER a_eager ${when} INSERT OR UPDATE ON orders FOR EACH ${level} EXECUTE FUNCTION eager()`)
        await client.query(`UPDATE customers SET region = 'x' WHERE id = 1`)
        await client.query(`UPDATE orders SET amount = amount + 1 WHERE customer = 1`).catch((error) => {
          expect(error.code).toBe('55000')
        })
        await client.query('DROP TRIGGER a_eager ON orders')
        await expectExact(client, 'joined')
        await client.query(`UPDATE orders SET amount = amount + 1 WHERE customer = 2`)
        await expectExact(client, 'joined')
      })
    }
  }
})
