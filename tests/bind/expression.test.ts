import { describe, expect, test } from 'vitest'
import { freshPGlite } from '../support/pglite.ts'
import { withClient } from '../support/server.ts'
import {
  CORPUS_SETUP,
  EXPRESSIONS,
  EXPRESSIONS_16,
  EXPRESSIONS_17,
  EXPRESSIONS_18,
  XML_EXPRESSIONS,
} from './expression-corpus.ts'
import { bindAll, type Database, decisions, differing } from './expression-roundtrip.ts'

const HOSTILE_SETTINGS = `
  SET search_path = pg_catalog, pg_temp; SET DateStyle = 'German'; SET IntervalStyle = 'sql_standard';
  SET TimeZone = 'Asia/Kathmandu'; SET extra_float_digits = 0; SET bytea_output = 'escape'; SET xmloption = 'document';
  SET standard_conforming_strings = off; SET escape_string_warning = off; SET transform_null_equals = on`

describe('a printed expression evaluates as the analysed one', () => {
  test('PostgreSQL', () =>
    withClient((client) =>
      checkCorpus({
        run: async (sql) => {
          const result = await client.query(sql)
          return (Array.isArray(result) ? result.at(-1) : result).rows
        },
      }),
    ))

  test('PGlite', async () => {
    const db = await freshPGlite()
    await checkCorpus({
      run: async (sql) => (await db.exec(sql)).at(-1)?.rows as Record<string, unknown>[],
    })
    await db.close()
  })
})

async function checkCorpus(db: Database): Promise<void> {
  await db.run(CORPUS_SETUP)
  const [{ v: version } = { v: 0 }] = await db.run(
    `SELECT current_setting('server_version_num')::integer AS v`,
  )
  const expressions = [...EXPRESSIONS]
  if (Number(version) >= 160000) expressions.push(...EXPRESSIONS_16)
  if (Number(version) >= 170000) expressions.push(...EXPRESSIONS_17)
  if (Number(version) >= 180000) expressions.push(...EXPRESSIONS_18)
  if (await accepts(db, `SELECT '<a/>'::xml`)) expressions.push(...XML_EXPRESSIONS)

  const bound = await bindAll(db, 'analysed', expressions)
  await db.run(HOSTILE_SETTINGS)
  expect(await differing(db, 'analysed', bound)).toEqual([])

  // Analysed again, the text takes the same functions, operators and collations.
  const again = await bindAll(
    db,
    'printed',
    bound.map(({ printed }) => printed),
  )
  const changed = bound.filter(({ source, node }, i) => {
    return !ANALYSED_OTHERWISE.test(source) && decisions(node).join() !== decisions(again[i]?.node).join()
  })
  expect(changed.map(({ source, printed }) => `${source} -> ${printed}`)).toEqual([])
}

/**
 * Equal in value though not in form: IS DISTINCT FROM with an operator outside pg_catalog becomes CASE, a cast to a
 * domain over varchar(5) cuts twice, an encoding's name gets the collation of type name, and arguments that are left to
 * computed defaults are written out.
 */
const ANALYSED_OTHERWISE =
  /^w IS (NOT )?DISTINCT|::code$|RETURNING bytea|'::bytea |^add_computed|^add_many\(i2\)/

async function accepts(db: Database, sql: string): Promise<boolean> {
  return db.run(sql).then(
    () => true,
    () => false,
  )
}
