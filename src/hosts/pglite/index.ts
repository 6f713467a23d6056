import type { Extension, PGliteInterface } from '@electric-sql/pglite'
import { PROTECT } from '../host.ts'
import { addCompileDevice, type EmscriptenModule } from './compile-device.ts'
import { pgliteHost } from './host.ts'

/** dist/pg_stream.sql, put here by the build: a browser has no files to read. */
declare const PG_STREAM_SQL: string
/** dist/pg_stream.replace.sql, likewise. */
declare const PG_STREAM_REPLACE_SQL: string

/**
 * pg_stream in PGlite: `PGlite.create({ extensions: { pgStream } })`. Installs itself in a new database and brings the
 * functions of an older one up to date. `db.pgStream.tick()` refreshes what is due; call it on a timer.
 */
export const pgStream = {
  name: 'pg_stream',
  setup: async (
    db: PGliteInterface,
    emscriptenOpts: { preRun?: ((module: EmscriptenModule) => void)[] },
  ) => ({
    emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), addCompileDevice] },
    namespaceObj: {
      /** Refresh what is due, in transactions of its own. */
      tick: async () => {
        await db.exec('CALL pgstream.run_scheduler()')
      },
    },
    init: () => installPgStream(db),
  }),
} satisfies Extension

/** Install, or bring up to date, in one transaction. The extension does it by itself when the database opens. */
export async function installPgStream(db: PGliteInterface): Promise<void> {
  const { rows } = await db.query<{ present: boolean }>(
    `SELECT to_regclass('pgstream.pgs_stream_tables') IS NOT NULL AS present`,
  )
  const script = rows[0]?.present ? PG_STREAM_REPLACE_SQL : PG_STREAM_SQL
  await db.transaction(async (transaction) => {
    await transaction.exec(script + pgliteHost.compileFunction + PROTECT)
  })
}
