import { expect, test } from 'vitest'
import { freshDatabase } from '../support/server.ts'

test('databases of a run are separate', async () => {
  const a = await freshDatabase({ pgStream: false })
  const b = await freshDatabase({ pgStream: false })
  await a.client.query('CREATE TABLE t (a int)')
  await expect(b.client.query('TABLE t')).rejects.toThrow('does not exist')
  await a.close()
  await b.close()
})
