import { expect, test } from 'vitest'
import { withClient } from '../support/server.ts'
import { readDocument } from './document.ts'
import { publicObjects } from './signature.ts'

test('docs/SQL_REFERENCE.md describes what users may call and read, each under its own heading', async () => {
  const described = [...readDocument('docs/SQL_REFERENCE.md').matchAll(/^#+ (\w+)\n\n```signature\n(\w+)/gm)]
  for (const [, heading, name] of described) expect(heading).toBe(name)
  await withClient(async (client) => {
    expect(described.map(([, , name]) => name).sort()).toEqual(await publicObjects(client))
  })
})
