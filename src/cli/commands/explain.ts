import { connect } from '../connect.ts'
import { requireInstalled } from './install.ts'

export async function explain(url: string, name: string): Promise<void> {
  await connect(url, async (client) => {
    await requireInstalled(client)
    const { rows } = await client.query<{ property: string; value: string | null }>(
      'SELECT property, value FROM pgstream.explain_st($1)',
      [name],
    )
    for (const { property, value } of rows) {
      const text = value ?? ''
      console.log(text.includes('\n') ? `${property}:\n${text.replace(/^/gm, '  ')}` : `${property}: ${text}`)
    }
  })
}
