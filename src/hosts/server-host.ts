import { embedded, FOLDER, PROGRAM } from './embedded/host.ts'
import type { Host } from './host.ts'
import type { Executor } from './install.ts'
import { outside } from './outside.ts'

/** How definitions are compiled on the server of a database: one that pg-stream up runs has a compiler, for all its databases. */
export async function serverHost(database: Executor): Promise<Host> {
  try {
    const { rows } = (await database.query(
      `SELECT (pg_catalog.pg_stat_file('${FOLDER}/${PROGRAM}', true)).size IS NOT NULL AS present`,
    )) as { rows: { present: boolean }[] }
    return rows[0]?.present === true ? embedded : outside
  } catch (error) {
    // Its files are not for us, as on a managed server.
    if ((error as { code?: string }).code === '42501') return outside
    throw error
  }
}
