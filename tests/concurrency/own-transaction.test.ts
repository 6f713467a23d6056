import { expect, test } from 'vitest'
import { expectEqual, expectExact } from '../oracle/oracle.ts'
import { create, refresh, type Scene, scenes } from './scene.ts'

const scene = scenes()

const ORDERS = `
  CREATE TABLE orders (id int PRIMARY KEY, customer int, amount numeric);
  CREATE TABLE other (a int);
  INSERT INTO orders SELECT i, i % 5, i FROM generate_series(1, 50) AS i;`
const TOTALS = 'SELECT customer, sum(amount) AS total, count(*) AS n FROM orders GROUP BY customer'
const LISTED = 'SELECT id, customer, amount FROM orders WHERE amount > 10'
const BAG = 'SELECT customer, amount FROM orders'

async function withTables(setup = ORDERS): Promise<Scene> {
  const made = await scene(setup)
  await create(made.client, 'totals', TOTALS)
  await create(made.client, 'listed', LISTED)
  await create(made.client, 'bag', BAG)
  return made
}

const NAMES = ['totals', 'listed', 'bag']

async function refreshAll(client: Scene['client']): Promise<void> {
  for (const name of NAMES) await refresh(client, name)
}

async function allEqual(client: Scene['client']): Promise<void> {
  for (const name of NAMES) await expectEqual(client, name, { image: true })
}

/** A transaction with a later id that ends: from then on one's own id looks consumed in one's own snapshot. */
async function laterTransaction(made: Scene): Promise<void> {
  const other = await made.open()
  await other.query('INSERT INTO other VALUES (1)')
  await other.end()
}

test('write, refresh, write more, refresh, commit; then another session refreshes', async () => {
  const made = await withTables()
  const { client } = made
  await client.query('BEGIN')
  await client.query('UPDATE orders SET amount = amount + 1 WHERE id < 20')
  await laterTransaction(made)
  await refreshAll(client)
  await allEqual(client)
  await laterTransaction(made)
  await client.query('INSERT INTO orders VALUES (100, 1, 7); DELETE FROM orders WHERE id = 3')
  await client.query('UPDATE orders SET amount = amount * 2 WHERE id IN (4, 100)')
  await laterTransaction(made)
  await refreshAll(client)
  await allEqual(client)
  // Left for the others.
  await client.query('UPDATE orders SET customer = 9 WHERE id = 4')
  await laterTransaction(made)
  await client.query('COMMIT')
  const another = await made.open()
  for (const name of NAMES) await expectExact(another, name, { image: true })
  expect(await refresh(another, 'totals')).toBe('NO_DATA')
})

test('the same in one REPEATABLE READ transaction', async () => {
  const made = await withTables()
  const { client } = made
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await client.query('UPDATE orders SET amount = amount + 1 WHERE id < 20')
  await laterTransaction(made)
  await refreshAll(client)
  await allEqual(client)
  await client.query('DELETE FROM orders WHERE id = 3; INSERT INTO orders VALUES (3, 1, 70)')
  await laterTransaction(made)
  await refreshAll(client)
  await allEqual(client)
  await client.query('COMMIT')
  for (const name of NAMES) await expectExact(await made.open(), name, { image: true })
})

test('others write between the refreshes of one transaction', async () => {
  const made = await withTables()
  const { client } = made
  const other = await made.open()
  await client.query('BEGIN')
  await client.query('UPDATE orders SET amount = 0 WHERE id = 1')
  await other.query('UPDATE orders SET amount = 1000 WHERE id = 30')
  await refreshAll(client)
  await allEqual(client)
  await other.query('DELETE FROM orders WHERE id = 31; INSERT INTO orders VALUES (60, 0, 60)')
  await client.query('UPDATE orders SET amount = 2 WHERE id = 1')
  await refreshAll(client)
  await allEqual(client)
  await other.query('UPDATE orders SET customer = 1 WHERE id = 60')
  await client.query('COMMIT')
  for (const name of NAMES) await expectExact(other, name, { image: true })
})

test('refresh, then ROLLBACK TO SAVEPOINT', async () => {
  const made = await withTables()
  const { client } = made
  await client.query('BEGIN')
  await client.query('INSERT INTO orders VALUES (100, 1, 50)')
  await client.query('SAVEPOINT a')
  await client.query('INSERT INTO orders VALUES (101, 1, 51)')
  await laterTransaction(made)
  await refreshAll(client)
  await allEqual(client)
  await client.query('ROLLBACK TO a')
  await refreshAll(client)
  await allEqual(client)
  await client.query('INSERT INTO orders VALUES (102, 1, 52)')
  await client.query('SAVEPOINT b')
  await refreshAll(client)
  await client.query('UPDATE orders SET amount = 0')
  await client.query('ROLLBACK TO b')
  await client.query('DELETE FROM orders WHERE id = 100')
  await client.query('RELEASE b')
  await client.query('COMMIT')
  for (const name of NAMES) await expectExact(await made.open(), name, { image: true })
})

test('a refresh that is rolled back leaves everything to the next', async () => {
  const made = await withTables()
  const { client } = made
  await client.query('UPDATE orders SET amount = amount + 1')
  await client.query('BEGIN')
  await client.query('DELETE FROM orders WHERE id < 10')
  await refreshAll(client)
  await client.query('ROLLBACK')
  for (const name of NAMES) expect(await expectExact(client, name, { image: true })).toBe('DIFFERENTIAL')
})

test('created in a transaction that has written before and writes on', async () => {
  const made = await scene(ORDERS)
  const { client } = made
  await client.query('BEGIN')
  await client.query('INSERT INTO orders VALUES (100, 1, 1)')
  await create(client, 'totals', TOTALS)
  await laterTransaction(made)
  await client.query('UPDATE orders SET amount = 5 WHERE id = 100')
  await create(client, 'listed', LISTED)
  await client.query('INSERT INTO orders VALUES (101, 1, 99)')
  await refresh(client, 'totals')
  await expectEqual(client, 'totals')
  await client.query('DELETE FROM orders WHERE id = 101')
  await client.query('COMMIT')
  await expectExact(client, 'totals')
  await expectExact(client, 'listed')
})

test('a definition that is false from the start', async () => {
  const made = await scene(ORDERS)
  await create(made.client, 'nothing', 'SELECT id FROM orders WHERE false')
  await made.client.query('INSERT INTO orders VALUES (100, 1, 1)')
  await expectExact(made.client, 'nothing')
})

test('in a function, statement by statement', async () => {
  const made = await withTables()
  await made.client.query(`
    CREATE FUNCTION play() RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE wrong bigint := 0;
    BEGIN
      FOR i IN 1 .. 20 LOOP
        UPDATE orders SET amount = amount + i, customer = (customer + i) % 5 WHERE id % 7 = i % 7;
        BEGIN
          DELETE FROM orders WHERE id = i;
          IF i % 2 = 0 THEN RAISE EXCEPTION 'undo' USING ERRCODE = 'raise_exception'; END IF;
        EXCEPTION WHEN raise_exception THEN NULL;
        END;
        PERFORM pgstream.refresh_stream_table('totals');
        wrong := wrong + (SELECT count(*) FROM ((TABLE totals EXCEPT ALL ${TOTALS}) UNION ALL (${TOTALS} EXCEPT ALL TABLE totals)) AS d);
      END LOOP;
      RETURN wrong;
    END $$`)
  expect((await made.client.query('SELECT play()')).rows[0].play).toBe('0')
  for (const name of NAMES) await expectExact(made.client, name, { image: true })
})

test('a refresh inside the statement that writes its source: the next refresh is exact', async () => {
  const { client } = await scene(`
    CREATE TABLE a (id int PRIMARY KEY, k int);
    CREATE TABLE b (id int PRIMARY KEY, k int, v int);
    INSERT INTO a SELECT i, i % 3 FROM generate_series(1, 9) AS i;
    INSERT INTO b SELECT i, i % 3, i FROM generate_series(1, 9) AS i;`)
  await create(
    client,
    'joined',
    'SELECT a.k, count(*) AS n, sum(b.v) AS total FROM a JOIN b ON b.k = a.k GROUP BY a.k',
  )
  for (const change of [
    'INSERT INTO a SELECT 100 + i, i FROM generate_series(0, 2) AS i RETURNING id',
    'UPDATE a SET k = (k + 1) % 3 WHERE id < 5 RETURNING id',
    'DELETE FROM a WHERE id < 3 RETURNING id',
  ]) {
    // The refresh reads the new rows of a next to the change of b; a's own change is captured after it.
    await client.query('UPDATE b SET v = v + 1, k = (k + 1) % 3')
    await client.query(
      `WITH changed AS (${change})
       SELECT pgstream.refresh_stream_table('joined') FROM (SELECT count(*) FROM changed) AS c`,
    )
    await refresh(client, 'joined')
    await expectEqual(client, 'joined', { image: true })
  }
})

test('a refresh that follows another in one statement is not taken for one inside a writing statement', async () => {
  const made = await withTables()
  const { client } = made
  await create(client, 'above', 'SELECT customer, total FROM totals WHERE total > 0')
  await client.query('INSERT INTO orders VALUES (100, 1, 7)')
  await client.query(
    `SELECT pgstream.refresh_stream_table('totals'), pgstream.refresh_stream_table('listed'), pgstream.refresh_stream_table('above')`,
  )
  await client.query('UPDATE orders SET amount = 8 WHERE id = 100')
  await refresh(client, 'totals')
  expect(await refresh(client, 'above')).toBe('DIFFERENTIAL')
  await expectEqual(client, 'above', { image: true })
})

test.each(['AUTO', 'DIFFERENTIAL', 'FULL'])(
  '%s: what triggers of a stream table write to its own source is a change of the next refresh',
  async (mode) => {
    const { client } = await scene(ORDERS)
    await create(client, 'totals', TOTALS, { mode })
    await client.query(`CREATE FUNCTION pass_on() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$ BEGIN
        IF NEW.customer BETWEEN 10 AND 14 THEN
          INSERT INTO orders SELECT max(id) + 1, NEW.customer + 1, NEW.total FROM orders;
        END IF;
        RETURN NULL; END $$;
      CREATE TRIGGER pass_on AFTER INSERT ON totals FOR EACH ROW EXECUTE FUNCTION pass_on()`)
    const refreshes = async (begin: string) => {
      await client.query('DELETE FROM orders WHERE customer > 9')
      await refresh(client, 'totals')
      await client.query('INSERT INTO orders VALUES (1000, 10, 1)')
      let refreshes = 0
      await client.query(begin)
      while (
        refreshes < 9 &&
        (await client.query(`SELECT FROM pgstream.verify_stream_table('totals')`)).rowCount
      ) {
        await refresh(client, 'totals')
        refreshes++
      }
      await client.query('COMMIT')
      await expectEqual(client, 'totals', { image: true })
      return refreshes
    }
    for (const begin of ['SELECT 1', 'BEGIN', 'BEGIN ISOLATION LEVEL REPEATABLE READ'])
      expect([begin, await refreshes(begin)]).toEqual([begin, 6])
    // Computed anew it is the same.
    await client.query('DELETE FROM orders WHERE customer > 9')
    await refresh(client, 'totals')
    await client.query('TRUNCATE orders; INSERT INTO orders VALUES (1, 12, 1)')
    for (let i = 0; i < 4; i++) await refresh(client, 'totals')
    await expectEqual(client, 'totals', { image: true })
    expect((await client.query('SELECT count(*)::int AS n FROM totals')).rows).toEqual([{ n: 4 }])
  },
)
