import { defineConfig } from 'vitest/config'
import { assembleSql } from './scripts/assemble-sql.mjs'
import { memoryFolder } from './tests/support/memory-folder.ts'

const sql = assembleSql('sql')

const folder = memoryFolder()
if (process.env.TMPDIR === undefined && folder !== undefined) process.env.TMPDIR = folder

export default defineConfig({
  // The build puts the same into dist/pglite.js.
  define: {
    PG_STREAM_SQL: JSON.stringify(sql.install),
    PG_STREAM_REPLACE_SQL: JSON.stringify(sql.replace),
  },
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/support/global-setup.ts'],
    // Two cores: the server and its clients already fill them.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
