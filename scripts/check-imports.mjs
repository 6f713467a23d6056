// The law: data flows one way. An import, of types too, may point only to the same stage or an earlier one.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../src')

/** From the first to the last; `compiler/` itself is compile.ts and what stands beside it. */
const STAGES = [
  'compiler/catalog',
  'compiler/algebra',
  'compiler/bind',
  'compiler/normalize',
  'compiler/delta',
  'compiler/emit',
  'compiler/explain',
  'compiler',
  'hosts',
  'worker',
  'cli',
  'dashboard',
]

function stageOf(file) {
  const relative = path.relative(root, file).split(path.sep).join('/')
  return STAGES.findIndex((stage) => relative.startsWith(`${stage}/`))
}

const broken = []
const files = readdirSync(root, { recursive: true }).filter((file) => file.endsWith('.ts'))
for (const name of files) {
  const file = path.join(root, name)
  const stage = stageOf(file)
  const refuse = (why) => broken.push(`src/${name}: ${why}`)
  if (stage < 0) {
    refuse('belongs to no stage')
    continue
  }
  const text = readFileSync(file, 'utf8')
  for (const [, specifier] of text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s(?:[^'"]*?\sfrom\s)?['"]([^'"]+)['"]|import\(\s*['"]/g,
  )) {
    if (specifier === undefined) {
      refuse('imports dynamically')
    } else if (!specifier.startsWith('.')) {
      if (STAGES[stage].startsWith('compiler'))
        refuse(`the compiler imports nothing outside itself: ${specifier}`)
    } else {
      const target = stageOf(path.resolve(path.dirname(file), specifier))
      if (target < 0) refuse(`imports ${specifier}, which belongs to no stage`)
      else if (target > stage) refuse(`imports ${specifier}: ${STAGES[stage]} comes before ${STAGES[target]}`)
    }
  }
}

for (const line of broken) console.error(line)
console.log(`import law: ${files.length} files, ${broken.length} broken`)
if (broken.length > 0) process.exitCode = 1
