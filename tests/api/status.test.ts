/** The status that an owner sets, and what is in ERROR. */
import { expect, test } from 'vitest'
import { create, refresh, scenes } from '../concurrency/scene.ts'
import { expectExactWhenQuiet } from '../oracle/oracle.ts'

const scene = scenes()
const SETUP = 'CREATE TABLE t (id int PRIMARY KEY, a int, b int); INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)'

test.each([
  `SELECT pgstream.alter_stream_table('st', status => 'ACTIVE')`,
  `SELECT pgstream.alter_stream_table('st', status => 'active')`,
  `SELECT pgstream.resume_stream_table('st')`,
])('%s of what is in ERROR defines it again, or says what is missing', async (call) => {
  const { client } = await scene(SETUP)
  await create(client, 'st', 'SELECT id, a FROM t')
  await client.query('ALTER TABLE t DROP COLUMN a')
  const state = async () =>
    (
      await client.query(
        `SELECT s.status, s.broken_reason, s.last_error FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid = 'st'::regclass`,
      )
    ).rows[0]
  const broken = await state()
  expect(broken).toMatchObject({
    status: 'ERROR',
    broken_reason: expect.stringContaining('column a of source table'),
  })
  // Nobody has written the text that is read again: its spelling is not to be checked.
  await expect(client.query(call)).rejects.toMatchObject({
    code: '42703',
    hint: expect.stringMatching(
      /^Put back what is missing .*pgstream\.alter_stream_table\(name, query => …\)\.$/,
    ),
  })
  expect(await state()).toEqual(broken)
  // Set aside by its owner it does not lose why it is broken.
  await client.query(`SELECT pgstream.alter_stream_table('st', status => 'SUSPENDED')`)
  expect(await state()).toEqual({ ...broken, status: 'SUSPENDED' })
  await expect(client.query(call)).rejects.toMatchObject({ code: '42703' })
  await client.query('ALTER TABLE t ADD COLUMN a int DEFAULT 5')
  await client.query(call)
  expect(await state()).toEqual({ status: 'ACTIVE', broken_reason: null, last_error: null })
  await client.query('INSERT INTO t (id) VALUES (3)')
  expect(await expectExactWhenQuiet(client, 'st')).toBe('DIFFERENTIAL')
})

test('together with a query that holds it is resumed with that', async () => {
  const { client } = await scene(SETUP)
  await create(client, 'st', 'SELECT id, a FROM t')
  await client.query('ALTER TABLE t DROP COLUMN a')
  await client.query(
    `SELECT pgstream.alter_stream_table('st', query => 'SELECT id, b AS a FROM t', status => 'ACTIVE')`,
  )
  await client.query('INSERT INTO t VALUES (3, 3)')
  expect(await refresh(client, 'st')).toBe('DIFFERENTIAL')
  await expectExactWhenQuiet(client, 'st')
})
