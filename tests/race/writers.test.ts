import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { expectEqual, expectExact } from '../oracle/oracle.ts'
import { freshDatabase } from '../support/server.ts'
import { CANCELED, type Random, random } from './workload.ts'

/** Longer by hand: PG_STREAM_RACE_SECONDS=300, and another seed for another order of events. */
const DURATION = 1_000 * Number(process.env.PG_STREAM_RACE_SECONDS ?? 10)
const SEED = Number(process.env.PG_STREAM_RACE_SEED ?? 1)

/** Keys and constraints that are checked at the end, a trigger that writes another source, partitions of two levels. */
const SCHEMA = `
  CREATE TABLE accounts (id int PRIMARY KEY, owner text, balance numeric, seat int UNIQUE DEFERRABLE INITIALLY DEFERRED);
  CREATE TABLE moves (id int GENERATED ALWAYS AS IDENTITY, account int REFERENCES accounts ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
    amount numeric, twice numeric GENERATED ALWAYS AS (amount * 2) STORED);
  CREATE INDEX ON moves (account, id); CREATE INDEX ON accounts (balance);
  CREATE TABLE log (account int, what text);
  CREATE TABLE places (id int, zone int, v int, PRIMARY KEY (id, zone)) PARTITION BY LIST (zone);
  CREATE TABLE places_0 PARTITION OF places FOR VALUES IN (0);
  CREATE TABLE places_1 PARTITION OF places FOR VALUES IN (1) PARTITION BY RANGE (id);
  CREATE TABLE places_1_low (v int, zone int NOT NULL, id int NOT NULL);
  ALTER TABLE places_1 ATTACH PARTITION places_1_low FOR VALUES FROM (0) TO (20);
  CREATE TABLE places_1_high PARTITION OF places_1 FOR VALUES FROM (20) TO (1000);
  CREATE TABLE places_d PARTITION OF places DEFAULT;
  CREATE FUNCTION logged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO log VALUES (coalesce(NEW.account, OLD.account), TG_OP);
    UPDATE accounts SET balance = balance + coalesce(NEW.amount, 0) - coalesce(OLD.amount, 0) WHERE id = coalesce(NEW.account, OLD.account);
    RETURN NULL; END $$;
  CREATE TRIGGER logged AFTER INSERT OR UPDATE OR DELETE ON moves FOR EACH ROW EXECUTE FUNCTION logged();
  CREATE FUNCTION shortened() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    DELETE FROM log WHERE ctid IN (SELECT ctid FROM log ORDER BY account, what LIMIT 3) AND (SELECT count(*) FROM log) > 150; RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER shortened AFTER INSERT ON log DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shortened();
  INSERT INTO accounts SELECT i, 'o' || i % 4, 100, i FROM generate_series(1, 30) AS i;
  INSERT INTO moves (account, amount) SELECT i % 30 + 1, i FROM generate_series(1, 60) AS i;
  INSERT INTO places SELECT i, i % 3, i FROM generate_series(1, 40) AS i;`

const STREAM_TABLES: readonly (readonly [string, string])[] = [
  ['rich', 'SELECT id, owner, balance, seat FROM accounts WHERE balance > 90'],
  [
    'by_owner',
    `SELECT a.owner, count(*) AS n, sum(m.amount) AS total, sum(m.twice) AS twice, max(m.amount) AS most
     FROM accounts AS a LEFT JOIN moves AS m ON m.account = a.id GROUP BY a.owner`,
  ],
  ['idle', 'SELECT id, owner FROM accounts AS a WHERE NOT EXISTS (SELECT FROM moves WHERE account = a.id)'],
  ['logs', 'SELECT account, what, count(*) AS n FROM log GROUP BY account, what'],
  ['lines', 'SELECT l.what, a.owner FROM log AS l JOIN accounts AS a ON a.id = l.account'],
  ['ranks', 'SELECT id, owner, rank() OVER (PARTITION BY owner ORDER BY balance) AS r FROM accounts'],
  ['zones', 'SELECT zone, count(*) AS n, sum(v) AS v, max(id) AS last FROM places GROUP BY zone'],
  ['ones', 'SELECT id, v FROM places_1'],
  ['met', 'SELECT DISTINCT p.zone, a.owner FROM places AS p JOIN accounts AS a ON a.id = p.id'],
  ['seats', 'SELECT a.seat, b.id FROM accounts AS a JOIN accounts AS b ON b.id = a.seat + 1'],
  ['over', 'SELECT n, count(*) AS owners FROM by_owner GROUP BY n'],
  ['top', 'SELECT id, balance FROM accounts ORDER BY balance DESC, id LIMIT 5'],
  ['so_far', 'SELECT id, account, sum(amount) OVER (PARTITION BY account ORDER BY id) AS total FROM moves'],
  ['above', 'SELECT id, balance FROM accounts WHERE balance > (SELECT avg(balance) FROM accounts)'],
  [
    'met_above',
    `SELECT m.amount, a.owner FROM moves AS m JOIN accounts AS a ON a.id = m.account
     WHERE m.amount <= (SELECT max(v) FROM places) AND a.balance >= (SELECT min(balance) + 20 FROM accounts)`,
  ],
]
const NAMES = STREAM_TABLES.map(([name]) => name)

function statement(random: Random): string {
  const id = random(30) + 1
  const other = random(30) + 1
  const n = random(50)
  switch (random(20)) {
    case 0:
      return `INSERT INTO moves (account, amount) SELECT i % 30 + 1, ${n} FROM generate_series(${id}, ${id + random(4)}) AS i`
    case 1:
      return `DELETE FROM moves WHERE account = ${id} AND amount < ${n}`
    case 2:
      return `UPDATE moves SET amount = amount + ${n - 25}, account = ${other} WHERE account = ${id}`
    case 3:
      // Both sources, and what the trigger writes.
      return `WITH gone AS (DELETE FROM moves WHERE account = ${id} RETURNING *), kept AS (INSERT INTO log SELECT account, 'moved' FROM gone RETURNING 1),
        raised AS (UPDATE accounts SET balance = balance + 1 WHERE id = ${other} RETURNING id)
        INSERT INTO places SELECT id, ${random(3)}, ${n} FROM raised ON CONFLICT (id, zone) DO UPDATE SET v = places.v + excluded.v`
    case 4:
      return `UPDATE accounts SET seat = ${id} + ${other} - seat WHERE seat IN (${id}, ${other}); UPDATE accounts SET id = 200 + ${n} WHERE id = ${id}; UPDATE accounts SET id = ${id} WHERE id = 200 + ${n}`
    case 5:
      return `DELETE FROM accounts WHERE id = ${id}; INSERT INTO accounts VALUES (${id}, 'o${random(4)}', ${n})`
    case 6:
      return `UPDATE accounts AS a SET balance = a.balance + p.v FROM places AS p WHERE p.id = a.id AND p.zone = ${random(3)} AND a.id < ${id}`
    case 7:
      return `INSERT INTO places VALUES (${id}, ${random(3)}, ${n}) ON CONFLICT (id, zone) DO UPDATE SET v = ${n}; INSERT INTO places VALUES (${id}, ${random(3)}, 1) ON CONFLICT (id, zone) DO UPDATE SET v = places.v + 1`
    case 8:
      return `MERGE INTO places AS p USING (SELECT i AS id, ${random(3)} AS zone FROM generate_series(${id}, ${id + 6}) AS i) AS s ON p.id = s.id AND p.zone = s.zone
        WHEN MATCHED AND p.v % 2 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET v = p.v + 1 WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.zone, ${n})`
    case 9:
      return `MERGE INTO accounts AS a USING (SELECT account, sum(amount) AS s FROM moves GROUP BY account) AS m ON a.id = m.account
        WHEN MATCHED AND a.id % 5 = ${random(5)} THEN UPDATE SET balance = m.s`
    case 10:
      return `UPDATE places SET zone = ${random(4)} WHERE id BETWEEN ${id} AND ${id + 1} AND NOT EXISTS (SELECT FROM places AS q WHERE q.id = places.id AND q.zone <> places.zone)`
    case 11:
      return `UPDATE places_1 SET id = id + 19, v = v + 1 WHERE id = ${id}`
    case 12:
      return `DELETE FROM places WHERE id = ${id}`
    case 13:
      return `SET LOCAL session_replication_role = replica; UPDATE moves SET amount = amount + 1 WHERE account = ${id}; INSERT INTO log VALUES (${id}, 'replica'); SET LOCAL session_replication_role = origin`
    case 14:
      return `DO $$ BEGIN
          FOR i IN 1..${1 + random(4)} LOOP
            BEGIN
              INSERT INTO log VALUES (${id}, 'loop');
              UPDATE accounts SET balance = balance - i WHERE id = ${other};
              PERFORM pgstream.refresh_stream_table('${NAMES[random(NAMES.length)]}');
              INSERT INTO moves (account, amount) VALUES (${other}, i);
              IF i % 2 = ${random(2)} THEN RAISE EXCEPTION 'taken back' USING ERRCODE = 'P0002'; END IF;
            EXCEPTION WHEN no_data_found THEN
              DELETE FROM log WHERE account = ${id} AND what = 'loop';
            END;
          END LOOP; END $$`
    case 15:
      return `SET CONSTRAINTS ALL IMMEDIATE; UPDATE accounts SET owner = 'o${random(4)}' WHERE id = ${id}; SET CONSTRAINTS ALL DEFERRED`
    case 16:
      return `TRUNCATE log; COPY log FROM PROGRAM 'for i in 1 2 3; do printf "%d\\tcopied\\n" $i; done' (FREEZE)`
    case 17:
      return `COPY log FROM PROGRAM 'for i in 1 2 3 4 5; do printf "%d\\tcopied\\n" $i; done'`
    case 18:
      return `UPDATE log SET what = what || '' WHERE account = ${id}; UPDATE log SET account = ${other} WHERE account = ${id}`
    default:
      return `INSERT INTO accounts VALUES (${id}, 'twice', 1), (${100 + n}, 'twice', 2) ON CONFLICT DO NOTHING; DELETE FROM accounts WHERE id > 100`
  }
}

/** What a writer may run into because of the others, or of its constraints. */
const CONFLICTS = new Set(['40P01', '40001', '23505', '23503', '55P03', '55006', '27000', '55000', CANCELED])
const LOST = new Set(['40001', '40P01', '55P03', CANCELED])
const codeOf = (error: unknown) => String((error as { code?: string }).code)

test(
  'exact whatever isolation, savepoints, deferred checks and refreshes its writers have',
  async () => {
    const db = await freshDatabase()
    await db.client.query(SCHEMA)
    for (const [name, query] of STREAM_TABLES)
      await db.client.query(`SELECT pgstream.create_stream_table($1, $2, '1s', 'DIFFERENTIAL')`, [
        name,
        query,
      ])
    const until = performance.now() + DURATION
    const counts = {
      committed: 0,
      prepared: 0,
      exact: 0,
      own: 0,
      errors: {} as Record<string, number>,
    }
    const tolerate = async (client: pg.Client, known: ReadonlySet<string>, run: () => Promise<void>) => {
      try {
        await run()
      } catch (error) {
        const code = codeOf(error)
        await client.query('ROLLBACK')
        counts.errors[code] = (counts.errors[code] ?? 0) + 1
        if (!known.has(code)) throw error
      }
    }
    const isolations = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE']

    const writer = async (number: number) => {
      const client = await db.connect()
      const r = random(SEED * 1000 + number)
      await client.query(`SET lock_timeout = '60ms'; SET search_path = public`)
      for (let i = 0; performance.now() < until; i++)
        await tolerate(client, CONFLICTS, async () => {
          await client.query(`BEGIN ISOLATION LEVEL ${isolations[r(3)]}`)
          for (let depth = r(4); depth >= 0; depth--) {
            if (r(2) === 0) {
              await client.query('SAVEPOINT a')
              try {
                await client.query(statement(r))
                if (r(3) === 0) {
                  await client.query('SAVEPOINT b')
                  await client.query(statement(r))
                  await client.query('RELEASE b')
                }
                await client.query(r(2) === 0 ? 'ROLLBACK TO a' : 'RELEASE a')
              } catch (error) {
                if (!CONFLICTS.has(codeOf(error))) throw error
                await client.query('ROLLBACK TO a')
              }
            } else await client.query(statement(r))
            if (r(4) === 0) await sleep(r(30))
          }
          if (r(4) === 0) {
            // What it has written itself, and what it may see of others.
            const name = NAMES[r(NAMES.length)] ?? ''
            await client.query('SAVEPOINT c')
            try {
              await client.query('SELECT pgstream.refresh_stream_table($1)', [name])
              counts.own += 1
              if (r(3) === 0) await client.query('ROLLBACK TO c')
            } catch (error) {
              if (!LOST.has(codeOf(error))) throw error
              await client.query('ROLLBACK TO c')
            }
            await client.query(statement(r))
          }
          if (r(5) === 0) {
            const id = `p_${db.name}_${number}_${i}`
            await client.query(`PREPARE TRANSACTION '${id}'`)
            await sleep(r(40))
            await client.query(`${r(3) === 0 ? 'ROLLBACK' : 'COMMIT'} PREPARED '${id}'`)
            counts.prepared += 1
          } else await client.query(r(5) === 0 ? 'ROLLBACK' : 'COMMIT')
          counts.committed += 1
        })
    }
    const reader = async (number: number) => {
      const client = await db.connect()
      const r = random(SEED * 1000 + 500 + number)
      while (performance.now() < until)
        await tolerate(client, LOST, async () => {
          await client.query(`BEGIN ISOLATION LEVEL ${isolations[1 + r(2)]}; SELECT 1`)
          if (number === 1) await sleep(r(20))
          await expectExact(client, NAMES[r(NAMES.length)] ?? '', { within: true, image: true })
          await client.query('COMMIT')
          counts.exact += 1
        })
    }
    const scheduler = async () => {
      const client = await db.connect()
      while (performance.now() < until) {
        await client.query('CALL pgstream.run_scheduler()')
        await client.query('SELECT pgstream._clean_changes(source_relid) FROM pgstream.pgs_change_tracking')
        await sleep(20)
      }
    }
    await Promise.all([...Array.from({ length: 6 }, (_, i) => writer(i)), reader(0), reader(1), scheduler()])

    for (const name of NAMES) {
      await expectExact(db.client, name, { image: true })
      await expectEqual(db.client, name, { image: true })
      expect((await db.client.query('SELECT * FROM pgstream.verify_stream_table($1)', [name])).rows).toEqual(
        [],
      )
    }
    const failed = await db.client.query(
      `SELECT s.pgs_name, h.error_message FROM pgstream.pgs_refresh_history AS h JOIN pgstream.pgs_stream_tables AS s USING (pgs_id)
     WHERE h.status = 'FAILED'`,
    )
    expect(failed.rows).toEqual([])
    console.info('writers:', counts)
    expect(counts.committed).toBeGreaterThan(100)
    expect(counts.exact).toBeGreaterThan(30)
    expect(counts.prepared).toBeGreaterThan(5)
    await db.close()
  },
  DURATION + 180_000,
)
