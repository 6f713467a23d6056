/**
 * What the documents show is what happens: their SQL is played against a server of this version and their output
 * compared. `npx vitest run tests/docs -u` writes the real output into them; read the difference before you commit it.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { freshDatabase } from '../support/server.ts'
import { play, readDocument, ROOT, withBlocks } from './document.ts'

test.each(['README.md', 'docs/GETTING_STARTED.md', 'docs/HOW_IT_STAYS_EXACT.md', 'docs/SQL_REFERENCE.md'])(
  'the SQL of %s prints what it shows',
  async (file) => {
    const database = await freshDatabase()
    try {
      const client = await database.connect()
      const worker = await database.connect()
      const settle = async () => void (await worker.query('CALL pgstream.run_scheduler()'))
      const played = await play(readDocument(file), client, settle)
      await expect(played).toMatchFileSnapshot(path.join(ROOT, file))
    } finally {
      await database.close()
    }
  },
)

test.each(['README.md'])('the programs of %s print what they show', async (file) => {
  const folder = path.join(ROOT, '.tmp')
  const program = path.join(folder, 'document.mjs')
  mkdirSync(folder, { recursive: true })
  let printed = ''
  const played = await withBlocks(readDocument(file), ({ language, body }, before) => {
    if (language === 'js') {
      writeFileSync(program, body)
      printed = execFileSync(process.execPath, [program], { encoding: 'utf8', cwd: ROOT })
      return body
    }
    return language === 'text' && before?.language === 'js' ? printed : body
  })
  rmSync(program, { force: true })
  await expect(played).toMatchFileSnapshot(path.join(ROOT, file))
})
