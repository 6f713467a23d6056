// Bundles everything that ships into dist/. Takes under a second, so there is no cache.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { assembleSql } from './assemble-sql.mjs'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const from = (file) => path.join(root, file)
const dist = from('dist')

/** Loads in a bare JavaScript engine: no import survives the bundling. */
const everywhere = { platform: 'neutral', target: 'es2022' }
/** Loads where node_modules is: dependencies stay imports. */
const withPackages = { platform: 'node', target: 'node20', packages: 'external' }

const { version } = JSON.parse(readFileSync(from('package.json'), 'utf8'))
const sql = assembleSql(from('sql'))

const bundles = [
  { entry: 'src/compiler/compile.ts', out: 'compiler.js', ...everywhere },
  // CommonJS: Node starts it several milliseconds sooner than a module.
  {
    entry: 'src/hosts/embedded/compile-host.ts',
    out: 'compile-host.cjs',
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: true,
  },
  {
    entry: 'src/cli/main.ts',
    out: 'cli.js',
    ...withPackages,
    define: { PG_STREAM_VERSION: JSON.stringify(version) },
  },
  { entry: 'src/hosts/node/index.ts', out: 'client.js', ...withPackages },
  {
    entry: 'src/hosts/pglite/index.ts',
    out: 'pglite.js',
    ...everywhere,
    external: ['@electric-sql/pglite'],
    define: {
      PG_STREAM_SQL: JSON.stringify(sql.install),
      PG_STREAM_REPLACE_SQL: JSON.stringify(sql.replace),
    },
  },
  { entry: 'bench/main.ts', out: 'bench.js', ...withPackages },
]

// Written in place, never removed first: a running server may be reading them.
mkdirSync(dist, { recursive: true })
writeFileSync(path.join(dist, 'pg_stream.sql'), sql.install)
writeFileSync(path.join(dist, 'pg_stream.replace.sql'), sql.replace)
const results = await Promise.allSettled(
  bundles.map(async ({ entry, out, ...options }) => {
    const outfile = path.join(dist, out)
    if (!existsSync(from(entry))) return rmSync(outfile, { force: true })
    await build({
      entryPoints: [from(entry)],
      outfile,
      bundle: true,
      format: 'esm',
      charset: 'utf8',
      legalComments: 'none',
      logLevel: 'warning',
      ...options,
    })
  }),
)
// esbuild has printed why.
if (results.some(({ status }) => status === 'rejected')) process.exitCode = 1
