/** The committed requests are what the server says today. `npm run golden` writes them. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { CompileRequest } from '../../src/compiler/catalog/request.ts'
import { withClient } from '../support/server.ts'
import { GOLDEN_QUERIES } from './queries.ts'
import { FOLDER, printFacts, printRequest, toFile, withStableOids } from './request-file.ts'

test('compile requests', async ({ skip }) => {
  await withClient(async (client) => {
    const version = await client.query('SHOW server_version_num')
    // Trees differ from version to version; the reader of trees has tests of its own for the others.
    if (!String(version.rows[0]?.server_version_num).startsWith('18')) skip()
    await client.query(readFileSync(new URL('schema.sql', import.meta.url), 'utf8'))
    const requests: CompileRequest[] = []
    for (const [name, query] of Object.entries(GOLDEN_QUERIES)) {
      await client.query(`CREATE TEMP VIEW golden AS ${query}`)
      const { rows } = await client.query(
        `SELECT pgstream._compile_request('pg_temp.golden'::regclass, 1, 'public', $1, 'AUTO') AS request`,
        [name],
      )
      await client.query('DROP VIEW pg_temp.golden')
      requests.push({ ...rows[0]?.request, server: { versionNum: 180000 }, settings: {} })
    }
    const files = withStableOids(requests).map(toFile)
    for (const { stored } of files)
      await expect(printRequest(stored)).toMatchFileSnapshot(
        new URL(`${stored.target.name}.json`, FOLDER).pathname,
      )
    const facts = files.map((file) => file.facts)
    await expect(printFacts(facts)).toMatchFileSnapshot(new URL('facts.json', FOLDER).pathname)
  })
})
