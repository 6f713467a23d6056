import { beforeEach, describe, expect, test } from 'vitest'
import { expectExact, expectExactWhenQuiet } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { probe } from './probe.ts'

let db: FreshDatabase

beforeEach(async () => {
  db = await freshDatabase()
  await db.client.query(`
    CREATE TABLE m (id int, region text, v numeric, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
    CREATE TABLE m_eu PARTITION OF m FOR VALUES IN ('eu');
    CREATE TABLE m_us PARTITION OF m FOR VALUES IN ('us') PARTITION BY RANGE (id);
    CREATE TABLE m_us_low (v numeric, gone int, region text NOT NULL, id int NOT NULL);
    ALTER TABLE m_us_low DROP COLUMN gone;
    ALTER TABLE m_us ATTACH PARTITION m_us_low FOR VALUES FROM (0) TO (1000);
    INSERT INTO m SELECT i, CASE WHEN i % 2 = 0 THEN 'eu' ELSE 'us' END, i FROM generate_series(1, 100) AS i;
    CREATE TABLE parent (a int, b text); CREATE TABLE child (c int) INHERITS (parent);
    INSERT INTO parent VALUES (1, 'p'); INSERT INTO child VALUES (2, 'c', 3);`)
  return () => db.close()
})

test('statements on the parent, on partitions at any depth, and across them', async () => {
  const all = await probe(db.client, 'm')
  const eu = await probe(db.client, 'm_eu')
  for (const statement of [
    `INSERT INTO m VALUES (200, 'eu', 1), (201, 'us', 2)`,
    `INSERT INTO m_eu VALUES (300, 'eu', 1)`,
    `INSERT INTO m_us VALUES (301, 'us', 1)`,
    `INSERT INTO m_us_low VALUES (302, 'us', 5)`.replace("(302, 'us', 5)", `(5, 'us', 302)`),
    `UPDATE m SET region = CASE region WHEN 'eu' THEN 'us' ELSE 'eu' END WHERE id < 20`,
    `UPDATE m_us_low SET v = v + 1`,
    `UPDATE m_us SET v = v + 1 WHERE id < 50`,
    `DELETE FROM m_eu WHERE id > 50`,
    `MERGE INTO m USING (SELECT i FROM generate_series(1, 30) AS i) AS s ON m.id = s.i
     WHEN MATCHED AND i < 10 THEN DELETE WHEN MATCHED THEN UPDATE SET v = -1, region = 'eu' WHEN NOT MATCHED THEN INSERT VALUES (i, 'us', 0)`,
  ])
    await db.client.query(statement)
  expect(await all.mismatches()).toEqual([])
  // The partition as a source of its own sees what was sent to the parent.
  expect(await eu.mismatches()).toEqual([])
})

const MOVES: readonly (readonly [string, string, string])[] = [
  ['that only updates', '', ''],
  ['that updates and inserts', "WHEN NOT MATCHED THEN INSERT VALUES (i, 'us', 0)", ''],
  ['that updates and deletes', '', 'WHEN MATCHED AND i = 999 THEN DELETE'],
  [
    'that updates, inserts and deletes',
    "WHEN NOT MATCHED THEN INSERT VALUES (i, 'us', 0)",
    'WHEN MATCHED AND i < 5 THEN DELETE',
  ],
]
const move = (first: string, last: string) =>
  `MERGE INTO m USING (SELECT i FROM generate_series(95, 103) AS i) AS s ON m.id = s.i ${last} WHEN MATCHED THEN UPDATE SET region = CASE region WHEN 'eu' THEN 'us' ELSE 'eu' END ${first}`

test.each(MOVES)('a MERGE %s and moves rows from one partition to another', async (_, first, last) => {
  const { client } = db
  await client.query(
    `SELECT pgstream.create_stream_table('st', 'SELECT region, count(*) AS n, sum(v) AS v FROM m GROUP BY region', '1h', 'DIFFERENTIAL')`,
  )
  const text = move(first, last)
  await client.query(`CREATE FUNCTION by_sql() RETURNS void LANGUAGE sql AS $$ ${text} $$;
    CREATE FUNCTION by_plpgsql() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ${text}; END $$; PREPARE moving AS ${text}`)
  for (const statement of [text, 'SELECT by_sql()', 'SELECT by_plpgsql()', 'EXECUTE moving']) {
    await client.query(statement)
    expect(await expectExact(client, 'st'), statement).toBe('REINITIALIZE')
    const { rows } = await client.query(
      'SELECT reason FROM pgstream.pgs_refresh_history ORDER BY refresh_id DESC LIMIT 1',
    )
    expect(rows[0].reason).toMatch('a MERGE moved rows from one partition to another')
  }
  await client.query(`BEGIN; SET LOCAL session_replication_role = replica; ${text}; COMMIT`)
  expect(await expectExact(client, 'st')).toBe('REINITIALIZE')
})

test('a MERGE that inserts and updates, whoever runs it, and what else does both', async () => {
  const { client } = db
  await client.query(
    `SELECT pgstream.create_stream_table('st', 'SELECT region, count(*) AS n, sum(v) AS v FROM m GROUP BY region', '1h', 'DIFFERENTIAL')`,
  )
  const text = `MERGE INTO m USING (SELECT i FROM (SELECT max(id) FROM m) AS l(last), generate_series(last - 2, last + 2) AS i UNION ALL SELECT 1 ORDER BY 1 DESC) AS s
    ON m.id = s.i WHEN MATCHED THEN UPDATE SET v = v + 1 WHEN NOT MATCHED THEN INSERT VALUES (i, 'us', 7)`
  const upsert = `INSERT INTO m SELECT i, 'eu', 3 FROM generate_series(100, 104) AS i ON CONFLICT (id, region) DO UPDATE SET v = m.v + 1`
  await client.query(
    `CREATE FUNCTION by_sql() RETURNS void LANGUAGE sql AS $$ ${text} $$;
    CREATE FUNCTION by_plpgsql() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE '${text}'; END $$;
    CREATE FUNCTION upserting() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE '${upsert}'; END $$; PREPARE upserting AS ${upsert}`.replaceAll(
      /'MERGE[\s\S]*?\)'; END|'INSERT[\s\S]*?1'; END/g,
      (quoted) => `$q$${quoted.slice(1, -6)}$q$; END`,
    ),
  )
  for (const statement of [
    upsert,
    'SELECT upserting()',
    'EXECUTE upserting',
    `UPDATE m SET v = 0 WHERE id = 100; ${upsert}`,
  ]) {
    await client.query(statement)
    expect(await expectExact(client, 'st'), statement).toBe('DIFFERENTIAL')
  }
  await client.query(`PREPARE merging AS ${text}`)
  for (const statement of [text, 'SELECT by_sql()', 'SELECT by_plpgsql()', 'EXECUTE merging']) {
    await client.query(statement)
    expect(await expectExact(client, 'st'), statement).toBe('REINITIALIZE')
    const { rows } = await client.query(
      'SELECT reason FROM pgstream.pgs_refresh_history ORDER BY refresh_id DESC LIMIT 1',
    )
    expect(rows[0].reason).toMatch('a MERGE inserted and updated rows of a partitioned table')
  }
  // One action alone is shown as it was.
  for (const actions of [
    'WHEN MATCHED THEN UPDATE SET v = v + 1',
    "WHEN NOT MATCHED THEN INSERT VALUES (i, 'us', 7)",
    "WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (i, 'us', 7)",
  ]) {
    await client.query(`MERGE INTO m USING generate_series(1, 400) AS s(i) ON m.id = s.i ${actions}`)
    expect(await expectExact(client, 'st'), actions).toBe('DIFFERENTIAL')
  }
})

test('a MERGE that moves rows out of a partition whose triggers somebody has disabled', async () => {
  const { client } = db
  await client.query(
    `SELECT pgstream.create_stream_table('st', 'SELECT region, count(*) AS n, sum(v) AS v FROM m GROUP BY region', '1h', 'DIFFERENTIAL')`,
  )
  await client.query('ALTER TABLE m_eu DISABLE TRIGGER ALL')
  await expectExactWhenQuiet(client, 'st')
  await client.query(`MERGE INTO m USING (SELECT i FROM generate_series(95, 103) AS i) AS s ON m.id = s.i AND m.region = 'eu'
    WHEN MATCHED THEN UPDATE SET region = 'us'`)
  await expectExactWhenQuiet(client, 'st')
})

test('what moves rows and is no MERGE, and a MERGE that moves none, are captured', async () => {
  const { client } = db
  await client.query(
    `SELECT pgstream.create_stream_table('st', 'SELECT region, count(*) AS n, sum(v) AS v FROM m GROUP BY region', '1h', 'DIFFERENTIAL');
     CREATE FUNCTION by_plpgsql() RETURNS void LANGUAGE plpgsql AS $$ BEGIN UPDATE m SET region = 'us' WHERE id = 4; END $$`,
  )
  for (const statement of [
    "UPDATE m SET region = 'us' WHERE id = 2",
    'SELECT by_plpgsql()',
    'MERGE INTO m USING (VALUES (8)) AS s(i) ON m.id = s.i WHEN MATCHED THEN UPDATE SET region = m.region, v = -1',
  ]) {
    await client.query(statement)
    expect(await expectExact(client, 'st'), statement).toBe('DIFFERENTIAL')
  }
})

test('a MERGE sent to a partition that has partitions, keys of expressions, and partitions that came later', async () => {
  const { client } = db
  await client.query(`
    CREATE TABLE deep (id int, k int, v int) PARTITION BY LIST ((k % 2));
    CREATE TABLE deep_even PARTITION OF deep FOR VALUES IN (0) PARTITION BY RANGE (id);
    CREATE TABLE deep_low PARTITION OF deep_even FOR VALUES FROM (0) TO (100);
    CREATE TABLE deep_odd PARTITION OF deep FOR VALUES IN (1);
    INSERT INTO deep SELECT i, i % 7, i FROM generate_series(1, 99) AS i;
    SELECT pgstream.create_stream_table('st', 'SELECT id, k, v FROM deep', '1h', 'DIFFERENTIAL');
    CREATE TABLE deep_high PARTITION OF deep_even FOR VALUES FROM (100) TO (300)`)
  for (const statement of [
    'MERGE INTO deep_even AS d USING (VALUES (14)) AS s(i) ON d.id = s.i WHEN MATCHED THEN UPDATE SET id = 200',
    'MERGE INTO deep AS d USING (VALUES (8), (9)) AS s(i) ON d.id = s.i WHEN MATCHED THEN UPDATE SET k = k + 1',
    'MERGE INTO deep AS d USING (VALUES (28)) AS s(i) ON d.id = s.i WHEN MATCHED THEN UPDATE SET id = id + 200',
  ]) {
    await client.query(statement)
    expect(await expectExact(client, 'st'), statement).toBe('REINITIALIZE')
  }
  const { rows } = await client.query(
    'SELECT * FROM pgstream.trigger_inventory() WHERE NOT (present AND enabled)',
  )
  expect(rows).toEqual([])
})

test('inheritance children', async () => {
  const all = await probe(db.client, 'parent')
  for (const statement of [
    `UPDATE parent SET b = 'x'`,
    `INSERT INTO child VALUES (5, 'y', 6)`,
    `UPDATE child SET a = a + 1`,
    `DELETE FROM parent WHERE a = 3`,
    `UPDATE ONLY parent SET a = 100`,
  ])
    await db.client.query(statement)
  expect(await all.mismatches()).toEqual([])
})

const OWN: Readonly<Record<string, string>> = {
  own: 'SELECT id, a, b FROM ONLY base',
  counted: 'SELECT count(*) AS n FROM ONLY base',
  family: 'SELECT a, count(*) AS n, sum(b) AS b FROM base GROUP BY a',
  both: 'SELECT o.id, c.a FROM ONLY base AS o JOIN base AS c USING (a) WHERE o.b <= c.b',
  'by the key': 'SELECT c.id, c.a, o.b FROM base AS c JOIN ONLY base AS o ON o.id = c.id',
  except: 'SELECT a, b FROM base EXCEPT ALL SELECT a, b FROM ONLY base',
  // A child that is a parent has row triggers: statements on its own parent do not name it.
  middle: 'SELECT a, count(*) AS n FROM ONLY kid GROUP BY a',
}
/** On a parent, its child and that one's, with rows that look the same in all three. */
const FAMILY: readonly string[] = [
  'INSERT INTO base VALUES (1, 1, 1), (2, 2, 2); INSERT INTO kid VALUES (1, 1, 1); INSERT INTO grandkid VALUES (1, 1, 1)',
  'UPDATE base SET b = b + 1',
  'UPDATE ONLY base SET b = b + 1 WHERE id = 1',
  'UPDATE base SET b = b, more = 5 WHERE a = 2',
  'UPDATE base SET b = CASE WHEN id = 1 THEN 7 ELSE b END',
  'UPDATE kid SET b = b + 1; DELETE FROM grandkid WHERE b = 7',
  // What one loses the other gets: in sum nothing has changed for who reads all.
  'WITH gone AS (DELETE FROM ONLY base WHERE id = 1 RETURNING *) INSERT INTO grandkid SELECT * FROM gone',
  'WITH gone AS (DELETE FROM grandkid RETURNING *) INSERT INTO base SELECT DISTINCT ON (id) * FROM gone',
  'INSERT INTO base VALUES (1, 5, 5), (3, 3, 3) ON CONFLICT (id) DO UPDATE SET a = excluded.a, b = excluded.b',
  `MERGE INTO base AS t USING (VALUES (1), (2), (3), (9)) AS s(i) ON t.id = s.i
   WHEN MATCHED AND i = 2 THEN DELETE WHEN MATCHED THEN UPDATE SET b = 11 WHEN NOT MATCHED THEN INSERT VALUES (i, i, i)`,
  'WITH u AS (UPDATE base SET b = b + 1 RETURNING id), k AS (INSERT INTO kid VALUES (77, 7, 7)) INSERT INTO base SELECT max(id) + 1, 0, 0 FROM u',
  'INSERT INTO base SELECT i, i % 700, i FROM generate_series(1000, 3000) AS i; INSERT INTO grandkid SELECT i, i % 700, i FROM generate_series(1000, 3000) AS i',
  'UPDATE base SET b = b + 1 WHERE id >= 1000',
  'UPDATE base SET more = more + 1 WHERE id >= 1000',
  'SET session_replication_role = replica; UPDATE base SET b = b + 1 WHERE id < 1010; RESET session_replication_role',
  'DELETE FROM base WHERE id >= 1000',
  'BEGIN; UPDATE base SET b = 4; SAVEPOINT s; UPDATE base SET b = 5; ROLLBACK TO s; DELETE FROM kid WHERE b = 4; COMMIT',
  'DELETE FROM owner WHERE id = 0',
]

describe('FROM ONLY', () => {
  beforeEach(() =>
    db.client.query(`
      CREATE TABLE owner (id int PRIMARY KEY); INSERT INTO owner VALUES (0);
      CREATE TABLE base (id int PRIMARY KEY, a int, b int, more int DEFAULT 0, owner int DEFAULT 0 REFERENCES owner ON DELETE CASCADE);
      CREATE TABLE kid () INHERITS (base); CREATE TABLE grandkid () INHERITS (kid)`),
  )

  test('a parent without its children, whatever statements name', async () => {
    const { client } = db
    for (const [name, query] of Object.entries(OWN))
      await client.query(`SELECT pgstream.create_stream_table('"${name}"', $1, '1h', 'DIFFERENTIAL')`, [
        query,
      ])
    for (const statement of FAMILY) {
      await client.query(statement)
      for (const name of Object.keys(OWN)) {
        const action = await expectExact(client, `"${name}"`)
        expect(['DIFFERENTIAL', 'NO_DATA'], `${name}: ${statement}`).toContain(action)
      }
    }
    const { rows } = await client.query(
      'SELECT * FROM pgstream.trigger_inventory() WHERE NOT (present AND enabled)',
    )
    expect(rows).toEqual([])
    await client.query('TRUNCATE ONLY base')
    for (const name of Object.keys(OWN)) {
      await expectExact(client, `"${name}"`)
      expect((await client.query(`SELECT * FROM pgstream.verify_stream_table('"${name}"')`)).rows).toEqual([])
    }
    // PostgreSQL 18.4 loses rows of this one, asked by itself.
    await client.query(`SELECT pgstream.alter_stream_table('"by the key"', refresh_mode => 'FULL');
      INSERT INTO base (id, a, b, owner) SELECT i, i, i, NULL FROM generate_series(1, 3) AS i; INSERT INTO kid SELECT i, i, i FROM generate_series(1, 3) AS i`)
    await expectExact(client, '"by the key"')
    expect((await client.query('SELECT count(*)::int AS n FROM "by the key"')).rows).toEqual([{ n: 6 }])
    expect((await client.query(`SELECT * FROM pgstream.verify_stream_table('"by the key"')`)).rows).toEqual(
      [],
    )
    // Without the rows of children the primary key is one again.
    const { rows: keys } = await client.query(
      `SELECT plan -> 'key' AS key FROM pgstream.pgs_stream_tables WHERE pgs_name = 'own'`,
    )
    expect(keys).toEqual([{ key: ['id'] }])
  })

  test.each([true, false])('children that come and go, watched: %s', async (watched) => {
    const other = await freshDatabase({ watched })
    const { client } = other
    try {
      await client.query(`CREATE TABLE base (id int PRIMARY KEY, a int); CREATE TABLE kid (id int NOT NULL, a int);
        INSERT INTO base VALUES (1, 1); INSERT INTO kid VALUES (1, 1);
        SELECT pgstream.create_stream_table('own', 'SELECT id, a FROM ONLY base', '1h', 'DIFFERENTIAL');
        SELECT pgstream.create_stream_table('family', 'SELECT a, count(*) AS n FROM base GROUP BY a', '1h', 'DIFFERENTIAL')`)
      for (const change of [
        'ALTER TABLE kid INHERIT base',
        'ALTER TABLE kid NO INHERIT base',
        'CREATE TABLE second () INHERITS (base)',
        'DROP TABLE second',
      ]) {
        const table = change.match(/kid|second/)?.[0]
        await client.query(change)
        for (const statement of [
          change.startsWith('DROP') ? 'SELECT' : `INSERT INTO ${table} VALUES (1, 1)`,
          'UPDATE base SET a = a + 1',
          'DELETE FROM base WHERE a > 5; INSERT INTO base VALUES ((SELECT coalesce(max(id), 0) + 1 FROM base), 2)',
        ]) {
          await client.query(statement)
          await expectExactWhenQuiet(client, 'own')
          await expectExactWhenQuiet(client, 'family')
        }
        await client.query('UPDATE base SET a = a + 1')
        expect(await expectExactWhenQuiet(client, 'own'), change).toBe('DIFFERENTIAL')
      }
    } finally {
      await other.close()
    }
  })

  test('is captured no longer than somebody reads it, whoever holds the source', async () => {
    const other = await freshDatabase()
    const { client } = other
    try {
      await client.query(`CREATE TABLE base (id int PRIMARY KEY, a int); CREATE TABLE kid () INHERITS (base);
        INSERT INTO base VALUES (1, 1), (2, 2);
        SELECT pgstream.create_stream_table('own', 'SELECT id, a FROM ONLY base', '1h', 'DIFFERENTIAL')`)
      const reader = await other.connect()
      await reader.query('BEGIN; SELECT FROM base')
      await client.query(
        `SELECT pgstream.drop_stream_table('own'); UPDATE base SET a = a + 1; DELETE FROM base WHERE id = 1`,
      )
      const { rows } = await client.query(
        `SELECT c.relname FROM pgstream.pgs_change_tracking t, pg_inherits i, pg_class c
         WHERE t.is_retired AND i.inhparent = t.buffer AND c.oid = i.inhrelid AND pg_relation_size(c.oid) > 0`,
      )
      expect(rows).toEqual([])
      await reader.query('COMMIT')
    } finally {
      await other.close()
    }
  })

  test('who may read the columns that are read needs no right on tableoid', async () => {
    const role = `reader_${db.name}`
    const { client } = db
    await client.query(`CREATE ROLE ${role} LOGIN; GRANT CREATE ON SCHEMA public TO ${role};
      GRANT SELECT (a), TRIGGER ON base TO ${role}`)
    try {
      const reader = await db.connect(role)
      await reader.query(
        `SELECT pgstream.create_stream_table('st', 'SELECT a, count(*) AS n FROM ONLY base GROUP BY a', '1h', 'DIFFERENTIAL')`,
      )
      await client.query(
        'INSERT INTO base VALUES (1, 1, 1); INSERT INTO kid VALUES (2, 1, 1); UPDATE base SET a = 3',
      )
      expect(await expectExact(client, 'st')).toBe('DIFFERENTIAL')
      const { rows } = await client.query(`SELECT columns_used FROM pgstream.list_sources('st')`)
      expect(rows).toEqual([{ columns_used: ['a'] }])
      await reader.end()
    } finally {
      await client.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`)
    }
  })

  test('a partitioned table has no rows of its own', async () => {
    const { client } = db
    await client.query('ALTER TABLE m DROP COLUMN v, ADD COLUMN note text, ADD COLUMN v numeric')
    await client.query(`SELECT pgstream.create_stream_table('st',
      'SELECT p.id, o.region FROM parent LEFT JOIN ONLY m AS o ON true JOIN m AS p ON p.id = parent.a', '1h', 'DIFFERENTIAL')`)
    await client.query(
      "INSERT INTO m VALUES (500, 'eu', 'x', 1); INSERT INTO parent VALUES (500, 'q'), (3, 'x')",
    )
    expect(await expectExact(client, 'st')).toBe('DIFFERENTIAL')
    await client.query(
      `SELECT pgstream.create_stream_table('none', 'SELECT count(*) AS n, max(v + id) AS v, max(note) AS note FROM ONLY m', '1h', 'DIFFERENTIAL')`,
    )
    await expectExact(client, 'none')
    expect((await client.query('TABLE none')).rows).toEqual([{ n: '0', v: null, note: null }])
  })
})

test('TRUNCATE of one partition is noted', async () => {
  const all = await probe(db.client, 'm')
  await db.client.query('TRUNCATE m_eu')
  expect(await all.truncations()).toBe(1)
})

test('new partitions and children are captured from their first row', async () => {
  const all = await probe(db.client, 'm')
  const tree = await probe(db.client, 'parent')
  await db.client.query(`
    CREATE TABLE m_us_high PARTITION OF m_us FOR VALUES FROM (1000) TO (2000);
    INSERT INTO m_us_high VALUES (1500, 'us', 1); INSERT INTO m VALUES (1501, 'us', 1);
    CREATE TABLE grandchild (d int) INHERITS (child); INSERT INTO grandchild VALUES (9, 'g', 9, 9)`)
  expect(await all.mismatches()).toEqual([])
  expect(await tree.mismatches()).toEqual([])
})

test('attached tables are captured, detached ones are left alone', async () => {
  await probe(db.client, 'm')
  await db.client.query(`
    CREATE TABLE m_asia (id int NOT NULL, region text NOT NULL, v numeric); INSERT INTO m_asia VALUES (1, 'asia', 1);
    ALTER TABLE m ATTACH PARTITION m_asia FOR VALUES IN ('asia')`)
  const triggers = `SELECT count(*)::int AS n FROM pg_trigger WHERE tgrelid = $1::regclass AND tgname LIKE 'pgstream_capture%'`
  // Four of its own and a clone of the parent's.
  expect((await db.client.query(triggers, ['m_asia'])).rows[0].n).toBe(5)
  await db.client.query("ALTER TABLE m DETACH PARTITION m_asia; INSERT INTO m_asia VALUES (2, 'asia', 2)")
  expect((await db.client.query(triggers, ['m_asia'])).rows[0].n).toBe(0)
  await db.client.query('DROP TABLE m_eu')
  const { rows } = await db.client.query(
    'SELECT cardinality(carriers) AS n FROM pgstream.pgs_change_tracking',
  )
  expect(rows[0].n).toBe(3)
})

test('what is attached without a row computes nothing anew', async () => {
  const { client } = db
  await client.query(`
    SELECT pgstream.create_stream_table('st', 'SELECT region, count(*) AS n, sum(v) AS v FROM m GROUP BY region', '1h', 'DIFFERENTIAL');
    SELECT pgstream.create_stream_table('family', 'SELECT a, b FROM parent', '1h', 'DIFFERENTIAL')`)
  // As partitions are made ahead; the second has parts of its own, and other numbers of columns.
  await client.query(`CREATE TABLE m_asia (LIKE m INCLUDING ALL); ALTER TABLE m ATTACH PARTITION m_asia FOR VALUES IN ('asia');
    CREATE TABLE m_rest (v numeric, gone int, region text NOT NULL, id int NOT NULL) PARTITION BY HASH (id);
    ALTER TABLE m_rest DROP COLUMN gone; CREATE TABLE m_rest1 PARTITION OF m_rest FOR VALUES WITH (MODULUS 1, REMAINDER 0);
    ALTER TABLE m ATTACH PARTITION m_rest DEFAULT;
    CREATE TABLE son (LIKE parent); ALTER TABLE son INHERIT parent`)
  for (const round of [1, 2]) {
    await client.query(`INSERT INTO m VALUES (${round}, 'asia', 1), (${round}, 'else', 2), (${round + 500}, 'eu', 3);
      INSERT INTO m_asia VALUES (${round} + 10, 'asia', 1); INSERT INTO m_rest1 VALUES (4, 'other', ${round} + 10);
      UPDATE m SET region = 'asia' WHERE id = ${round} + 500; INSERT INTO son VALUES (5, 's'), (6, 't'); DELETE FROM parent WHERE a = 5`)
    expect(await expectExact(client, 'st')).toBe('DIFFERENTIAL')
    expect(await expectExact(client, 'family')).toBe('DIFFERENTIAL')
  }
  // Rows that are there, or were.
  await client.query(`CREATE TABLE m_africa (LIKE m INCLUDING ALL); INSERT INTO m_africa VALUES (1, 'africa', 1);
    ALTER TABLE m ATTACH PARTITION m_africa FOR VALUES IN ('africa')`)
  expect(await expectExact(client, 'st')).toBe('REINITIALIZE')
  const before = await db.connect()
  await before.query('CREATE TABLE daughter (LIKE parent)')
  await before.query(`BEGIN; INSERT INTO daughter VALUES (7, 'd'); DELETE FROM daughter`)
  await before.query('ALTER TABLE daughter INHERIT parent; COMMIT')
  expect(await expectExact(client, 'family')).toBe('REINITIALIZE')
})

test('partitions are gathered as often, however many there are, and however many others have', async () => {
  const { client } = db
  await client.query(`SELECT pgstream.create_stream_table('st', 'SELECT region, count(*) AS n FROM m GROUP BY region', '1h');
    SET track_functions = 'all'`)
  const calls = async () => {
    await client.query('SELECT pg_stat_force_next_flush()')
    const { rows } = await client.query(
      `SELECT coalesce(sum(calls), 0)::int AS calls FROM pg_stat_user_functions WHERE funcname = '_descendants'`,
    )
    return rows[0].calls
  }
  const gathered = async (statement: string) => {
    const before = await calls()
    await client.query(statement)
    return (await calls()) - before
  }
  const before = await gathered(`CREATE TABLE m_x PARTITION OF m FOR VALUES IN ('x')`)
  await client.query(`CREATE TABLE others (k int) PARTITION BY LIST (k)`)
  for (let i = 0; i < 30; i += 1)
    await client.query(
      `CREATE TABLE m_${i} PARTITION OF m FOR VALUES IN ('${i}'); CREATE TABLE other_${i} PARTITION OF others FOR VALUES IN (${i})`,
    )
  expect(await gathered(`CREATE TABLE m_y PARTITION OF m FOR VALUES IN ('y')`)).toBe(before)
})
