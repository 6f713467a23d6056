import { beforeEach, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

/** DDL on what is not the source itself: types, functions, children of every kind, triggers. */
let db: FreshDatabase
beforeEach(async () => {
  db = await freshDatabase()
  return () => db.close()
})

const sql = (text: string) => db.client.query(text)
const create = (name: string, query: string, mode = 'AUTO') =>
  db.client.query('SELECT pgstream.create_stream_table($1, $2, $3, $4)', [name, query, '1h', mode])

async function refreshed(name = 'st') {
  const { rows } = await db.client.query('SELECT pgstream.refresh_stream_table($1) AS action', [name])
  expect((await db.client.query('SELECT * FROM pgstream.verify_stream_table($1)', [name])).rows).toEqual([])
  return rows[0].action
}

async function state(name = 'st') {
  const { rows } = await db.client.query(
    'SELECT status, broken_reason FROM pgstream.pgs_stream_tables WHERE pgs_name = $1',
    [name],
  )
  return rows[0]
}

const captureTriggers = async () =>
  Number(
    (await sql(`SELECT count(*) FROM pg_trigger WHERE tgfoid::regproc::text LIKE 'pgstream_changes.%'`))
      .rows[0].count,
  )

test.each([
  ['DROP TYPE', `CREATE TYPE mood AS ENUM ('a', 'b')`, 'mood', `'a'`, 'DROP TYPE mood CASCADE'],
  ['DROP EXTENSION', 'CREATE EXTENSION hstore', 'hstore', `'a=>1'`, 'DROP EXTENSION hstore CASCADE'],
])(
  '%s … CASCADE takes a captured column: writers and other readers go on',
  async (_, made, type, value, drop) => {
    await sql(
      `${made}; CREATE TABLE q (id int PRIMARY KEY, e ${type}, n int); INSERT INTO q VALUES (1, ${value}, 1)`,
    )
    await create('st', 'SELECT id, e FROM q')
    await create('counted', 'SELECT count(*) AS n, sum(n) AS s FROM q', 'DIFFERENTIAL')
    await create('minimal', `SELECT e, count(*) AS n FROM q GROUP BY e`)
    await sql('INSERT INTO q (id, n) VALUES (2, 2)')
    await sql(drop)
    await sql('INSERT INTO q (id, n) VALUES (3, 3); UPDATE q SET n = n + 1; DELETE FROM q WHERE id = 1')
    expect(await state()).toMatchObject({
      status: 'ERROR',
      broken_reason: expect.stringContaining('was dropped'),
    })
    expect(await refreshed('counted')).toBe('DIFFERENTIAL')
    await sql('ALTER TABLE q ADD COLUMN later int; INSERT INTO q (id, n) VALUES (4, 4)')
    expect(await refreshed('counted')).toBe('DIFFERENTIAL')
    await sql(`ALTER TABLE q ADD COLUMN e text DEFAULT 'new'; SELECT pgstream.resume_stream_table('st')`)
    await sql(`INSERT INTO q (id, e) VALUES (5, 'five')`)
    expect(await refreshed()).toBe('DIFFERENTIAL')
    await sql(`SELECT pgstream.drop_stream_table('minimal'); SELECT pgstream.drop_stream_table('st')`)
    expect(await refreshed('counted')).toBe('DIFFERENTIAL')
  },
)

const FOREIGN = `CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
  CREATE TABLE t (id int) PARTITION BY RANGE (id); CREATE TABLE t0 PARTITION OF t FOR VALUES FROM (0) TO (10);
  CREATE TABLE parent (id int); CREATE TABLE bystander (a int PRIMARY KEY, b int)`
const UNRELATED = `ALTER TABLE bystander DROP COLUMN b; CREATE INDEX bystander_a ON bystander (a); DROP INDEX bystander_a;
  ALTER TABLE bystander DROP CONSTRAINT bystander_pkey`

test.each([
  [
    'partition',
    't',
    `CREATE FOREIGN TABLE tf PARTITION OF t FOR VALUES FROM (10) TO (20) SERVER files OPTIONS (program 'echo 11', format 'csv')`,
  ],
  [
    'child',
    'parent',
    `CREATE FOREIGN TABLE tf () INHERITS (parent) SERVER files OPTIONS (program 'echo 11', format 'csv')`,
  ],
  [
    'child that was there',
    'parent',
    `CREATE FOREIGN TABLE tf (id int) SERVER files OPTIONS (program 'echo 11', format 'csv'); ALTER FOREIGN TABLE tf INHERIT parent`,
  ],
])(
  'a foreign %s: AUTO computes anew, DIFFERENTIAL says why it cannot, nobody else is held up',
  async (_, source, ddl) => {
    await sql(FOREIGN)
    await create('st', `SELECT id FROM ${source}`)
    await create('strict', `SELECT id FROM ${source}`, 'DIFFERENTIAL')
    await sql(ddl)
    await sql(UNRELATED)
    await sql(`INSERT INTO ${source} VALUES (1); ALTER TABLE ${source} ALTER id SET DEFAULT 0`)
    expect(await refreshed()).toBe('REINITIALIZE')
    expect((await sql('SELECT count(*)::int AS n FROM st')).rows).toEqual([{ n: 2 }])
    await sql(`INSERT INTO ${source} VALUES (2)`)
    expect(await refreshed()).toBe('FULL')
    expect(await state('strict')).toEqual({
      status: 'ERROR',
      broken_reason: expect.stringContaining('"tf"'),
    })
    await sql(`SELECT pgstream.drop_stream_table('strict')`)
    expect(await captureTriggers()).toBe(0)
    await sql(`DROP FOREIGN TABLE tf; SELECT pgstream.resume_stream_table('st')`)
    await refreshed()
    await sql(`INSERT INTO ${source} VALUES (3)`)
    expect(await refreshed()).toBe('DIFFERENTIAL')
  },
)

test('CREATE SCHEMA with a child or a partition in it', async () => {
  await sql(FOREIGN)
  await create('st', 'SELECT id FROM parent')
  await create('st2', 'SELECT id FROM t')
  await sql('CREATE SCHEMA one CREATE TABLE child (more int) INHERITS (public.parent)')
  await sql('CREATE SCHEMA two CREATE TABLE t1 PARTITION OF public.t FOR VALUES FROM (10) TO (20)')
  await sql('INSERT INTO one.child VALUES (1); INSERT INTO two.t1 VALUES (11); UPDATE one.child SET id = 2')
  // The first child takes away what was known of the parent alone, its keys.
  expect(await refreshed()).toBe('REINITIALIZE')
  expect(await refreshed('st2')).toBe('DIFFERENTIAL')
  await sql('UPDATE one.child SET id = 3')
  expect(await refreshed()).toBe('DIFFERENTIAL')
})

const FUNCTION = (name: string, body: string) =>
  `CREATE OR REPLACE FUNCTION ${name}(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN ${body}; END'`

test('what only a view below the query uses is watched too', async () => {
  await sql(`CREATE TABLE q (id int PRIMARY KEY, a int); INSERT INTO q VALUES (1, 1); ${FUNCTION('f', '$1 + 1')};
    CREATE FUNCTION plus(int, int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 + $2; END';
    CREATE OPERATOR ## (LEFTARG = int, RIGHTARG = int, FUNCTION = plus);
    CREATE TYPE mood AS ENUM ('low', 'high'); CREATE COLLATION c FROM "C";
    CREATE FUNCTION body(int) RETURNS int IMMUTABLE LANGUAGE sql RETURN f($1);
    CREATE VIEW inner_view AS SELECT id, f(a) AS fa, a ## 1 AS pa, 'low'::mood AS m, id::text COLLATE c < '5' COLLATE c AS lt, body(a) AS ba FROM q;
    CREATE VIEW outer_view AS SELECT * FROM inner_view`)
  await create('st', 'SELECT * FROM outer_view WHERE id > 0', 'DIFFERENTIAL')
  for (const ddl of [
    FUNCTION('f', '$1 + 100'),
    `CREATE OR REPLACE FUNCTION plus(int, int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 + $2 + 1000; END'`,
    'ALTER FUNCTION f(int) RENAME TO f2',
    'CREATE SCHEMA moved',
    'ALTER FUNCTION f2(int) SET SCHEMA moved',
    'ALTER OPERATOR ## (int, int) SET SCHEMA moved',
    'ALTER TYPE mood RENAME TO feeling',
    `ALTER TYPE feeling RENAME VALUE 'low' TO 'lower'`,
    'ALTER COLLATION c RENAME TO c2',
  ]) {
    await sql(ddl)
    await sql('UPDATE q SET a = a + 1')
    await refreshed()
  }
  const { rows } = await sql(
    `SELECT count(*)::int AS n FROM pgstream.get_refresh_history('st', 100) WHERE action = 'REINITIALIZE'`,
  )
  expect(rows).toEqual([{ n: 8 }])
})

test('what the bodies of functions in standard SQL and the defaults of arguments are made of is watched too', async () => {
  await sql(`CREATE TABLE q (id int PRIMARY KEY, a int); INSERT INTO q VALUES (1, 1); ${FUNCTION('f', '$1 + 1')}; ${FUNCTION('g', '$1')};
    CREATE FUNCTION plus(int, int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 + $2; END';
    CREATE OPERATOR ## (LEFTARG = int, RIGHTARG = int, FUNCTION = plus);
    CREATE TYPE mood AS ENUM ('low', 'high'); CREATE DOMAIN moods AS mood[];
    CREATE FUNCTION summed(int) RETURNS int IMMUTABLE LANGUAGE sql RETURN $1 ## 1;
    CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql RETURN summed(summed($1));
    CREATE FUNCTION felt(int) RETURNS text IMMUTABLE LANGUAGE sql RETURN (ARRAY['low', 'high']::moods)[$1]::text;
    CREATE FUNCTION later(int, int DEFAULT f(2) ## g(3)) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 * $2; END'`)
  await create(
    'st',
    'SELECT id, twice(a) AS t, felt(a) AS m, later(a) AS l, later(1, a) AS given FROM q',
    'DIFFERENTIAL',
  )
  for (const ddl of [
    `CREATE OR REPLACE FUNCTION plus(int, int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 + $2 + 1000; END'`,
    `ALTER TYPE mood RENAME VALUE 'low' TO 'lower'`,
    FUNCTION('f', '$1 + 100'),
    `CREATE OR REPLACE FUNCTION later(int, int DEFAULT g(7)) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 * $2; END'`,
    FUNCTION('g', '$1 + 100'),
  ]) {
    await sql(ddl)
    expect(await refreshed()).toBe('REINITIALIZE')
    await sql('UPDATE q SET a = a')
  }
  expect((await sql('SELECT t, m, l, given FROM st')).rows).toEqual([
    { t: 2003, m: 'lower', l: 107, given: 1 },
  ])
})

const UNWATCHED =
  'DROP EVENT TRIGGER pg_stream_ddl; DROP EVENT TRIGGER pg_stream_drop; DROP EVENT TRIGGER pg_stream_rewrite'

test.each([true, false])('an aggregate that is replaced, watched: %s', async (watched) => {
  if (!watched) await sql(UNWATCHED)
  const made = (rest: string) => `CREATE OR REPLACE AGGREGATE total(numeric) (STYPE = numeric, ${rest})`
  const add = (factor: number) =>
    `CREATE OR REPLACE FUNCTION add(numeric, numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT $1 + ${factor} * $2'`
  await sql(`CREATE TABLE q (id int PRIMARY KEY, g int, a numeric); INSERT INTO q SELECT i, i % 3, i FROM generate_series(1, 20) AS i;
    ${add(2)}; ${made('SFUNC = numeric_add, INITCOND = 0')};
    CREATE VIEW totals AS SELECT g, total(a) AS t FROM q GROUP BY g`)
  await create('st', 'SELECT g, t FROM totals', 'DIFFERENTIAL')
  await create('running', 'SELECT id, total(a) OVER (PARTITION BY g ORDER BY id) AS t FROM q', 'DIFFERENTIAL')
  for (const ddl of [
    made('SFUNC = numeric_add, INITCOND = 100'),
    made('SFUNC = add, INITCOND = 100'),
    add(3),
    made('SFUNC = numeric_mul, INITCOND = 1'),
    made(
      'SFUNC = numeric_mul, INITCOND = 1, MSFUNC = numeric_mul, MINVFUNC = numeric_div, MSTYPE = numeric, MINITCOND = 7',
    ),
  ]) {
    await sql(ddl)
    await sql('UPDATE q SET a = a + 1 WHERE id = 4')
    for (const name of ['st', 'running']) expect(await refreshed(name)).toBe('REINITIALIZE')
  }
  await sql('UPDATE q SET a = a + 1 WHERE id = 4')
  for (const name of ['st', 'running']) expect(await refreshed(name)).toBe('DIFFERENTIAL')
})

test.each([true, false])(
  'a function or operator that a query written now would find in place of one that it uses, watched: %s',
  async (watched) => {
    if (!watched) await sql(UNWATCHED)
    const made = (name: string, type: string, word: string) =>
      `CREATE FUNCTION ${name}(${type}) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT '${word}' || $1::text $$;`
    await sql(`CREATE TABLE q (id int PRIMARY KEY, a int); INSERT INTO q VALUES (1, 1), (2, 2);
    ${made('f', 'anyelement', 'any')} ${made('o', 'anyelement', 'any')}
    CREATE FUNCTION g(int, int DEFAULT 5) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + $2';
    CREATE FUNCTION two(anyelement, anyelement) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'any' || $1::text $$;
    CREATE OPERATOR ## (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = two);
    CREATE FUNCTION more(text, anyelement) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT $1 || 'any' $$;
    CREATE AGGREGATE longer(anyelement) (SFUNC = more, STYPE = text, INITCOND = '');
    CREATE VIEW seen AS SELECT id, f(a) AS f, a ## id AS o FROM q`)
    await create('st', 'SELECT id, f(a) AS f, a ## id AS o FROM q', 'DIFFERENTIAL')
    await create('through', 'SELECT * FROM seen')
    await create('summed', 'SELECT longer(a) AS l FROM q')
    await create('defaulted', 'SELECT id, g(a) AS g FROM q')
    // What takes rows is no other way to write a call for a text.
    await sql(`CREATE FUNCTION h(text, int DEFAULT 9) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT $1 || $2 $$;
    CREATE FUNCTION h(r record, text DEFAULT '') RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN r::text; END $$`)
    await create('kept', 'SELECT id, h(a::text) AS h FROM q', 'DIFFERENTIAL')
    await sql(made('f', 'text', 'text'))
    expect(await refreshed()).toBe('REINITIALIZE')
    expect(await refreshed('through')).toBe('REINITIALIZE')
    await sql('UPDATE q SET a = a + 1 WHERE id = 1')
    expect(await refreshed()).toBe('DIFFERENTIAL')
    expect(await refreshed('through')).toBe('DIFFERENTIAL')
    await sql(`${made('f', 'int', 'int')}
    CREATE FUNCTION two(int, int) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'int' || $1::text $$;
    CREATE OPERATOR ## (LEFTARG = int, RIGHTARG = int, FUNCTION = two);
    CREATE FUNCTION more(text, int) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT $1 || 'int' $$;
    CREATE AGGREGATE longer(int) (SFUNC = more, STYPE = text, INITCOND = '');
    UPDATE q SET a = a + 1 WHERE id = 1`)
    for (const name of ['st', 'through', 'summed']) expect(await refreshed(name)).toBe('REINITIALIZE')
    await sql('UPDATE q SET a = a + 1 WHERE id = 1')
    expect([await refreshed(), await refreshed('through'), await refreshed('summed')]).toEqual([
      'DIFFERENTIAL',
      'FULL',
      'DIFFERENTIAL',
    ])
    expect(
      (await sql('TABLE st UNION ALL TABLE through UNION ALL SELECT 0, l, NULL FROM summed')).rows,
    ).toEqual(
      expect.arrayContaining([
        { id: 1, f: 'int4', o: 'int4' },
        { id: 2, f: 'int2', o: 'int2' },
        // A view goes on with those that it was made with.
        { id: 1, f: 'any4', o: 'any4' },
        { id: 2, f: 'any2', o: 'any2' },
        { id: 0, f: 'intint', o: null },
      ]),
    )
    await sql("CREATE FUNCTION g(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT -$1'")
    await expect(refreshed('defaulted')).rejects.toMatchObject({
      message: expect.stringContaining('is not unique'),
    })
  },
)

test('a default that is not the same whenever it is asked for is as if it were written', async () => {
  await sql(`CREATE TABLE q (id int PRIMARY KEY, born date); INSERT INTO q VALUES (1, '2000-01-01');
    CREATE FUNCTION aged(date, at date DEFAULT current_date) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $2 - $1';
    CREATE FUNCTION ticks(int, timestamptz DEFAULT clock_timestamp()) RETURNS timestamptz IMMUTABLE LANGUAGE sql AS 'SELECT $2'`)
  await expect(create('st', 'SELECT ticks(id) FROM q')).rejects.toMatchObject({
    code: '0A000',
    message: expect.stringContaining('clock_timestamp() is volatile'),
  })
  await expect(create('st', 'SELECT aged(born) FROM q', 'DIFFERENTIAL')).rejects.toMatchObject({
    message: expect.stringContaining('CURRENT_DATE'),
  })
  await create('st', 'SELECT aged(born) FROM q')
  expect(await refreshed()).toBe('FULL')
  await create('given', `SELECT aged(born, '2020-01-01') FROM q`)
  expect(await refreshed('given')).toBe('NO_DATA')
})

test('the members of an extension move, a composite type grows', async () => {
  await sql(`CREATE SCHEMA one; CREATE SCHEMA two; CREATE EXTENSION citext SCHEMA one; CREATE TYPE pair AS (x int, y text);
    CREATE TABLE q (id int PRIMARY KEY, c one.citext, p pair, ps pair[]); INSERT INTO q VALUES (1, 'A', '(1,a)', '{"(1,a)"}')`)
  await create('st', 'SELECT c, count(*) AS n FROM q GROUP BY c')
  await create('pairs', 'SELECT id, p, ps FROM q')
  await sql(`ALTER EXTENSION citext SET SCHEMA two; INSERT INTO q (id, c) VALUES (2, 'a')`)
  expect(await refreshed()).toBe('REINITIALIZE')
  await sql(`ALTER TYPE pair ADD ATTRIBUTE z int; INSERT INTO q (id, p) VALUES (3, '(2,b,3)')`)
  expect(await refreshed('pairs')).toBe('REINITIALIZE')
  await sql(`UPDATE q SET p.z = 4, ps[1].z = 5`)
  expect(await refreshed('pairs')).toBe('DIFFERENTIAL')
})

test('a dropped function breaks what used it, until it is there again', async () => {
  await sql(
    `CREATE TABLE q (id int PRIMARY KEY, a int); INSERT INTO q VALUES (1, 1); ${FUNCTION('f', '$1 + 1')}`,
  )
  await create('st', 'SELECT id, f(a) AS fa FROM q')
  await create('whole', 'SELECT id, f(a) AS fa, row_number() OVER (ORDER BY id) AS n FROM q')
  await sql(`DROP FUNCTION f; ${FUNCTION('f', '$1 + 50')}; INSERT INTO q VALUES (2, 2)`)
  for (const name of ['st', 'whole']) {
    expect(await state(name)).toEqual({
      status: 'ERROR',
      broken_reason: 'function public.f(integer), which the query uses, was dropped',
    })
    await expect(refreshed(name)).rejects.toMatchObject({ code: '55000' })
    await sql(`SELECT pgstream.resume_stream_table('${name}')`)
    await refreshed(name)
  }
  expect((await sql('SELECT fa FROM st ORDER BY id')).rows).toEqual([{ fa: 51 }, { fa: 52 }])
})

test('a source becomes unlogged', async () => {
  await sql('CREATE TABLE q (id int PRIMARY KEY, a int); INSERT INTO q VALUES (1, 1)')
  await create('st', 'SELECT id, a FROM q')
  await create('strict', 'SELECT id, a FROM q', 'DIFFERENTIAL')
  await sql('ALTER TABLE q SET UNLOGGED; INSERT INTO q VALUES (2, 2)')
  expect(await refreshed()).toBe('REINITIALIZE')
  await sql('INSERT INTO q VALUES (3, 3)')
  expect(await refreshed()).toBe('FULL')
  expect(await state('strict')).toEqual({
    status: 'ERROR',
    broken_reason: expect.stringContaining('unlogged'),
  })
  await sql('ALTER TABLE q SET LOGGED; INSERT INTO q VALUES (4, 4)')
  expect(await refreshed('strict')).toBe('REINITIALIZE')
  await sql('INSERT INTO q VALUES (5, 5)')
  expect(await refreshed('strict')).toBe('DIFFERENTIAL')
})

test('an unlogged or temporary child', async () => {
  await sql('CREATE TABLE q (id int)')
  await create('st', 'SELECT id FROM q')
  await sql('CREATE UNLOGGED TABLE child () INHERITS (q); INSERT INTO child VALUES (1)')
  expect(await refreshed()).toBe('REINITIALIZE')
  await sql('INSERT INTO child VALUES (2)')
  expect(await refreshed()).toBe('FULL')
  await sql('DROP TABLE child; CREATE TEMP TABLE child () INHERITS (q)')
  await expect(create('strict', 'SELECT id FROM q', 'DIFFERENTIAL')).rejects.toMatchObject({
    detail: expect.stringContaining('"child" of "q" is a temporary table'),
  })
})

test('a capture trigger that is renamed stays one', async () => {
  await sql('CREATE TABLE q (id int PRIMARY KEY, a int)')
  await create('st', 'SELECT id, a FROM q')
  const { rows } = await sql(`SELECT tgname FROM pg_trigger WHERE tgname LIKE 'pgstream_capture_%_insert'`)
  await sql(`ALTER TRIGGER ${rows[0].tgname} ON q RENAME TO mine; INSERT INTO q VALUES (1, 1)`)
  await sql('ALTER TABLE q ADD COLUMN more int; INSERT INTO q VALUES (2, 2)')
  expect(await captureTriggers()).toBe(4)
  expect(await refreshed()).toBe('DIFFERENTIAL')
  await sql('ALTER TABLE q DISABLE TRIGGER mine; INSERT INTO q VALUES (3, 3)')
  expect(await captureTriggers()).toBe(4)
  expect(await refreshed()).toBe('REINITIALIZE')
  await sql(`SELECT pgstream.drop_stream_table('st')`)
  expect(await captureTriggers()).toBe(0)
})

test('a replaced view that reads other tables', async () => {
  await sql(`CREATE TABLE q (id int PRIMARY KEY); CREATE TABLE r (id int PRIMARY KEY); INSERT INTO r VALUES (7);
    CREATE VIEW v AS SELECT id FROM q`)
  await create('st', 'SELECT id FROM v')
  await sql('CREATE OR REPLACE VIEW v AS SELECT id FROM r; INSERT INTO r VALUES (8)')
  expect(await refreshed()).toBe('REINITIALIZE')
  await sql('INSERT INTO r VALUES (9); INSERT INTO q VALUES (1)')
  expect(await refreshed()).toBe('DIFFERENTIAL')
  expect(
    (await sql('SELECT source_relid::regclass::text AS name FROM pgstream.pgs_change_tracking')).rows,
  ).toEqual([{ name: 'r' }])
})

test.each([true, false])(
  'a table is made again below a view, and the old one dropped, in one transaction, watched: %s',
  async (watched) => {
    await sql(`CREATE TABLE a (id int PRIMARY KEY, n int); INSERT INTO a VALUES (1, 1), (2, 2);
      CREATE VIEW v AS SELECT id, n FROM a`)
    await create('st', 'SELECT n, count(*) AS c FROM v GROUP BY n')
    await create('both', 'SELECT v.id, a.n FROM v JOIN a USING (id)')
    if (!watched) await sql(UNWATCHED)
    await sql(`BEGIN; INSERT INTO a VALUES (3, 3); CREATE TABLE b (LIKE a INCLUDING ALL); INSERT INTO b SELECT id, n + 1 FROM a;
      CREATE OR REPLACE VIEW v AS SELECT id, n FROM b WHERE n <> 3; DROP TABLE a; INSERT INTO b VALUES (4, 4); COMMIT`)
    expect(await refreshed()).toBe('REINITIALIZE')
    expect(await state()).toEqual({ status: 'ACTIVE', broken_reason: null })
    await sql('INSERT INTO b VALUES (5, 4)')
    expect(await refreshed()).toBe('DIFFERENTIAL')
    await expect(refreshed('both')).rejects.toMatchObject({ code: '55000' })
    expect(await state('both')).toMatchObject({ broken_reason: 'source table public.a was dropped' })
  },
)

test("pg_stream's own tables are no sources", async () => {
  await sql('CREATE VIEW own AS SELECT pgs_id FROM pgstream.frontiers')
  for (const query of [
    'SELECT pgs_id FROM pgstream.frontiers',
    'SELECT action, count(*) AS n FROM pgstream.pgs_refresh_history GROUP BY action',
    'SELECT * FROM own',
    'SELECT count(*) AS n FROM pgstream.stream_tables_info',
  ])
    for (const mode of ['AUTO', 'FULL', 'DIFFERENTIAL'])
      await expect(create('st', query, mode)).rejects.toMatchObject({
        code: '42809',
        message: expect.stringContaining('a stream table cannot read pgstream.'),
      })
})

test('what was written after its own statement had refreshed: history says so', async () => {
  await sql('CREATE TABLE q (id int PRIMARY KEY, a int); INSERT INTO q VALUES (1, 1)')
  await create('st', 'SELECT id, a FROM q')
  await sql(
    `DO $$ BEGIN INSERT INTO q VALUES (2, 2); PERFORM pgstream.refresh_stream_table('st'); UPDATE q SET a = 0; END $$`,
  )
  expect(await refreshed()).toBe('REINITIALIZE')
  expect((await sql(`SELECT reason FROM pgstream.get_refresh_history('st', 1)`)).rows).toEqual([
    { reason: 'a source table was written later in the statement that had refreshed' },
  ])
})
