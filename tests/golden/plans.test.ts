/** Query → algebra → delta → SQL, compared byte for byte. `npm run golden` writes the files anew. */
import { readdirSync, readFileSync } from 'node:fs'
import vm from 'node:vm'
import { transform } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { compile } from '../../src/compiler/compile.ts'
import { distFile } from '../../src/hosts/embedded/dist-file.ts'
import { printPlan } from './print-plan.ts'
import { GOLDEN_QUERIES } from './queries.ts'
import { FOLDER, readRequest } from './request-file.ts'

const PLANS = new URL('plans/', import.meta.url)
const names = Object.keys(GOLDEN_QUERIES)

test.each(names)('%s', async (name) => {
  const request = readRequest(name)
  const text = printPlan(GOLDEN_QUERIES[name] ?? '', request, compile(request))
  await expect(text).toMatchFileSnapshot(new URL(`${name}.txt`, PLANS).pathname)
})

test('every golden file has its query', () => {
  expect(readdirSync(PLANS).sort()).toEqual(names.map((name) => `${name}.txt`).sort())
  expect(readdirSync(FOLDER).sort()).toEqual(['facts.json', ...names.map((name) => `${name}.json`)].sort())
})

describe('compile is a pure function', () => {
  test.each(names)('%s: same request, same bytes', (name) => {
    const first = JSON.stringify(compile(readRequest(name)))
    expect(JSON.stringify(compile(readRequest(name)))).toBe(first)
    const request = readRequest(name)
    const untouched = JSON.stringify(request)
    compile(request)
    expect(JSON.stringify(request)).toBe(untouched)
  })

  test('in an engine that has nothing but the language', async () => {
    const engine = await bareEngine()
    for (const name of names) {
      const request = readRequest(name)
      expect(engine(JSON.stringify(request)), `${name}: is dist/ built?`).toBe(
        JSON.stringify(compile(request)),
      )
    }
  })
})

test('the time of a compilation', () => {
  const ROUNDS = 15
  const times = names.map((name) => {
    const request = readRequest(name)
    const rounds = Array.from({ length: ROUNDS }, () => {
      const start = performance.now()
      compile(request)
      return performance.now() - start
    })
    return { name, ms: rounds.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0 }
  })
  const slowest = times.reduce((most, each) => (each.ms > most.ms ? each : most))
  const mean = times.reduce((sum, { ms }) => sum + ms, 0) / times.length
  // Printed, not asserted: the machine decides. To reach: below 20 ms.
  console.log(
    `compile, warm, medians: ${mean.toFixed(2)} ms on average, ${slowest.ms.toFixed(2)} ms at most (${slowest.name})`,
  )
})

/** What ECMAScript itself defines (the global object's value properties, functions, constructors and namespaces). */
const LANGUAGE = new Set(
  `globalThis Infinity NaN undefined eval isFinite isNaN parseFloat parseInt decodeURI decodeURIComponent encodeURI
  encodeURIComponent escape unescape AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView
  Date Error EvalError FinalizationRegistry Float32Array Float64Array Function Int8Array Int16Array Int32Array Map Number
  Object Promise Proxy RangeError ReferenceError RegExp Set String Symbol SyntaxError TypeError Uint8Array
  Uint8ClampedArray Uint16Array Uint32Array URIError WeakMap WeakRef WeakSet JSON Math Reflect`.split(/\s+/),
)

/** The shipped bundle where there is no console, no TextDecoder, no clock and no randomness. */
async function bareEngine(): Promise<(request: string) => string> {
  const bundle = readFileSync(distFile('compiler.js'), 'utf8')
  const { code } = await transform(bundle, { format: 'iife', globalName: 'compiler' })
  const context = vm.createContext(Object.create(null))
  vm.runInContext(
    `for (const name of Object.getOwnPropertyNames(globalThis)) if (!${JSON.stringify([...LANGUAGE])}.includes(name)) delete globalThis[name]
    Date = undefined; Math.random = undefined`,
    context,
  )
  const left = vm.runInContext('Object.getOwnPropertyNames(globalThis)', context) as readonly string[]
  expect([...left].filter((name) => !LANGUAGE.has(name))).toEqual([])
  vm.runInContext(code, context)
  return (request) => {
    context.request = request
    return vm.runInContext('JSON.stringify(compiler.compile(JSON.parse(request)))', context)
  }
}
