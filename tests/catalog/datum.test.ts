import { PGlite } from '@electric-sql/pglite'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CompileError } from '../../src/compiler/catalog/error.ts'
import { withClient } from '../support/server.ts'
import { TYPE_ARBITRARIES } from './datum-arbitraries.ts'
import { quote, SAMPLE_TYPES, samples } from './datum-samples.ts'
import {
  decodeLiterals,
  differing,
  HOSTILE_SETTINGS,
  type Queryable,
  RESET_SETTINGS,
} from './decode-literals.ts'

const RUNS = Number(process.env.PG_STREAM_TEST_RUNS ?? 3)

describe('a constant reads back as the same datum, whatever the settings', () => {
  test('PostgreSQL', () => withClient(checkSamples, { pgStream: false }))

  test('PGlite', async () => {
    const db = await PGlite.create()
    // PGlite's query runs one statement.
    await checkSamples({
      query: (sql, parameters) => (parameters ? db.query(sql, parameters) : execute(db, sql)),
    })
    await db.close()
  })
})

async function execute(db: PGlite, sql: string): Promise<{ rows: unknown[] }> {
  const results = await db.exec(sql)
  return { rows: results.at(-1)?.rows ?? [] }
}

async function checkSamples(db: Queryable): Promise<void> {
  await db.query(`DROP SCHEMA IF EXISTS "Odd schema" CASCADE; ${SAMPLE_TYPES}`)
  const version = (await db.query(`SELECT current_setting('server_version_num')::integer AS v`)).rows[0] as {
    v: number
  }
  const hasXml = await db.query(`SELECT '<a/>'::xml`).then(
    () => true,
    () => false,
  )
  const literals = samples(version.v)
    .filter(({ type }) => hasXml || !/xml|priced/.test(type))
    .map(({ literal }) => literal)
  const decoded = await decodeLiterals(db, literals)
  expect(await differing(db, decoded)).toEqual([])
  await db.query(HOSTILE_SETTINGS)
  expect(await differing(db, decoded)).toEqual([])
  await db.query(RESET_SETTINGS)
}

describe('random values of', () => {
  test('every type', () =>
    withClient(
      async (client) => {
        await client.query(`DROP SCHEMA IF EXISTS "Odd schema" CASCADE; ${SAMPLE_TYPES}`)
        for (const { type, text } of TYPE_ARBITRARIES) {
          const batch = fc.array(text, { minLength: 1, maxLength: 60 })
          await fc.assert(
            fc.asyncProperty(batch, async (texts) => {
              const decoded = await decodeLiterals(
                client,
                texts.map((value) => `${quote(value)}::${type}`),
              )
              await client.query(HOSTILE_SETTINGS)
              const wrong = await differing(client, decoded).finally(() => client.query(RESET_SETTINGS))
              expect(wrong).toEqual([])
            }),
            { numRuns: RUNS },
          )
        }
      },
      { pgStream: false },
    ))
})

test('types without a decoder are refused with the way round', () =>
  withClient(
    async (client) => {
      await client.query('CREATE EXTENSION IF NOT EXISTS hstore; CREATE EXTENSION IF NOT EXISTS citext')
      for (const literal of [`'a=>1'::hstore`, `'{a=>1}'::hstore[]`]) {
        const refused = await decodeLiterals(client, [literal]).catch((error: unknown) => error)
        expect(refused).toBeInstanceOf(CompileError)
        expect(refused).toMatchObject({
          kind: 'unsupported',
          sqlstate: '0A000',
          hint: expect.stringContaining(`::text::public.${literal.split('::')[1]},`),
        })
      }
      expect(await differing(client, await decodeLiterals(client, [`${quote("it's")}::citext`]))).toEqual([])
    },
    { pgStream: false },
  ))

test('literals without a type stay so', () =>
  withClient(
    async (client) => {
      const [decoded] = await decodeLiterals(client, [`pg_typeof('it''s')`])
      expect(decoded).toMatchObject({ sql: `'it''s'::unknown`, isNull: false })
    },
    { pgStream: false },
  ))
