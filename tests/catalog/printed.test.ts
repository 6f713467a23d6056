import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { settledText } from '../../src/compiler/catalog/printed.ts'

const PRINTED: readonly (readonly [string, string, string])[] = [
  ['no literal', 'SELECT a.b\n   FROM a', 'SELECT a.b\n   FROM a'],
  ['plain literals stay', `SELECT 'it''s'::text, ''::text`, `SELECT 'it''s'::text, ''::text`],
  ['a backslash', `SELECT 'a\\b''c'::text`, `SELECT E'a\\\\b''c'::text`],
  ['line breaks', `SELECT 'a\n b\r'::text,\n  1`, `SELECT E'a\\n b\\r'::text,\n  1`],
  [
    'what is escaped already',
    `SELECT E'a\\\\b\\n\\'x'::text, 'y\\'`,
    `SELECT E'a\\\\b\\n\\'x'::text, E'y\\\\'`,
  ],
  ['a name that ends in E', `SELECT "E'", 'a\\'::text AS "b\\'c"`, `SELECT "E'", E'a\\\\'::text AS "b\\'c"`],
  ['a name with a line break', `SELECT 1 AS "a\n""b"`, `SELECT 1 AS U&"a\\000a""b"`],
]

test.for(PRINTED)('a printed query is read the same wherever it is put: %s', ([, printed, settled]) => {
  expect(settledText(printed)).toBe(settled)
  expect(settledText(settledText(printed))).toBe(settled)
})

test('no text in our SQL is read otherwise where standard_conforming_strings is off', () => {
  const folder = path.resolve(import.meta.dirname, '../../sql')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.sql'),
  )
  expect(files.length).toBeGreaterThan(100)
  const found = files.flatMap((file) =>
    plainTexts(readFileSync(path.join(folder, file), 'utf8'))
      .filter((text) => text.includes('\\'))
      .map((text) => `${file}: ${text}`),
  )
  expect(found).toEqual([])
})

/** Comments, names, and texts with those that continue them on the next line; what stands between dollars is read as well. */
const TOKEN =
  /--.*|\/\*[\s\S]*?\*\/|"[^"]*"|(?<!\w)E'(?:[^'\\]|\\.|'')*'(?:\s*\n\s*'(?:[^'\\]|\\.|'')*')*|'(?:[^']|'')*'/g

function plainTexts(sql: string): readonly string[] {
  return [...sql.matchAll(TOKEN)].map(([token]) => token).filter((token) => token.startsWith("'"))
}
