// Random cases for as long as you like: npm run fuzz -- --minutes 30, under any plans: --plans any. A failure is printed shrunk, with what repeats it,
// and saved in --into (default: fuzz-failures), ready to be put into tests/random/regressions.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    into: { type: 'string', default: 'fuzz-failures' },
    on: { type: 'string', default: 'postgres' },
    plans: { type: 'string', default: 'usual' },
  },
})
const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new Error(`--minutes wants a number greater than zero, not "${values.minutes}"`)
if (!['postgres', 'pglite'].includes(values.on))
  throw new Error(`--on wants postgres or pglite, not "${values.on}"`)
if (!['usual', 'any'].includes(values.plans))
  throw new Error(`--plans wants usual or any, not "${values.plans}"`)

const { status } = spawnSync('npx', ['vitest', 'run', `tests/random/${values.on}.test.ts`], {
  stdio: 'inherit',
  env: {
    ...process.env,
    PG_STREAM_FUZZ_MINUTES: values.minutes,
    PG_STREAM_FAILURES: values.into,
    PG_STREAM_PLANS: values.plans,
    PG_STREAM_TEST_FSYNC: 'off',
  },
})
process.exitCode = status ?? 1
