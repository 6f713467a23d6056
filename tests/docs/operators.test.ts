import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { operators } from '../../src/compiler/algebra/operators/index.ts'
import { ROOT } from './document.ts'

/** What is used of scripts/operator-pages.mjs. */
interface Pages {
  operatorPages(code: ReadonlyMap<string, string>): ReadonlyMap<string, string>
}

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')
const FOLDER = 'src/compiler/algebra/operators'
const code = new Map(
  [
    'src/compiler/algebra/operator.ts',
    ...readdirSync(path.join(ROOT, FOLDER)).map((file) => `${FOLDER}/${file}`),
  ].map((file) => [file, read(file)]),
)
const pagesOf = async (files: ReadonlyMap<string, string>) => {
  const { operatorPages }: Pages = await import(path.join(ROOT, 'scripts/operator-pages.mjs'))
  return operatorPages(files)
}

test('docs/operators has a page for every operator, which says what its file says', async () => {
  const pages = await pagesOf(code)
  expect([...pages.keys()].sort()).toEqual(
    [...Object.values(operators).map(({ op }) => `${op}.md`), 'README.md'].sort(),
  )
  expect(readdirSync(path.join(ROOT, 'docs/operators')).sort()).toEqual([...pages.keys()].sort())
  for (const [name, text] of pages) expect(read(`docs/operators/${name}`), name).toBe(text)
})

test.each(['Shape', 'Keys', 'Class', 'Delta', 'State', 'Cost', 'Nulls', 'Refuses', 'Source'])(
  'a header without %s has no page',
  async (field) => {
    const file = `${FOLDER}/filter.ts`
    const lacking = new Map([...code, [file, code.get(file)?.replace(` * ${field}: `, ' * ') ?? '']])
    await expect(pagesOf(lacking)).rejects.toThrow(field)
  },
)

test('a header that names another class than the code has no page', async () => {
  const file = `${FOLDER}/filter.ts`
  const other = new Map([...code, [file, code.get(file)?.replace('Class: linear', 'Class: group') ?? '']])
  await expect(pagesOf(other)).rejects.toThrow('class')
})
