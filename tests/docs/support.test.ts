/**
 * docs/SUPPORT.md is made by asking: what does the compiler of this version make of one query per construct? Every
 * refusal that `bind/` can raise by name must be met by a query, and every operator and aggregate with a rule must occur in
 * one, so what is new, or gone, shows here.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { hasAggregateRule } from '../../src/compiler/algebra/aggregate-functions.ts'
import { operators } from '../../src/compiler/algebra/operators/index.ts'
import { CompileError } from '../../src/compiler/catalog/error.ts'
import type { CompileRequest } from '../../src/compiler/catalog/request.ts'
import { compile } from '../../src/compiler/compile.ts'
import type { Plan } from '../../src/compiler/emit/plan.ts'
import { withClient } from '../support/server.ts'
import { ROOT } from './document.ts'
import { CHAPTERS, type Example, SCHEMA } from './support-examples.ts'

interface Answer extends Example {
  readonly today: string
  /** What a refusal names; empty for what is maintained. */
  readonly construct: string
  readonly label: string
  readonly algebra: string
}

const HEAD = `# What is supported

Made from the compiler's own answers by \`tests/docs/support.test.ts\`; \`npx vitest run tests/docs -u\` writes it anew.

- **incremental**: a refresh works on what changed.
- **recomputed**: mode \`AUTO\` computes the query anew at each refresh, applies the difference, and keeps the reason; mode
  \`DIFFERENTIAL\` refuses with this message; mode \`FULL\` does the same as \`AUTO\`.
- **refused**: in every mode.

Whether the joins of a query are probes into indexes, and which index is missing, \`pgstream.explain_st(name)\` says.
`

beforeAll(() => withClient(async (client) => void (await client.query(SCHEMA))))

test('docs/SUPPORT.md says what becomes of every construct', async () => {
  await withClient(async (client) => {
    await client.query('CREATE TEMPORARY TABLE scratch (a int)')
    const chapters: string[] = []
    const answers: Answer[] = []
    for (const { title, examples } of CHAPTERS) {
      const lines: string[] = []
      for (const example of examples) {
        const answer = await ask(client, example)
        answers.push(answer)
        lines.push(`| ${cell(answer.label)} | ${answer.today} | \`${cell(answer.query)}\` |`)
      }
      chapters.push(`## ${title}\n\n| | today | asked with |\n|---|---|---|\n${lines.join('\n')}\n`)
    }
    await expect([HEAD, ...chapters].join('\n')).toMatchFileSnapshot(path.join(ROOT, 'docs/SUPPORT.md'))
    expect(unmet(answers.map(({ construct }) => construct))).toEqual([])

    const algebra = answers.flatMap((answer) => answer.algebra.split('\n')).map((line) => line.trim())
    const operatorsSeen = new Set(algebra.map((line) => line.replace('union all', 'union-all').split(' ')[0]))
    const inQueries = Object.values(operators).filter((operator) => operator.class !== 'term')
    expect(inQueries.map(({ op }) => op).filter((op) => !operatorsSeen.has(op))).toEqual([])
    const names = await client.query<{ name: string }>(
      `SELECT DISTINCT proname AS name FROM pg_proc WHERE prokind = 'a' AND pronamespace = 'pg_catalog'::regnamespace`,
    )
    const numeric = { oid: 1700, typmod: -1, collation: 0 }
    const ruled = names.rows.map(({ name }) => name).filter((name) => hasAggregateRule(name, numeric))
    expect(ruled.filter((name) => !algebra.some((line) => line.includes(`${name}(`)))).toEqual([])
  })
})

async function ask(client: pg.Client, { construct: label, query }: Example): Promise<Answer> {
  const told = { query, label, algebra: '' }
  try {
    const { strategy, reasons, explain } = await plan(client, query)
    if (strategy === 'DIFFERENTIAL') {
      const algebra = explain.find(({ property }) => property === 'algebra')?.value ?? ''
      return { ...told, construct: '', algebra, today: '**incremental**' }
    }
    const [reason] = reasons
    return {
      ...told,
      construct: reason?.construct ?? '',
      today: `recomputed: ${cell(reason?.message ?? '')}`,
    }
  } catch (error) {
    if (!(error instanceof pg.DatabaseError || error instanceof CompileError)) throw error
    return { ...told, construct: error.message, today: `refused: ${cell(error.message)}` }
  }
}

/** What create_stream_table gets, in mode AUTO. */
async function plan(client: pg.Client, query: string): Promise<Plan> {
  await client.query('BEGIN')
  try {
    await client.query(`CREATE TEMPORARY VIEW example AS ${query}`)
    const { rows } = await client.query<{ request: CompileRequest }>(
      `SELECT pgstream._check_definition(request), pgstream._with_row_security(pgstream._with_copies(request, current_user), current_user) AS request
       FROM pgstream._compile_request('pg_temp.example'::regclass, 1, 'public', 'example', 'AUTO') AS request`,
    )
    const [found] = rows
    if (!found) throw new Error('no request')
    return compile(found.request)
  } finally {
    await client.query('ROLLBACK')
  }
}

const cell = (text: string) => text.replaceAll('|', '\\|')

/** Refusals that no query meets: something else is refused first, or PostgreSQL itself refuses. */
const OUT_OF_REACH: Readonly<Record<string, string>> = {
  'set-returning operator ${facts.name}': 'stands in a select list with a set-returning function',
  'CASE on a volatile value': 'volatile functions are refused in every mode',
  'this kind of FROM item': 'there is no other kind',
  'expression node ${node.tag}': 'every node of today is known',
  'array cast without an element': 'PostgreSQL makes none',
  'row of named columns': 'PostgreSQL makes none before planning',
  'modifier of type ${sql}': 'no type of PostgreSQL itself, or of the extensions that come with it',
  'modifier of type interval': 'every combination of fields is known',
  'min or max over type ${typeFacts(request, type.oid).sql}':
    'every type of pg_catalog.min and max has an equality',
  '${construct} on rows with an operator outside pg_catalog': 'takes an operator on rows in the search_path',
  'WHERE CURRENT OF': 'no SELECT can hold it',
  DEFAULT: 'no SELECT can hold it',
  MERGE_ACTION: 'no SELECT can hold it',
  RETURNING: 'no SELECT can hold it',
  VALUE: 'no SELECT can hold it',
  nextval: 'no SELECT can hold this node; the function is volatile',
}

/** The constructs that `bind/` refuses by name, as patterns, without those that an example met. */
function unmet(met: readonly string[]): string[] {
  const folder = path.join(ROOT, 'src/compiler/bind')
  const source = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(path.join(folder, file), 'utf8'))
    .join('\n')
  const calls = [
    ...source.matchAll(/\bunsupported\(\s*(?:\w+ \? )?(['`])(.+?)\1/g),
    ...source.matchAll(/\b(?:refuse|refused)\((['`])(.+?)\1/g),
    ...source.matchAll(/^ {2}clause\([\s\S]*?(['`])([^'`]+)\1,?\s*\)$/gm),
  ]
  const constructs = [...new Set(calls.map(([, , construct = '']) => construct))]
  expect(Object.keys(OUT_OF_REACH).filter((construct) => !constructs.includes(construct))).toEqual([])
  return constructs.filter((construct) => {
    const pattern = construct
      .split(/\$\{.*?\}/)
      .map((part) => part.replace(/[.*+?^$()[\]\\|]/g, '\\$&'))
      .join('.*')
    return !(construct in OUT_OF_REACH) && !met.some((each) => new RegExp(pattern).test(each))
  })
}
