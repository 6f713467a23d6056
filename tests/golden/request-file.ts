/**
 * Compile requests as they are committed: the facts that all share are in one file, and each request names those it has.
 * Objects that a database numbers anew each time have numbers by their names.
 */
import { readFileSync } from 'node:fs'
import type { CompileRequest } from '../../src/compiler/catalog/request.ts'

const FACTS = ['relations', 'types', 'functions', 'operators', 'collations'] as const

type Facts = Record<(typeof FACTS)[number], Record<string, unknown>>
export type StoredRequest = Omit<CompileRequest, keyof Facts> & Record<keyof Facts, readonly string[]>

export const FOLDER = new URL('requests/', import.meta.url)

/** Oids below belong to the server itself (FirstNormalObjectId). */
const FIRST_USER_OID = 16384

/** The same requests with stable numbers: by kind and name, over all of them. */
export function withStableOids(requests: readonly CompileRequest[]): readonly CompileRequest[] {
  const names = new Map<string, string>()
  for (const request of requests) {
    for (const kind of FACTS)
      for (const [oid, { schema, name }] of Object.entries<{ schema: string; name: string }>(request[kind]))
        names.set(oid, `${kind} ${schema}.${name}`)
    for (const { name, labels } of Object.values(request.types))
      for (const [oid, label] of Object.entries(labels)) names.set(oid, `types ${name} label ${label}`)
  }
  const ours = [...names].filter(([oid]) => Number(oid) >= FIRST_USER_OID)
  ours.sort(([, a], [, b]) => (a < b ? -1 : 1))
  const stable = new Map(ours.map(([oid], i) => [oid, String(90_001 + i)]))
  return requests.map((request) => renumbered(request, stable))
}

function renumbered(request: CompileRequest, stable: ReadonlyMap<string, string>): CompileRequest {
  let text = JSON.stringify(request).replaceAll(
    /(?<![\w.-])\d{5,}(?![\w.])/g,
    (oid) => stable.get(oid) ?? oid,
  )
  // An enum value in a constant is its label's oid, as bytes.
  for (const [oid, fixed] of stable)
    text = text.replaceAll(`[ ${bytes(oid)} 0 0 0 0 ]`, `[ ${bytes(fixed)} 0 0 0 0 ]`)
  return JSON.parse(text)
}

/** Little-endian, each byte with its sign, as outDatum prints. */
function bytes(oid: string): string {
  return [...new Int8Array(new Uint32Array([Number(oid)]).buffer)].join(' ')
}

/** One request for the folder, and what the common file must hold of it. */
export function toFile(request: CompileRequest): { readonly stored: StoredRequest; readonly facts: Facts } {
  const { relations, types, functions, operators, collations, ...own } = request
  const facts = { relations, types, functions, operators, collations }
  const keys = (kind: keyof Facts) => sorted(Object.keys(facts[kind]))
  return {
    stored: {
      ...own,
      relations: keys('relations'),
      types: keys('types'),
      functions: keys('functions'),
      operators: keys('operators'),
      collations: keys('collations'),
    },
    facts,
  }
}

export function readRequest(name: string): CompileRequest {
  const stored: StoredRequest = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'))
  const all: Facts = JSON.parse(readFileSync(new URL('facts.json', FOLDER), 'utf8'))
  const pick = (kind: keyof Facts) => Object.fromEntries(stored[kind].map((oid) => [oid, all[kind][oid]]))
  return {
    ...stored,
    relations: pick('relations') as CompileRequest['relations'],
    types: pick('types') as CompileRequest['types'],
    functions: pick('functions') as CompileRequest['functions'],
    operators: pick('operators') as CompileRequest['operators'],
    collations: pick('collations') as CompileRequest['collations'],
  }
}

/** One line for each fact. */
export function printFacts(all: readonly Facts[]): string {
  const kinds = FACTS.map((kind) => {
    const facts = Object.assign({}, ...all.map((each) => each[kind])) as Record<string, unknown>
    const lines = sorted(Object.keys(facts)).map((oid) => `    "${oid}": ${JSON.stringify(facts[oid])}`)
    return `  "${kind}": {\n${lines.join(',\n')}\n  }`
  })
  return `{\n${kinds.join(',\n')}\n}\n`
}

/** One line for each property. */
export function printRequest(stored: StoredRequest): string {
  const lines = Object.entries(stored).map(([name, value]) => `  "${name}": ${JSON.stringify(value)}`)
  return `{\n${lines.sort().join(',\n')}\n}\n`
}

function sorted(oids: readonly string[]): readonly string[] {
  return [...oids].sort((a, b) => Number(a) - Number(b))
}
