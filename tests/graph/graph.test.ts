import { expect, test } from 'vitest'
import { upgrade } from '../../src/hosts/install.ts'
import { create, type Scene, scenes } from '../concurrency/scene.ts'

const scene = scenes()

/** The groups of several, each as the names of its members in the order of refresh. */
async function groups({ client, schema }: Scene): Promise<string[]> {
  await client.query('SELECT pgstream._follow_graph()')
  const { rows } = await client.query(
    `SELECT string_agg(s.pgs_name, ' ' ORDER BY g.depth, s.pgs_name) AS members
     FROM pgstream.graph g JOIN pgstream.pgs_stream_tables s USING (pgs_id)
     WHERE s.pgs_schema = $1 GROUP BY g.group_id HAVING count(*) > 1 ORDER BY 1`,
    [schema],
  )
  return rows.map(({ members }) => members)
}

async function facts({ client, schema }: Scene, columns: string): Promise<Record<string, unknown>> {
  await client.query('SELECT pgstream._follow_graph()')
  const { rows } = await client.query(
    `SELECT s.pgs_name AS name, ${columns} AS value FROM pgstream.graph g JOIN pgstream.pgs_stream_tables s USING (pgs_id)
     WHERE s.pgs_schema = $1 ORDER BY s.pgs_name`,
    [schema],
  )
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}

const TABLES = 'CREATE TABLE t (id int PRIMARY KEY, v int); CREATE TABLE u (id int PRIMARY KEY, v int)'
const from = (...names: string[]) =>
  `SELECT ${names[0]}.id, ${names.map((name) => `${name}.v`).join(' + ')} AS v FROM ${names[0]}${names
    .slice(1)
    .map((name) => ` JOIN ${name} ON ${name}.id = ${names[0]}.id`)
    .join('')}`

test('a chain has no group, and an order', async () => {
  const at = await scene(TABLES)
  await create(at.client, 'a', from('t'))
  await create(at.client, 'b', from('a'))
  await create(at.client, 'c', from('b'))
  expect(await groups(at)).toEqual([])
  expect(await facts(at, `g.depth || ' ' || g.rank || ' ' || g.is_alone`)).toEqual({
    a: '0 0 true',
    b: '1 1 false',
    c: '2 2 false',
  })
})

test('a self-join of one stream table is no diamond', async () => {
  const at = await scene(TABLES)
  await create(at.client, 'a', from('t'))
  await create(at.client, 'b', 'SELECT x.id, y.v FROM a AS x JOIN a AS y ON x.id = y.v')
  expect(await groups(at)).toEqual([])
})

test.each([
  ['two ways from a table', { a: ['t'], b: ['t'], d: ['a', 'b'] }, ['a b d']],
  ['a way with a stream table and one without', { a: ['t'], d: ['a', 't'] }, ['a d']],
  ['ways of different length', { a: ['t'], b: ['a'], c: ['t'], d: ['b', 'c'] }, ['a c b d']],
  [
    'ways from a stream table, which is not of the group',
    { x: ['t'], a: ['x'], b: ['x'], d: ['a', 'b'] },
    ['a b d'],
  ],
  ['no table in common', { a: ['t'], b: ['u'], d: ['a', 'b'] }, []],
  [
    'a reader below the meeting is not of the group',
    { a: ['t'], b: ['t'], d: ['a', 'b'], e: ['d'] },
    ['a b d'],
  ],
  [
    'two diamonds with a side in common',
    { a: ['t'], b: ['t'], c: ['t'], d: ['a', 'b'], e: ['b', 'c'] },
    ['a b c d e'],
  ],
  [
    'two diamonds in a row',
    { a: ['t'], b: ['t'], d: ['a', 'b'], e: ['d'], f: ['d'], g: ['e', 'f'] },
    ['a b d', 'e f g'],
  ],
  ['four ways', { a: ['t'], b: ['t'], c: ['t'], e: ['t'], d: ['a', 'b', 'c', 'e'] }, ['a b c e d']],
])('diamond: %s', async (_, tables, expected) => {
  const at = await scene(TABLES)
  for (const [name, sources] of Object.entries(tables))
    await create(at.client, name, from(...(sources as string[])))
  expect(await groups(at)).toEqual(expected)
})

test('a declared group holds what does not meet, and what lies on a way between its members', async () => {
  const at = await scene(TABLES)
  const { client } = at
  await create(client, 'a', from('t'))
  await create(client, 'b', from('u'))
  await create(client, 'x', from('a'))
  await create(client, 'y', from('x'))
  const declare = (name: string, group: string) =>
    client.query('SELECT pgstream.alter_stream_table($1, consistency_group => $2)', [name, group])
  await declare('a', 'report')
  await declare('b', 'report')
  expect(await groups(at)).toEqual(['a b'])
  // x reads a and is read by y: were it left out, the way would leave the group and come back.
  await declare('y', 'report')
  expect(await groups(at)).toEqual(['a b x y'])
  await declare('y', '')
  await declare('b', '')
  expect(await groups(at)).toEqual([])
})

test('a declared group holds the ways by which its members read one table', async () => {
  const at = await scene(TABLES)
  const { client } = at
  await create(client, 's', from('t'))
  await create(client, 'a', from('t'))
  await create(client, 'b', from('s'))
  await create(client, 'c', from('u'))
  for (const name of ['a', 'b', 'c'])
    await client.query(`SELECT pgstream.alter_stream_table($1, consistency_group => 'ways')`, [name])
  expect(await groups(at)).toEqual(['a c s b'])
})

test('a declared group holds what its members read different tables through', async () => {
  const at = await scene(TABLES)
  const { client } = at
  await create(client, 's', from('t'))
  await create(client, 'm', from('s'))
  await create(client, 'a', from('m'))
  await create(client, 'b', from('u'))
  await create(client, 'other', from('m'))
  for (const name of ['a', 'b'])
    await client.query(`SELECT pgstream.alter_stream_table($1, consistency_group => 'tables')`, [name])
  expect(await groups(at)).toEqual(['b s m a'])
  await client.query('BEGIN; INSERT INTO t VALUES (1000, 1); INSERT INTO u VALUES (1000, 1); COMMIT')
  await client.query(`SELECT pgstream.refresh_stream_table('b')`)
  const { rows } = await client.query(
    'SELECT (SELECT count(*) FROM a WHERE id = 1000) AS a, (SELECT count(*) FROM b WHERE id = 1000) AS b',
  )
  expect(rows).toEqual([{ a: '1', b: '1' }])
})

test('members of a declared group that part at one stream table do not take it in', async () => {
  const at = await scene(TABLES)
  const { client } = at
  await create(client, 's', from('t'))
  await create(client, 'a', from('s'))
  await create(client, 'b', from('s'))
  for (const name of ['a', 'b'])
    await client.query(`SELECT pgstream.alter_stream_table($1, consistency_group => 'parting')`, [name])
  expect(await groups(at)).toEqual(['a b'])
})

test('groups that read each other both ways are one', async () => {
  const at = await scene(TABLES)
  const { client } = at
  for (const [name, source] of Object.entries({ a1: 't', b1: 'a1', b2: 'u', a2: 'b2' }))
    await create(client, name, from(source))
  for (const name of ['a1', 'a2', 'b1', 'b2'])
    await client.query('SELECT pgstream.alter_stream_table($1, consistency_group => $2)', [name, name[0]])
  expect(await groups(at)).toEqual(['a1 b2 a2 b1'])
})

test('a group is given with the definition, and goes with it', async () => {
  const at = await scene(TABLES)
  const { client } = at
  for (const name of ['a', 'b'])
    await client.query(
      `SELECT pgstream.create_stream_table($1, 'SELECT id FROM t', '1h', consistency_group => 'g')`,
      [name],
    )
  expect(await groups(at)).toEqual(['a b'])
  await client.query(`SELECT pgstream.drop_stream_table('a')`)
  expect(await groups(at)).toEqual([])
})

test('calculated: the tightest bound of all who read it, however far; a minute when nobody does', async () => {
  const at = await scene(TABLES)
  const { client } = at
  const of = (name: string, source: string, schedule: string) =>
    create(client, name, from(source), { schedule })
  await of('a', 't', 'calculated')
  expect(await facts(at, 'g.seconds')).toEqual({ a: 60 })
  await of('b', 'a', 'calculated')
  await of('c', 'b', '10m')
  expect(await facts(at, 'g.seconds')).toEqual({ a: 600, b: 600, c: 600 })
  await of('d', 'a', '5s')
  expect(await facts(at, 'g.seconds')).toEqual({ a: 5, b: 600, c: 600, d: 5 })
  await client.query(`SELECT pgstream.alter_stream_table('c', schedule => '2s')`)
  expect(await facts(at, 'g.seconds')).toEqual({ a: 2, b: 2, c: 2, d: 5 })
  await client.query(`SELECT pgstream.drop_stream_table('c'), pgstream.drop_stream_table('d')`)
  expect(await facts(at, 'g.seconds')).toEqual({ a: 60, b: 60 })
})

test('a reader that has time makes nothing older that was a minute old', async () => {
  const at = await scene(TABLES)
  const { client } = at
  await create(client, 'a', from('t'), { schedule: 'calculated' })
  await create(client, 'b', from('a'), { schedule: 'calculated' })
  await create(client, 'top', from('b'), { schedule: 'calculated' })
  for (const schedule of ['1d', '20 4 * * *', '5s']) {
    await create(client, 'slow', from('a'), { schedule })
    const slow = schedule === '1d' ? 86400 : schedule === '5s' ? 5 : null
    expect(await facts(at, 'g.seconds')).toEqual({ a: Math.min(slow ?? 60, 60), b: 60, slow, top: 60 })
    await client.query(`SELECT pgstream.drop_stream_table('slow')`)
  }
  // Of what was given a time, or is of one moment with such (`a`, through which a member reads), nothing is asked that nobody asked for.
  await create(client, 'slow', from('b'), { schedule: '@daily' })
  await create(client, 'kept', from('u'), { schedule: '1h' })
  await create(client, 'with_it', from('a'), { schedule: 'calculated' })
  await create(client, 'over', from('with_it'), { schedule: 'calculated' })
  for (const name of ['kept', 'with_it'])
    await client.query(`SELECT pgstream.alter_stream_table($1, consistency_group => 'g')`, [name])
  const seconds = { a: 3600, b: 60, kept: 3600, over: 60, slow: null, top: 60, with_it: 3600 }
  expect(await facts(at, 'g.seconds')).toEqual(seconds)
  await client.query(`SELECT pgstream.alter_stream_table('b', schedule => '@hourly')`)
  expect(await facts(at, 'g.seconds')).toEqual({ ...seconds, b: null })
})

test('an upgrade has the graph computed anew: the version before may have had other rules', async () => {
  const at = await scene(TABLES)
  await create(at.client, 'a', from('t'), { schedule: 'calculated' })
  await facts(at, 'g.seconds')
  await at.client.query('UPDATE pgstream.graph SET seconds = NULL')
  expect(await facts(at, 'g.seconds')).toEqual({ a: null })
  await upgrade(at.client, undefined)
  expect(await facts(at, 'g.seconds')).toEqual({ a: 60 })
})

test('calculated, read by cron: due when its readers are', async () => {
  const at = await scene(TABLES)
  const { client } = at
  await create(client, 'a', from('t'), { schedule: 'calculated' })
  await create(client, 'b', from('a'), { schedule: '0 3 * * *' })
  await create(client, 'c', from('a'), { schedule: '@hourly' })
  expect(await facts(at, 'g.crons')).toEqual({
    a: ['0 3 * * *', '@hourly'],
    b: ['0 3 * * *'],
    c: ['@hourly'],
  })
  expect(await facts(at, 'g.seconds')).toEqual({ a: null, b: null, c: null })
  await client.query(`INSERT INTO t VALUES (1, 1)`)
  const due = async () => (await client.query('SELECT FROM pgstream._due()')).rowCount
  expect(await due()).toBe(0)
  await client.query(
    `UPDATE pgstream.frontiers SET checked_at = checked_at - interval '1 hour'; UPDATE pgstream.graph SET fires_at = NULL`,
  )
  expect(await due()).toBeGreaterThan(0)
  await client.query('CALL pgstream.run_scheduler()')
  expect((await client.query('TABLE c')).rows).toEqual([{ id: 1, v: 1 }])
  expect(await due()).toBe(0)
})

test('wide layers do not multiply: every table reads all of the layer below', async () => {
  const at = await scene(TABLES)
  const { client } = at
  let below = ['t']
  for (let layer = 0; layer < 4; layer++) {
    const names = Array.from({ length: 6 }, (_, i) => `l${layer}_${i}`)
    for (const name of names)
      await create(client, name, below.map((each) => `SELECT id, v FROM ${each}`).join(' UNION ALL '), {
        initialize: false,
      })
    below = names
  }
  const depths = await facts(at, 'g.depth')
  expect(new Set(Object.values(depths))).toEqual(new Set([0, 1, 2, 3]))
  expect(await groups(at)).toHaveLength(1)
})

const FAMILIES = `CREATE TABLE t (id int, v int) PARTITION BY RANGE (id);
  CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100);
  CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (100) TO (200);
  CREATE TABLE parent (id int, v int); CREATE TABLE other (id int, v int);
  CREATE TABLE child () INHERITS (parent); CREATE TABLE grandchild () INHERITS (child);
  CREATE TABLE of_both () INHERITS (parent, other)`

test.each([
  ['a partitioned table and its partition', { a: ['t'], b: ['t1'], d: ['a', 'b'] }, ['a b d']],
  ['two partitions', { a: ['t1'], b: ['t2'], d: ['a', 'b'] }, []],
  ['a parent and its grandchild', { a: ['parent'], b: ['grandchild'], d: ['a', 'b'] }, ['a b d']],
  ['two parents of one child', { a: ['parent'], b: ['other'], d: ['a', 'b'] }, ['a b d']],
  ['a partition read directly', { a: ['t'], d: ['a', 't2'] }, ['a d']],
])('tables with rows in common meet: %s', async (_, tables, expected) => {
  for (const mode of ['AUTO', 'FULL']) {
    const at = await scene(FAMILIES)
    for (const [name, sources] of Object.entries(tables))
      await create(at.client, name, from(...(sources as string[])), { mode })
    expect(await groups(at)).toEqual(expected)
  }
})

test.each(['AUTO', 'FULL'])('groups follow partitions and children that come and go: %s', async (mode) => {
  const at = await scene(`CREATE TABLE t (id int NOT NULL, v int) PARTITION BY RANGE (id);
    CREATE TABLE t1 (id int NOT NULL, v int); CREATE TABLE parent (id int, v int); CREATE TABLE child (id int, v int)`)
  const { client } = at
  for (const [name, ...sources] of [
    ['a', 't'],
    ['b', 't1'],
    ['d', 'a', 'b'],
    ['e', 'parent'],
    ['f', 'child'],
    ['g', 'e', 'f'],
  ])
    await create(client, String(name), from(...sources), { mode })
  expect(await groups(at)).toEqual([])
  await client.query('ALTER TABLE t ATTACH PARTITION t1 FOR VALUES FROM (0) TO (100)')
  expect(await groups(at)).toEqual(['a b d'])
  await client.query('ALTER TABLE child INHERIT parent')
  expect(await groups(at)).toEqual(['a b d', 'e f g'])
  await client.query('ALTER TABLE t DETACH PARTITION t1')
  expect(await groups(at)).toEqual(['e f g'])
  await client.query('ALTER TABLE child NO INHERIT parent')
  expect(await groups(at)).toEqual(mode === 'AUTO' ? [] : ['e f g'])
})

test('a definition that is not committed keeps nobody else from being scheduled and grouped', async () => {
  const at = await scene(TABLES)
  const { client, open } = at
  await create(client, 'a', from('t'))
  await client.query('CALL pgstream.run_scheduler()')
  const defining = await open()
  await defining.query('BEGIN')
  await create(defining, 'over', from('a'))
  await create(client, 'b', from('u'), { schedule: '1s', initialize: false })
  await create(client, 'c', from('b'), { schedule: '1s', initialize: false })
  await create(client, 'd', from('b', 'c'), { schedule: '1s', initialize: false })
  await client.query('CALL pgstream.run_scheduler()')
  expect(await groups(at)).toEqual(['c d'])
  const { rows } = await client.query(
    `SELECT bool_and(is_populated) AS ok FROM pgstream.pgs_stream_tables WHERE pgs_schema = $1`,
    [at.schema],
  )
  expect(rows).toEqual([{ ok: true }])
  await defining.query('COMMIT')
  expect(Object.keys(await facts(at, 'g.rank'))).toEqual(['a', 'b', 'c', 'd', 'over'])
})

test('a refresh in a transaction that stays open keeps no definition from being scheduled', async () => {
  const at = await scene(TABLES)
  const { client, open } = at
  await create(client, 'a', from('t'))
  await create(client, 'b', from('a'))
  const person = await open()
  await person.query('BEGIN')
  await person.query(`SELECT pgstream.refresh_stream_table('b')`)
  await create(client, 'c', from('u'), { schedule: '1s', initialize: false })
  await client.query('CALL pgstream.run_scheduler()')
  expect(Object.keys(await facts(at, 'g.rank'))).toEqual(['a', 'b', 'c'])
  await person.query('COMMIT')
})

test('a bound reaches through longer ones to all that it reads, and not past times by cron', async () => {
  const at = await scene(TABLES)
  const { client } = at
  const notices: string[] = []
  client.on('notice', ({ message, detail }) => notices.push(`${message}: ${detail}`))
  await create(client, 'd1', from('t'), { schedule: 'calculated' })
  await create(client, 'd2', from('d1'), { schedule: '1h' })
  await create(client, 'd3', from('d2'), { schedule: '1s' })
  await create(client, 'd4', from('d2'), { schedule: '@daily' })
  expect(await facts(at, 'g.seconds')).toEqual({ d1: 1, d2: 1, d3: 1, d4: null })
  expect(await facts(at, 'g.crons')).toEqual({ d1: ['@daily'], d2: ['@daily'], d3: [], d4: ['@daily'] })
  expect(notices).toEqual([])
  await client.query(`SELECT pgstream.alter_stream_table('d2', schedule => '@hourly')`)
  expect(await facts(at, 'g.seconds')).toEqual({ d1: null, d2: null, d3: 1, d4: null })
  expect(await facts(at, 'g.crons')).toEqual({ d1: ['@hourly'], d2: ['@hourly'], d3: [], d4: ['@daily'] })
  await create(client, 'd5', from('d3'), { schedule: '2s' })
  const why = `Of what it reads, ${at.schema}.d2 is refreshed only at @hourly.`
  expect(notices).toEqual([
    `stream table "d3" will be older than its schedule 1s says: ${why}`,
    `stream table "d5" will be older than its schedule 2s says: ${why}`,
  ])
})

test('what a bound above needs is refreshed for it', async () => {
  const { client } = await scene(TABLES)
  await create(client, 'd1', from('t'), { schedule: 'calculated' })
  await create(client, 'd2', from('d1'), { schedule: '1h' })
  await create(client, 'd3', from('d2'), { schedule: '1s' })
  await client.query('INSERT INTO t VALUES (1, 1)')
  await client.query('CALL pgstream.run_scheduler()')
  expect((await client.query('SELECT * FROM d3')).rows).toEqual([{ id: 1, v: 1 }])
})

test.each(['AUTO', 'FULL'])(
  'after an outage who had to read what was not brought up to date yet follows it, and does not wait for its own bound: %s',
  async (mode) => {
    const at = await scene(TABLES)
    const { client } = at
    await create(client, 'd1', from('t'), { schedule: '1s' })
    await create(client, 'd2', from('d1'), { schedule: '1h', mode })
    await client.query('CALL pgstream.run_scheduler()')
    await client.query('INSERT INTO t VALUES (1, 1)')
    // Nobody was there for three hours; another caller has d1 in hand, which has much to consume.
    await client.query(
      `UPDATE pgstream.frontiers SET checked_at = checked_at - interval '3 hours', data_timestamp = data_timestamp - interval '3 hours'
     WHERE pgs_id IN (SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_schema = current_schema());
     UPDATE pgstream._scheduler SET looked_at = looked_at - interval '3 hours',
       behind_as_of = ARRAY(SELECT a - interval '3 hours' FROM unnest(behind_as_of) AS a)`,
    )
    const other = await at.open()
    await other.query(
      `BEGIN; SELECT FROM pgstream.frontiers JOIN pgstream.pgs_stream_tables s USING (pgs_id)
     WHERE s.pgs_relid = 'd1'::regclass FOR UPDATE OF frontiers`,
    )
    await client.query('CALL pgstream.run_scheduler()')
    await other.query('ROLLBACK')
    await client.query('CALL pgstream.run_scheduler(2.5)')
    expect((await client.query('TABLE d2')).rows).toEqual([{ id: 1, v: 1 }])
    const { rows } = await client.query(`SELECT pgstream.get_staleness('d2') < 60 AS is_fresh`)
    expect(rows).toEqual([{ is_fresh: true }])
  },
)

test('a bound holds for the whole group, and for what its members read: whatever has news, and whatever its schedule', async () => {
  const at = await scene(TABLES)
  const { client } = at
  await create(client, 'below', from('u'), { schedule: '1h' })
  await create(client, 'a', from('t'), { schedule: '1s' })
  await create(client, 'b', from('below'), { schedule: '1h' })
  await create(client, 'c', from('u'), { schedule: '@yearly' })
  await create(client, 'd', from('u'), { schedule: 'calculated' })
  await create(client, 'f', from('u'), { schedule: '1h', mode: 'FULL' })
  expect(await facts(at, 'g.seconds')).toEqual({ a: 1, b: 3600, below: 3600, c: null, d: 60, f: 3600 })
  for (const name of ['a', 'b', 'c', 'd', 'f'])
    await client.query(`SELECT pgstream.alter_stream_table($1, consistency_group => 'pages')`, [name])
  expect(await facts(at, 'g.seconds')).toEqual({ a: 1, b: 1, below: 1, c: 1, d: 1, f: 1 })
  expect((await facts(at, `'@yearly' = ANY (g.crons)`)).c).toBe(true)
  // Recomputed is nothing here, so that only the news of another member can make the group due.
  await client.query(`SELECT pgstream.drop_stream_table('f')`)
  await client.query('CALL pgstream.run_scheduler()')
  await client.query('INSERT INTO u VALUES (1, 1)')
  const before = (await client.query('SELECT clock_timestamp() AS at')).rows[0].at
  await client.query('CALL pgstream.run_scheduler()')
  for (const name of ['b', 'c', 'd'])
    expect((await client.query(`TABLE ${name}`)).rows).toEqual([{ id: 1, v: 1 }])
  const { rows } = await client.query(
    `SELECT DISTINCT data_timestamp >= $1 AS is_new FROM pgstream.stream_tables_info WHERE pgs_schema = $2`,
    [before, at.schema],
  )
  expect(rows).toEqual([{ is_new: true }])
  // Without a bound the times by cron decide.
  await client.query(
    `SELECT pgstream.alter_stream_table('a', schedule => 'calculated'), pgstream.drop_stream_table('b')`,
  )
  expect(await facts(at, 'g.seconds')).toEqual({ a: null, below: 3600, c: null, d: null })
})

test('a refresh reads its own rows of the catalog, however many stream tables there are', async () => {
  const at = await scene(TABLES)
  for (let i = 0; i < 24; i++) await create(at.client, `s${i}`, from(i === 0 ? 't' : `s${i - 1}`))
  await at.client.query('SELECT pgstream._follow_graph(); ANALYZE pgstream.graph, pgstream.frontiers')
  const read = async () => {
    const { rows } = await at.client.query(
      `SELECT sum(coalesce(t.seq_tup_read, 0) + coalesce(t.idx_tup_fetch, 0))::int AS n
       FROM pg_stat_xact_user_tables t WHERE t.relid IN ('pgstream.graph'::regclass, 'pgstream.pgs_stream_tables'::regclass, 'pgstream.frontiers'::regclass)`,
    )
    return rows[0].n
  }
  await at.client.query('BEGIN')
  const before = await read()
  const { rows } = await at.client.query(
    `SELECT pgstream._is_whole(ARRAY[s.pgs_id]) AS whole FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid = 's7'::regclass`,
  )
  expect(rows).toEqual([{ whole: true }])
  // Its own row, twice; and that of the question.
  expect((await read()) - before).toBeLessThan(8)
  // PostgreSQL reads so few rows in a row, if it may.
  await at.client.query('SET LOCAL enable_seqscan = off')
  const asked = await read()
  await at.client.query(
    `SELECT pgstream._note_look(ARRAY[s.pgs_id], ARRAY['NO_DATA'], ARRAY[0::numeric], now(), now(), pg_current_snapshot(), 0, false)
     FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid = 's7'::regclass`,
  )
  expect((await read()) - asked).toBeLessThan(8)
  await at.client.query('ROLLBACK')
})
