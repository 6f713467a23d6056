import { describe, expect, test } from 'vitest'
import { expectExactWhenQuiet } from '../oracle/oracle.ts'
import { create, type Scene, scenes } from './scene.ts'

const scene = scenes()

/** Two values of each built-in type. */
const SORTED: Readonly<Record<string, readonly [string, string]>> = {
  boolean: ['t', 'f'],
  smallint: ['-32768', '7'],
  integer: ['2147483647', '-1'],
  bigint: ['9223372036854775807', '0'],
  real: ['1.5', 'NaN'],
  'double precision': ['0.1', '-Infinity'],
  numeric: ['12345678901234567890.123', 'NaN'],
  'numeric(6,2)': ['1.50', '-2.25'],
  text: [`it's "quoted" \\ ünï`, ''],
  'varchar(12)': ['abc', 'null'],
  'char(6)': ['ab', 'cd e'],
  name: ['x', 'y z'],
  '"char"': ['a', ''],
  bytea: ['\\x00ff', '\\x'],
  date: ['2020-02-29', 'infinity'],
  time: ['23:59:59.999999', '00:00'],
  'timestamp(3)': ['2021-01-01 01:02:03.123', '-infinity'],
  timestamptz: ['2021-06-01 12:00+02', '0044-03-15 12:00 BC'],
  timetz: ['12:00+02', '12:00-05'],
  interval: ['1 mon 2 days 03:04:05', '-1 year'],
  uuid: ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '00000000-0000-0000-0000-000000000000'],
  inet: ['192.168.0.1/24', '::1'],
  cidr: ['10.0.0.0/8', '2001:db8::/32'],
  macaddr: ['08:00:2b:01:02:03', '00:00:00:00:00:00'],
  macaddr8: ['08:00:2b:01:02:03:04:05', '00:00:00:00:00:00:00:01'],
  'bit(4)': ['1010', '0000'],
  'bit varying': ['101', ''],
  jsonb: ['{"a": [1, null, "x"]}', '[]'],
  money: ['12.34', '-5'],
  tsvector: ['a:1 b:2A', 'fat'],
  tsquery: ['a & b', '!c'],
  int4range: ['[1,5)', 'empty'],
  numrange: ['(,2.5]', '[1.1,1.2]'],
  tstzrange: ['[2020-01-01 00:00+00,)', '(,)'],
  int4multirange: ['{[1,2),[5,9)}', '{}'],
  'integer[]': ['{1,NULL,3}', '{{1,2},{3,4}}'],
  'text[]': ['{a,"b c",NULL}', '{}'],
  'numeric[]': ['{1.5}', '{NaN}'],
  oid: ['42', '0'],
  oidvector: ['1 2', '3'],
  regclass: ['pg_class', 'pg_type'],
  regtype: ['integer', 'text'],
  pg_lsn: ['16/B374D848', '0/0'],
  xid8: ['12345678901', '3'],
  tid: ['(0,1)', '(7,8)'],
  mood: ['sad', 'happy'],
  positive: ['5', '6'],
  pair: ['(1,x)', '(,)'],
  'pair[]': ['{"(1,x)"}', '{}'],
  feeling: ['sad', 'happy'],
  felt: ['happy', 'ok'],
  'feeling[]': ['{sad,NULL}', '{ok}'],
  period: ['[1,5)', 'empty'],
  age: ['[2,5)', '(,7)'],
  periods: ['{[1,2),[5,9)}', '{}'],
  'period[]': ['{"[1,2)"}', '{}'],
  numbers: ['{1,NULL,3}', '{}'],
  couple: ['(1,x)', '(,)'],
  stay: ['("[1,3)",sad)', '(,)'],
}

/** Domains, and what is made of them. */
const OVER = [
  'feeling',
  'felt',
  'feeling[]',
  'period',
  'age',
  'periods',
  'period[]',
  'numbers',
  'couple',
  'stay',
]

/** Types without an order, and mostly without equality. */
const UNSORTED: Readonly<Record<string, readonly [string, string]>> = {
  json: ['{"a":  1}', '{"a": 1}'],
  documents: ['{}', '{"{\\"a\\": 1}"}'],
  xml: ['<a/>', 'text'],
  point: ['(1,2)', '(0,-0)'],
  line: ['{1,2,3}', '{0,1,0}'],
  lseg: ['[(0,0),(1,1)]', '[(1,1),(0,0)]'],
  box: ['(1,1),(0,0)', '(2,1),(1,0)'],
  path: ['[(0,0),(1,1)]', '((0,0),(1,1))'],
  polygon: ['((0,0),(1,1),(1,0))', '((0,0),(0,1),(1,0))'],
  circle: ['<(0,0),1>', '<(1,1),1>'],
  jsonpath: ['$.a[*] ? (@ > 1)', 'lax $'],
  xid: ['5', '6'],
  cid: ['1', '2'],
  pg_snapshot: ['10:20:10,14', '1:1:'],
  refcursor: ['c1', 'c2'],
}

const TYPES = `
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE DOMAIN positive AS int CHECK (value > 0);
  CREATE TYPE pair AS (a int, b text);
  CREATE DOMAIN feeling AS mood; CREATE DOMAIN felt AS feeling; CREATE DOMAIN period AS int4range; CREATE DOMAIN age AS period;
  CREATE DOMAIN periods AS int4multirange; CREATE DOMAIN numbers AS int[]; CREATE DOMAIN documents AS json[]; CREATE DOMAIN couple AS pair; CREATE TYPE stay AS (p period, m feeling);`

async function typed(samples: Readonly<Record<string, readonly [string, string]>>) {
  const types = Object.keys(samples)
  const made = await scene(`${TYPES}
    CREATE TABLE t (id int PRIMARY KEY, ${types.map((type, i) => `c${i} ${type}`).join(', ')})`)
  const literal = (value: string | null) => (value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`)
  const row = (pick: 0 | 1 | null) =>
    types.map((type) => literal(pick === null ? null : (samples[type]?.[pick] ?? '')))
  const change = (where: string, pick: 0 | 1 | null) =>
    `UPDATE t SET ${row(pick)
      .map((value, i) => `c${i} = ${value}`)
      .join(', ')} WHERE ${where}`
  for (const [id, pick] of [
    [1, 0],
    [2, 0],
    [3, 1],
    [4, null],
    [5, null],
  ] as const)
    await made.client.query(`INSERT INTO t VALUES (${id}, ${row(pick).join(', ')})`)
  /** Every value comes, goes, changes into the other and into NULL and back. */
  const steps = [
    `INSERT INTO t VALUES (6, ${row(1).join(', ')}), (7, ${row(null).join(', ')})`,
    change('id = 1', 1),
    `${change('id IN (2, 3)', null)}; ${change('id = 4', 0)}`,
    'DELETE FROM t WHERE id IN (1, 6)',
    `DELETE FROM t; INSERT INTO t VALUES (1, ${row(0).join(', ')})`,
    'DELETE FROM t',
  ]
  return { ...made, columns: types.map((_, i) => `c${i}`), steps }
}

async function follow(client: Scene['client'], names: readonly string[], steps: readonly string[]) {
  for (const step of steps) {
    await client.query(step)
    for (const name of names) {
      const action = await expectExactWhenQuiet(client, name, { image: true })
      expect(action).toBe('DIFFERENTIAL')
    }
  }
}

describe('every built-in type', () => {
  for (const [kind, samples] of Object.entries({ sorted: SORTED, unsorted: UNSORTED })) {
    test(`${kind}, as value of a keyed row and in a bag`, async () => {
      const { client, columns, steps } = await typed(samples)
      await create(client, 'keyed', `SELECT id, ${columns.join(', ')} FROM t`)
      await create(client, 'bag', `SELECT ${columns.join(', ')} FROM t`)
      await follow(client, ['keyed', 'bag'], steps)
    })
  }

  test('as group key, alone with NULL, and as MIN and MAX', async () => {
    const { client, columns, steps } = await typed(SORTED)
    const names: string[] = []
    for (let i = 0; i < columns.length; i += 5) {
      const keys = columns.slice(i, i + 5)
      await create(
        client,
        `by_${i}`,
        `SELECT ${keys.join(', ')}, count(*) AS n, min(id) AS least FROM t GROUP BY ${keys.join(', ')}`,
      )
      names.push(`by_${i}`)
    }
    // No min() and max() for these.
    const none = [
      'boolean',
      'uuid',
      'cidr',
      'macaddr',
      'macaddr8',
      'bit(4)',
      'bit varying',
      'jsonb',
      'tsvector',
      'tsquery',
      'int4range',
      'numrange',
      'tstzrange',
      'int4multirange',
      'name',
      '"char"',
      'oidvector',
      'regclass',
      'regtype',
      'bytea',
      'pair',
      'pair[]',
      ...OVER,
    ]
    const extremes = Object.keys(SORTED).flatMap((type, i) =>
      none.includes(type) ? [] : [`min(c${i}) AS least${i}, max(c${i}) AS most${i}`],
    )
    await create(client, 'extremes', `SELECT id % 2 AS g, ${extremes.join(', ')} FROM t GROUP BY id % 2`)
    await follow(client, [...names, 'extremes'], steps)
  })

  test.each([
    ['felt', true],
    ['age', false],
    ['period[]', false],
    ['stay', false],
  ])('%s, wherever values are compared', async (type, isScalar) => {
    const { client, steps } = await typed({ [type]: SORTED[type] ?? ['', ''] })
    await client.query(
      'CREATE TABLE u AS SELECT * FROM t; INSERT INTO u SELECT * FROM t; CREATE INDEX ON t (c0); CREATE INDEX ON u (c0)',
    )
    const queries: Readonly<Record<string, string>> = {
      grouped: 'SELECT c0, count(*) AS n, max(id) AS m FROM t GROUP BY c0',
      counted: 'SELECT id % 2 AS g, count(DISTINCT c0) AS n FROM t GROUP BY 1',
      hidden: 'SELECT count(*) AS n FROM (SELECT DISTINCT c0, id % 2 FROM u) AS q',
      bag: 'SELECT c0 FROM u',
      united: 'SELECT c0 FROM t UNION SELECT c0 FROM u',
      less: 'SELECT c0 FROM t EXCEPT ALL SELECT c0 FROM u',
      windowed: 'SELECT id, c0, count(*) OVER (PARTITION BY c0) AS n FROM t',
      ranked: 'SELECT id, rank() OVER (ORDER BY c0, id) AS n FROM t',
      first_of: 'SELECT DISTINCT ON (c0) c0, id FROM t ORDER BY c0, id',
      limited: 'SELECT id, c0 FROM t ORDER BY c0 NULLS FIRST, id LIMIT 2',
      correlated: `SELECT t.id, (SELECT count(*) FROM u WHERE u.id > t.id AND u.c0::text >= t.c0::text) AS n FROM t`,
      shown: `SELECT t.id, q.v FROM t LEFT JOIN LATERAL (SELECT t.c0 AS v FROM u WHERE u.id <= t.id ORDER BY u.id LIMIT 1) AS q ON true`,
      ...(isScalar && {
        walked: `WITH RECURSIVE r AS (SELECT id, c0 FROM t WHERE id = 1 UNION ALL SELECT t.id, t.c0 FROM r JOIN t ON t.id = r.id + 1)
          CYCLE c0 SET is_cycle USING path SELECT id, c0, is_cycle FROM r`,
      }),
    }
    for (const [name, query] of Object.entries(queries)) await create(client, name, query)
    await create(client, 'anew', queries.grouped ?? '', { mode: 'FULL' })
    for (const step of steps) {
      await client.query(
        `${step}; UPDATE u SET id = id + 1; DELETE FROM u WHERE id % 2 = 0; INSERT INTO u SELECT * FROM t`,
      )
      await expectExactWhenQuiet(client, 'anew', { image: true })
      for (const name of Object.keys(queries))
        expect(await expectExactWhenQuiet(client, name, { image: true }), name).toBe('DIFFERENTIAL')
    }
  })

  test('as join key', async () => {
    const { client, columns, steps } = await typed(SORTED)
    // PostgreSQL has no = for domains over enums.
    const few = columns.filter((_, i) => i % 5 === 0 && Object.keys(SORTED)[i] !== 'felt')
    await create(
      client,
      'joined',
      `SELECT a.id AS one, b.id AS two FROM t AS a JOIN t AS b ON ${few.map((c) => `a.${c} = b.${c}`).join(' AND ')}`,
    )
    await follow(client, ['joined'], steps.slice(0, 4))
  })
})

/** Equal to SQL, yet not the same: the stored image must follow, and groups must hold together. */
const EQUALS: Readonly<Record<string, { type: string; one: string; other: string }>> = {
  'numeric 1.0 and 1.00': { type: 'numeric', one: '1.0', other: '1.00' },
  'double 0 and -0': { type: 'double precision', one: '0', other: '-0' },
  'real 0 and -0': { type: 'real', one: '0', other: '-0' },
  "interval '1 day' and '24:00'": { type: 'interval', one: '1 day', other: '24:00' },
  "interval '30 days' and '1 mon'": { type: 'interval', one: '30 days', other: '1 mon' },
  'jsonb 1.0 and 1.00': { type: 'jsonb', one: '{"a": 1.0}', other: '{"a": 1.00}' },
  "'a' and 'A' under a case-blind collation": { type: 'text COLLATE blind', one: 'a', other: 'A' },
  "'a' and 'A' as citext": { type: 'citext', one: 'a', other: 'A' },
  'arrays of numeric': { type: 'numeric[]', one: '{1.0}', other: '{1.00}' },
  'ranges of numeric': { type: 'numrange', one: '[1.0,2]', other: '[1.00,2.0]' },
  'composites of numeric': { type: 'priced', one: '(1.0,x)', other: '(1.00,x)' },
  'arrays of what has no send function': { type: 'seg[]', one: '{1.0}', other: '{1.00}' },
  'composites of what has no send function': { type: 'measured', one: '(1.0,x)', other: '(1.00,x)' },
}

describe('equal but not identical', () => {
  for (const [name, { type, one, other }] of Object.entries(EQUALS)) {
    test(name, async () => {
      const { client } = await scene()
      await client.query(`CREATE EXTENSION IF NOT EXISTS citext SCHEMA public`)
      await client.query(`CREATE EXTENSION IF NOT EXISTS seg SCHEMA public`)
      await client.query(`CREATE TYPE priced AS (price numeric, what text); CREATE TYPE measured AS (about seg, what text);
        CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        CREATE TABLE t (id int PRIMARY KEY, v ${type}); CREATE TABLE u (v ${type} PRIMARY KEY, w int);
        INSERT INTO t VALUES (1, '${one}'), (2, '${one}'), (3, NULL); INSERT INTO u VALUES ('${one}', 10)`)
      const images = {
        keyed: 'SELECT id, v FROM t',
        bag: 'SELECT v FROM t',
        key: 'SELECT v, w FROM u',
      }
      const values = {
        grouped: 'SELECT v, count(*) AS n, max(id) AS most FROM t GROUP BY v',
        joined: 'SELECT t.id, u.w FROM t JOIN u ON t.v = u.v',
      }
      for (const [table, query] of Object.entries({ ...images, ...values }))
        await create(client, table, query)
      for (const step of [
        `UPDATE t SET v = '${other}' WHERE id = 1; UPDATE u SET v = '${other}'`,
        `INSERT INTO t VALUES (4, '${other}'); UPDATE t SET v = '${one}'`,
        `UPDATE t SET v = '${other}' WHERE id < 3; DELETE FROM u; INSERT INTO u VALUES ('${one}', 11)`,
        `DELETE FROM t WHERE id = 4; UPDATE t SET v = '${one}' WHERE id = 2; UPDATE u SET w = w + 1, v = '${other}'`,
        `DELETE FROM t WHERE v IS NOT NULL`,
        `INSERT INTO t VALUES (1, '${other}'), (2, '${one}')`,
      ]) {
        await client.query(step)
        for (const table of Object.keys(images)) await expectExactWhenQuiet(client, table, { image: true })
        for (const table of Object.keys(values)) await expectExactWhenQuiet(client, table)
      }
    })
  }
})

test('types that only hash beside types that only sort', async () => {
  const { client } = await scene(`
    CREATE EXTENSION IF NOT EXISTS seg SCHEMA public; CREATE TYPE marked AS (x xid, s seg); CREATE DOMAIN several AS xid[];
    CREATE TABLE t (id int PRIMARY KEY, x xid, a aclitem, s seg, m marked, d several DEFAULT '{1,2}');
    INSERT INTO t SELECT i, (i % 3)::text::xid, (current_user || '=r/' || current_user)::aclitem, (i % 2 || '.0')::seg, ROW((i % 3)::text::xid, '1.0'::seg)::marked FROM generate_series(1, 9) AS i`)
  await create(client, 'bag', 'SELECT x, a, s, m, d FROM t')
  await create(client, 'keyed', 'SELECT id, t AS whole FROM t')
  for (const step of [
    `UPDATE t SET x = '7', d = '{{1,2},{3,4}}' WHERE id < 3; UPDATE t SET d = '{}' WHERE id = 4`,
    `UPDATE t SET s = '1.00', m.s = '1.00' WHERE id < 6; INSERT INTO t SELECT id + 9, x, a, s, m FROM t WHERE id < 3`,
    'DELETE FROM t WHERE id % 2 = 0',
  ]) {
    await client.query(step)
    for (const table of ['bag', 'keyed']) {
      expect(await expectExactWhenQuiet(client, table, { image: true }), table).toBe('DIFFERENTIAL')
      expect((await client.query(`SELECT * FROM pgstream.verify_stream_table('${table}')`)).rows).toEqual([])
    }
  }
})

test('NULL in group keys, join keys and sums', async () => {
  const { client } = await scene(`
    CREATE TABLE t (a int, b text, v numeric); CREATE TABLE u (a int, w int);
    INSERT INTO t VALUES (NULL, NULL, NULL), (NULL, 'x', 1), (1, NULL, NULL), (1, 'x', 2); INSERT INTO u VALUES (NULL, 1), (1, 2)`)
  const names = {
    grouped:
      'SELECT a, b, count(*) AS n, sum(v) AS v, avg(v) AS mean, min(v) AS least, count(v) AS known FROM t GROUP BY a, b',
    by_a: 'SELECT a, sum(v) AS v, count(*) FILTER (WHERE v > 1) AS large FROM t GROUP BY a HAVING count(*) > 1',
    joined: 'SELECT t.b, u.w FROM t JOIN u ON t.a = u.a',
    same: 'SELECT t.b, u.w FROM t JOIN u ON t.a IS NOT DISTINCT FROM u.a',
    bag: 'SELECT a, b FROM t',
    whole: 'SELECT sum(v) AS v, max(a) AS a FROM t',
  }
  for (const [name, query] of Object.entries(names)) await create(client, name, query)
  for (const step of [
    'INSERT INTO t SELECT * FROM t',
    'UPDATE t SET v = 5 WHERE a IS NULL AND b IS NULL',
    'UPDATE t SET a = CASE WHEN a IS NULL THEN 1 END',
    `DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE a IS NULL LIMIT 2)`,
    'UPDATE u SET a = CASE WHEN a IS NULL THEN 1 END',
    'UPDATE t SET v = NULL',
    'DELETE FROM t WHERE b IS NULL',
    'DELETE FROM t',
    'INSERT INTO t VALUES (NULL, NULL, NULL)',
  ]) {
    await client.query(step)
    for (const name of Object.keys(names)) await expectExactWhenQuiet(client, name, { image: true })
  }
})
