/** What stands in the way of maintaining a query incrementally may pass; then mode AUTO does so again. */
import { afterEach, describe, expect, test } from 'vitest'
import { create, refresh } from '../concurrency/scene.ts'
import { expectExactWhenQuiet } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let db: FreshDatabase

afterEach(() => db.close())

const MADE = `CREATE TABLE a (id int PRIMARY KEY, v int); INSERT INTO a SELECT i, i % 3 FROM generate_series(1, 20) AS i;
  CREATE TABLE p (id int, v int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
  INSERT INTO p SELECT * FROM a;
  CREATE TABLE parent (id int, v int); INSERT INTO parent SELECT * FROM a; CREATE TABLE child (id int, v int);
  CREATE EXTENSION IF NOT EXISTS file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
  CREATE FOREIGN TABLE f (id int, v int) SERVER files OPTIONS (filename '/dev/null');
  CREATE FUNCTION plus(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';`

/** The table, what comes into the way, what takes it out of the way, the query where it is another. */
const OBSTACLES: Readonly<Record<string, readonly [string, string, string, string?]>> = {
  'an unlogged table': ['a', 'ALTER TABLE a SET UNLOGGED', 'ALTER TABLE a SET LOGGED'],
  'a foreign partition, detached': [
    'p',
    'ALTER TABLE p ATTACH PARTITION f FOR VALUES FROM (1000) TO (2000)',
    'ALTER TABLE p DETACH PARTITION f',
  ],
  'a foreign partition, dropped': [
    'p',
    'ALTER TABLE p ATTACH PARTITION f FOR VALUES FROM (1000) TO (2000)',
    'DROP FOREIGN TABLE f',
  ],
  'an unlogged partition': ['p', 'ALTER TABLE p1 SET UNLOGGED', 'ALTER TABLE p1 SET LOGGED'],
  'an unlogged child that leaves': [
    'parent',
    'ALTER TABLE child SET UNLOGGED; ALTER TABLE child INHERIT parent',
    'ALTER TABLE child NO INHERIT parent',
  ],
  'a function that is not immutable': [
    'a',
    'ALTER FUNCTION plus(int) STABLE',
    'ALTER FUNCTION plus(int) IMMUTABLE',
    'SELECT plus(v) AS v, count(*) AS n FROM a GROUP BY 1',
  ],
}

describe.each([
  { watched: true, noticed: 'as it happens' },
  { watched: false, noticed: 'by refreshes' },
])('where DDL is noticed $noticed', ({ watched }) => {
  test.each(Object.entries(OBSTACLES))('%s', async (_, [table, comes, goes, query]) => {
    db = await freshDatabase({ watched })
    const { client } = db
    await client.query(MADE)
    await create(client, 'st', query ?? `SELECT v, count(*) AS n FROM ${table} GROUP BY v`, { mode: 'AUTO' })
    let written = 100
    const write = () =>
      client.query(
        `INSERT INTO ${table} VALUES (${++written}, 5); DELETE FROM ${table} WHERE id = ${written - 100}`,
      )
    const exact = async () => {
      const action = await expectExactWhenQuiet(client, 'st')
      await write()
      return [action, await expectExactWhenQuiet(client, 'st')]
    }
    for (let round = 0; round < 2; round++) {
      await write()
      await client.query(comes)
      expect((await exact())[1]).toBe('FULL')
      await write()
      if (round === 1 && goes.startsWith('DROP')) break
      await client.query(goes)
      await write()
      expect((await exact())[1]).toBe('DIFFERENTIAL')
      const { rows } = await client.query(
        `SELECT value FROM pgstream.explain_st('st') WHERE property LIKE 'not incr%'`,
      )
      expect(rows).toEqual([])
      if (goes.startsWith('DROP'))
        await client.query(
          `CREATE FOREIGN TABLE f (id int, v int) SERVER files OPTIONS (filename '/dev/null')`,
        )
    }
  })

  test.each(Object.entries(OBSTACLES).filter(([name]) => /unlogged|foreign/.test(name)))(
    '%s, in mode DIFFERENTIAL',
    async (_, [table, comes, goes]) => {
      db = await freshDatabase({ watched })
      const { client } = db
      await client.query(MADE)
      await create(client, 'st', `SELECT v, count(*) AS n FROM ${table} GROUP BY v`, { schedule: '1s' })
      let written = 100
      const write = () =>
        client.query(
          `INSERT INTO ${table} VALUES (${++written}, 5); DELETE FROM ${table} WHERE id = ${written - 100}`,
        )
      const status = async () =>
        (await client.query('SELECT status FROM pgstream.pgs_status()')).rows[0].status
      for (const by of ['a person', 'the scheduler']) {
        await client.query(comes)
        await write()
        await client.query('CALL pgstream.run_scheduler()')
        await expect(refresh(client, 'st')).rejects.toMatchObject({ code: '55000' })
        await write()
        await client.query(goes)
        await write()
        if (by === 'a person') expect(await refresh(client, 'st')).toBe('REINITIALIZE')
        else
          await expect
            .poll(
              async () => {
                // It looks for what nobody told of by the clock.
                await client.query(`UPDATE pgstream._scheduler SET watched_at = '-infinity'`)
                await client.query('CALL pgstream.run_scheduler()')
                return status()
              },
              { timeout: 20_000, interval: 300 },
            )
            .toBe('ACTIVE')
        await expectExactWhenQuiet(client, 'st')
        await write()
        expect(await expectExactWhenQuiet(client, 'st')).toBe('DIFFERENTIAL')
        if (goes.startsWith('DROP'))
          await client.query(
            `CREATE FOREIGN TABLE f (id int, v int) SERVER files OPTIONS (filename '/dev/null')`,
          )
      }
    },
  )

  test('what is broken otherwise, or was suspended by its owner, does not go on by itself', async () => {
    db = await freshDatabase({ watched })
    const { client } = db
    await client.query(`${MADE} CREATE TABLE b (id int PRIMARY KEY, v int, w int)`)
    await create(client, 'rested', 'SELECT v, count(*) AS n FROM b GROUP BY v')
    await create(client, 'st', 'SELECT w, count(*) AS n FROM a JOIN b USING (id) GROUP BY w')
    const statuses = async () => {
      await client.query('CALL pgstream.run_scheduler()')
      return (await client.query('SELECT status FROM pgstream.pgs_status() ORDER BY name')).rows.map(
        (row) => row.status,
      )
    }
    await client.query(`SELECT pgstream.alter_stream_table('rested', status => 'SUSPENDED')`)
    await client.query('ALTER TABLE a SET UNLOGGED; ALTER TABLE b SET UNLOGGED')
    await statuses()
    await client.query('ALTER TABLE b SET LOGGED')
    // Of two obstacles one has passed.
    await expect(refresh(client, 'st')).rejects.toMatchObject({ code: '55000' })
    await expect(refresh(client, 'rested')).rejects.toMatchObject({ code: '55000' })
    await client.query('ALTER TABLE b DROP COLUMN w; ALTER TABLE a SET LOGGED')
    await expect(refresh(client, 'st')).rejects.toThrow(/./)
    expect((await statuses())[0]).toBe('SUSPENDED')
    await client.query('ALTER TABLE b ADD COLUMN w int')
    for (const name of ['rested', 'st']) {
      await client.query(`SELECT pgstream.resume_stream_table('${name}')`)
      await client.query(`INSERT INTO b VALUES (${name.length}, 1, 1)`)
      await expectExactWhenQuiet(client, name)
    }
  })

  test('the right to capture is given', async () => {
    db = await freshDatabase({ watched })
    const role = `owner_${db.name}`
    await db.client.query(
      `${MADE} CREATE ROLE ${role} LOGIN; GRANT SELECT ON a TO ${role}; GRANT CREATE ON SCHEMA public TO ${role}`,
    )
    try {
      const client = await db.connect(role)
      await create(client, 'st', 'SELECT v, count(*) AS n FROM a GROUP BY v', { mode: 'AUTO' })
      await db.client.query('INSERT INTO a VALUES (100, 5)')
      expect(await refresh(client, 'st')).toBe('FULL')
      await db.client.query(`GRANT TRIGGER ON a TO ${role}`)
      // Where DDL is watched, a refresh asks once a second for what it is not told.
      await expect.poll(() => refresh(client, 'st'), { timeout: 10_000, interval: 300 }).not.toBe('FULL')
      await db.client.query('INSERT INTO a VALUES (101, 5)')
      expect(await expectExactWhenQuiet(client, 'st')).toBe('DIFFERENTIAL')
      await client.end()
    } finally {
      await db.client.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`)
    }
  })
})
