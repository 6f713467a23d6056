/**
 * What the documents show is what happens: their SQL and their programs are run against this version, and what they print
 * is compared. `npx vitest run tests/docs -u` writes the real output into them; read the difference before you commit it.
 */
import path from 'node:path'
import { expect, test } from 'vitest'
import { freshDatabase } from '../support/server.ts'
import { play, ROOT, readDocument } from './document.ts'

test.each(['README.md', 'docs/GETTING_STARTED.md', 'docs/HOW_IT_STAYS_EXACT.md', 'docs/SQL_REFERENCE.md'])(
  'the blocks of %s print what it shows',
  async (file) => {
    const database = await freshDatabase()
    try {
      const played = await play(readDocument(file), {
        client: await database.connect(),
        worker: await database.connect(),
      })
      // An example that fails for another reason than the page gives.
      expect(played).not.toMatch(/^ERROR: .* already exists$/m)
      await expect(played).toMatchFileSnapshot(path.join(ROOT, file))
    } finally {
      await database.close()
    }
  },
  // README.md starts PGlite, which takes half a minute while other tests fill the machine.
  120_000,
)
