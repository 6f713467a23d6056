import { PGlite, type PGliteOptions } from '@electric-sql/pglite'
import { pgStream } from '../../src/hosts/pglite/index.ts'

/** A new PGlite in memory with pg_stream installed; close it when done. */
export async function freshPGlite(options: PGliteOptions = {}) {
  return PGlite.create({ ...options, extensions: { pgStream } })
}
