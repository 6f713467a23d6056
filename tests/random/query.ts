/** Random queries of the grammar that is maintained incrementally. */
import { applyFunctions, condition, expression } from './expression.ts'
import type {
  AggregateGenes,
  CallGenes,
  ExpressionGenes,
  JoinGenes,
  QueryGenes,
  SelectGenes,
  SourceGenes,
} from './genes.ts'
import { constant, type OutputColumn, pick, type Relation, type Value, value } from './scope.ts'
import { sublink, sublinkCondition } from './sublinks.ts'
import { type ColumnType, typeNamed } from './types.ts'
import { limitWithTies, windowCall } from './windows.ts'

export interface Query {
  readonly sql: string
  readonly columns: readonly OutputColumn[]
}

/** Names of output columns; some are what generated SQL might use itself, some need quotes. */
const NAMES = [
  'k',
  'v',
  'n',
  'weight',
  '"Größe"',
  '"select"',
  'x',
  '"a b"',
  'tid',
  '"q""q"',
  'c1',
  'seq',
  'new_v',
  'ok',
  'count',
]

/** How many tables a SELECT may still join, those of its subqueries among them. */
interface Budget {
  tables: number
}

/** Every row of each table may change between two refreshes, and what is joined without a condition multiplies. */
const TABLES = 6

export function query(genes: QueryGenes, relations: readonly Relation[], budget?: Budget): Query {
  const branches = genes.map((each) => select(each, relations, budget ?? { tables: TABLES }))
  const [first, ...others] = branches
  if (!first) throw new Error('a query has one SELECT at least')
  if (others.length === 0) return named(first, genes[0]?.names ?? 0)
  // The branch with the fewest columns sets the width; the others give what they have of each type, or a constant.
  const width = Math.min(...branches.map((branch) => branch.outputs.length))
  // DISTINCT ON and LIMIT name outputs, which a branch may lose; DISTINCT must be able to compare what it gets instead.
  if (branches.some(({ distinct, tail }) => distinct !== undefined || tail.includes('WITH TIES')))
    return named(first, genes[0]?.names ?? 0)
  const target = { ...first, outputs: first.outputs.slice(0, width) }
  const aligned = others.map((branch) => ({
    ...branch,
    outputs: target.outputs.map((want, i) => align(want, branch.outputs, i)),
  }))
  const all = [target, ...aligned]
  const columns = target.outputs.map((output, i) => {
    const values = all.map((branch) => branch.outputs[i] ?? output)
    const type = widest(values.map((each) => each.type))
    return {
      ...output,
      type,
      open: values.some((each) => each.open),
      rounds: values.some((each) => each.rounds),
    }
  })
  const { columns: names } = named({ ...target, outputs: columns }, genes[0]?.names ?? 0)
  const texts = all.map((branch) => print(branch, branch === target ? names : null))
  // A WITH of a branch needs parentheses.
  const operations = genes.map(({ operation }) =>
    areGroupable(columns) ? pick(OPERATIONS, operation) : 'UNION ALL',
  )
  const sql = texts
    .map((text) => `(${text})`)
    .reduce((left, right, i) => {
      const whole = `${left}\n${operations[i] ?? 'UNION ALL'}\n${right}`
      return i + 1 < texts.length ? `(${whole})` : whole
    })
  return { sql, columns: operations.slice(1).every((each) => each === 'UNION ALL') ? names : grouped(names) }
}

const OPERATIONS = [
  'UNION ALL',
  'UNION ALL',
  'UNION',
  'EXCEPT',
  'INTERSECT',
  'EXCEPT ALL',
  'INTERSECT ALL',
  'UNION',
]

type Shown = Pick<Value, 'type' | 'open' | 'rounds'>

/** Rows that PostgreSQL can compare, all columns together. */
function areGroupable(values: readonly Shown[]): boolean {
  return values.length > 0 && values.every(({ type, rounds }) => type.comparable && !rounds)
}

/** Of equal rows one is shown; which of them is left open. */
function grouped<V extends Shown>(values: readonly V[]): readonly V[] {
  return values.map((each) => ({ ...each, open: each.open || each.type.manyImages }))
}

interface Select {
  readonly with: readonly string[]
  readonly outputs: readonly Value[]
  /** DISTINCT, or DISTINCT ON all outputs. */
  readonly distinct?: 'all' | 'on'
  /** FROM to the end. */
  readonly tail: string
}

function named(select: Select, gene: number): Query {
  const columns = select.outputs.map((output, i) => ({
    ...output,
    name: pick(NAMES, gene + i),
  }))
  return { sql: print(select, columns), columns }
}

function print(select: Select, columns: readonly OutputColumn[] | null): string {
  const list = select.outputs.map((output, i) =>
    columns ? `${output.sql} AS ${columns[i]?.name}` : output.sql,
  )
  const prefix = select.with.length > 0 ? `WITH ${select.with.join(', ')}\n` : ''
  return `${prefix}SELECT ${distinct(select)}${list.join(', ')}${select.tail}`
}

function distinct(select: Select): string {
  switch (select.distinct) {
    case 'all':
      return 'DISTINCT '
    case 'on':
      return `DISTINCT ON (${select.outputs.map(({ sql }) => `(${sql})`).join(', ')}) `
    default:
      return ''
  }
}

/** PostgreSQL finds the common type of these by itself. */
const WIDENING = ['int2', 'int4', 'int8', 'numeric', 'float8']

function widest(types: readonly ColumnType[]): ColumnType {
  const [first] = types
  if (!first) throw new Error('no types')
  return types.reduce((a, b) => (WIDENING.indexOf(b.name) > WIDENING.indexOf(a.name) ? b : a), first)
}

function align(want: Value, have: readonly Value[], position: number): Value {
  const fits = ({ type }: Value) =>
    type === want.type || (WIDENING.includes(type.name) && WIDENING.includes(want.type.name))
  const found = have.filter(fits)
  return found.length > 0 ? pick(found, position) : value(constant(want.type, position), want.type)
}

function select(genes: SelectGenes, relations: readonly Relation[], budget: Budget): Select {
  const from = fromClause(genes, relations, budget)
  const where = [...from.where, ...genes.where.map((each) => condition(each, from.scope))]
  const shownSublinks: Value[] = []
  for (const [i, each] of genes.sublinks.entries()) {
    if (budget.tables <= 0) break
    const made = sublink(each, from.scope, relations, i, scalarCall)
    if (!made) continue
    budget.tables -= 1
    const isShown = each.place % 3 === 0 && !genes.aggregate
    if (isShown) shownSublinks.push(made)
    else where.push(sublinkCondition(each, made, from.scope))
  }
  const tail = `${from.sql}${where.length > 0 ? `\nWHERE ${where.join(' AND ')}` : ''}`
  if (genes.aggregate) return aggregated(genes, genes.aggregate, from, tail)
  const outputs = genes.outputs.map((each) => expression(each, from.scope))
  const shown = [...(outputs.length > 0 ? outputs : from.scope.slice(0, 4)), ...shownSublinks]
  return finished(genes, { with: from.with, outputs: shown, tail }, from.scope)
}

interface From {
  readonly with: string[]
  readonly sql: string
  readonly scope: readonly Value[]
  readonly where: readonly string[]
}

const JOINS = ['JOIN', 'LEFT JOIN', 'JOIN', 'LEFT JOIN', 'JOIN', 'RIGHT JOIN', 'FULL JOIN']

const ALIASES = ['a', 'b', '"C d"', 'd', 's', 'g']

function fromClause(genes: SelectGenes, relations: readonly Relation[], budget: Budget): From {
  const ctes: string[] = []
  const first = source(genes.first, relations, 0, ctes, budget)
  let sql = `\nFROM ${first.sql}`
  let scope = first.scope
  const where: string[] = []
  let commas = false
  genes.joins.forEach((join, i) => {
    if (budget.tables <= 0) return
    const right = source(join.source, relations, i + 1, ctes, budget)
    const on = joinCondition(join, scope, right.scope, i)
    scope = [...scope, ...right.scope]
    // After a comma a JOIN sees only what follows the comma.
    commas ||= join.kind % 4 === 0
    if (commas) {
      sql += `, ${right.sql}`
      if (on) where.push(on)
    } else if (on) {
      const more = join.on ? ` AND ${condition(join.on, scope)}` : ''
      const kind = pick(JOINS, join.outer)
      // PostgreSQL joins both ways by equality alone.
      const words = kind === 'FULL JOIN' && !on.includes(' = ') ? 'LEFT JOIN' : kind
      sql += `\n${words} ${right.sql} ON ${on}${more}`
    } else sql += `\nCROSS JOIN ${right.sql}`
  })
  return { with: ctes, sql, scope, where }
}

function source(
  genes: SourceGenes,
  relations: readonly Relation[],
  position: number,
  ctes: string[],
  budget: Budget,
): { readonly sql: string; readonly scope: readonly Value[] } {
  const alias = ALIASES[position] ?? `t${position}`
  const columnsOf = (columns: readonly OutputColumn[]) =>
    columns.map((column) => value(`${alias}.${column.name}`, column.type, column))
  switch (genes.kind) {
    case 'relation': {
      const relation = pick(relations, genes.pick)
      budget.tables -= 1
      return { sql: `${relation.name} AS ${alias}`, scope: columnsOf(relation.columns) }
    }
    case 'values': {
      const types = [typeNamed('int4'), typeNamed('text')]
      const rows = genes.rows.map(
        (row) => `(${types.map((type, i) => constant(type, row[i] ?? 0)).join(', ')})`,
      )
      const columns = types.map((type, i) => ({ name: NAMES[i] ?? 'c', type, open: false, rounds: false }))
      const list = columns.map((column) => column.name).join(', ')
      return { sql: `(VALUES ${rows.join(', ')}) AS ${alias}(${list})`, scope: columnsOf(columns) }
    }
    case 'subquery': {
      const inner = query(genes.query, relations, budget)
      return { sql: `(${inner.sql}) AS ${alias}`, scope: columnsOf(inner.columns) }
    }
    case 'with': {
      const inner = query(genes.query, relations, budget)
      const name = `w${position}`
      ctes.push(`${name} AS (${inner.sql})`)
      return { sql: `${name} AS ${alias}`, scope: columnsOf(inner.columns) }
    }
  }
}

/** Null for a cross join, which only two joins from the start may be: six tables of eight rows are 262,144. */
function joinCondition(
  { kind, left, right }: JoinGenes,
  before: readonly Value[],
  added: readonly Value[],
  position: number,
): string | null {
  const mayCross = position < 2
  if (mayCross && kind % 16 === 15) return null
  const rights = added.filter((each) => each.type.comparable && !each.rounds)
  const pairs = rights.flatMap((r) =>
    before.filter((l) => l.type === r.type && !l.rounds).map((l) => ({ l, r })),
  )
  if (pairs.length === 0) return mayCross ? null : 'false'
  const { l, r } = pick(pairs, left)
  if (mayCross && kind % 16 === 14) return `${l.sql} <= ${r.sql}`
  const second = pick(pairs, right)
  const both = kind % 8 === 1 && second !== undefined ? ` AND ${second.r.sql} = ${second.l.sql}` : ''
  return kind % 2 === 0 ? `${l.sql} = ${r.sql}${both}` : `${r.sql} = ${l.sql}${both}`
}

function aggregated(genes: SelectGenes, aggregate: AggregateGenes, from: From, where: string): Select {
  const keys = aggregate.keys
    .map((each) => expression(each, from.scope))
    .filter((key) => key.type.comparable && !key.rounds)
    .map((key) => ({ ...key, open: key.open || key.type.manyImages }))
  const unique = keys.filter((key, i) => keys.findIndex((each) => each.sql === key.sql) === i)
  // A constant is a position to GROUP BY, and a literal no column: both must be columns of something.
  const grouping = unique.filter((key) => from.scope.some((column) => key.sql.includes(column.sql)))
  const calls = aggregate.calls.map((each) => aggregateCall(each, from.scope))
  const shownKeys = grouping.filter((_, i) => (genes.names >> i) % 4 !== 3)
  const outputs = [
    ...shownKeys,
    ...calls.map((call, i) => applyFunctions(call, aggregate.calls[i]?.over ?? [], genes.names)),
  ]
  const scope = [...grouping, ...calls]
  const having =
    scope.length > 0
      ? aggregate.having.map((each) =>
          condition({ ...each, on: { ...each.on, column: each.on.column % 63 } }, scope),
        )
      : []
  const tail = [
    where,
    grouping.length > 0 ? `\nGROUP BY ${groupBy(grouping, aggregate.sets)}` : '',
    having.length > 0 ? `\nHAVING ${having.join(' AND ')}` : '',
  ].join('')
  const shown = outputs.length > 0 ? outputs : [value('count(*)', 'int8')]
  return finished(genes, { with: from.with, outputs: shown, tail }, scope)
}

/** Seldom several groupings at once. */
function groupBy(keys: readonly Value[], gene: number): string {
  const items = keys.map(({ sql }) => sql)
  const list = items.join(', ')
  const [first, ...others] = items
  switch (gene % 16) {
    case 15:
      return `ROLLUP (${list})`
    case 14:
      return `CUBE (${list})`
    case 13:
      return `GROUPING SETS ((${list}), (${first}), ())`
    case 12:
      return others.length > 0 ? `${first}, GROUPING SETS (${others.join(', ')})` : list
    case 11:
      return `DISTINCT ROLLUP (${list}), ROLLUP (${first})`
    default:
      return list
  }
}

/** With window functions over what the SELECT has before them, then DISTINCT or DISTINCT ON, then LIMIT. */
function finished(genes: SelectGenes, select: Select, scope: readonly Value[]): Select {
  const outputs = [...select.outputs, ...genes.windows.map((each) => windowCall(each, scope))]
  const sortable = outputs.filter(({ type, rounds }) => type.comparable && type.ordered && !rounds)
  if (genes.distinctOn && sortable.length > 0)
    return { ...select, outputs: grouped(sortable.slice(0, 3)), distinct: 'on' }
  if (genes.distinct % 6 === 5 && genes.limit === null && areGroupable(outputs))
    return { ...select, outputs: grouped(outputs), distinct: 'all' }
  const limit = genes.limit === null ? '' : limitWithTies(genes.limit, outputs)
  return { ...select, outputs, tail: `${select.tail}${limit}` }
}

function scalarCall(call: number, argument: ExpressionGenes, scope: readonly Value[]): Value {
  return aggregateCall({ call, argument, filter: null, over: [] }, scope)
}

function aggregateCall(genes: CallGenes, scope: readonly Value[]): Value {
  const filter = genes.filter ? ` FILTER (WHERE ${condition(genes.filter, scope)})` : ''
  const argument = expression(genes.argument, scope)
  const { type } = argument
  const call = (sql: string, returns: string, from: Partial<Value> = {}) =>
    value(`${sql}${filter}`, returns, from)
  const isFloat = (name: string) => name === 'float8' || name === 'float4'
  const further = genes.call >= 40 ? furtherCall(genes.call, argument) : null
  if (further) return { ...further, sql: `${further.sql}${filter}` }
  switch (genes.call % 8) {
    case 0:
      return call('count(*)', 'int8')
    case 1:
      return call(`count(${argument.sql})`, 'int8')
    case 2:
    case 3:
      if (type.sum && !argument.rounds)
        return call(`sum(${argument.sql})`, type.sum, {
          rounds: isFloat(type.sum),
          // It shows the scale of what is added up.
          open: argument.open && type.manyImages,
        })
      break
    case 4:
      if (type.avg && !argument.rounds)
        return call(`avg(${argument.sql})`, type.avg, {
          rounds: isFloat(type.avg),
          open: argument.open && type.manyImages,
        })
      break
    default:
      break
  }
  if (!type.ordered) return call(`count(${argument.sql})`, 'int8')
  const name = genes.call % 2 === 0 ? 'min' : 'max'
  const returns = type.name === 'decimal' ? 'numeric' : type.name === 'varchar' ? 'text' : type.name
  return call(`${name}(${argument.sql})`, returns, {
    rounds: argument.rounds,
    open: argument.open || type.manyImages,
  })
}

/** Aggregates beside the five most common ones; null where the argument has none of the kind. */
function furtherCall(gene: number, argument: Value): Value | null {
  const { type, sql, rounds } = argument
  const open = { open: argument.open || type.manyImages }
  const isFloat = type.name.startsWith('float')
  const isNumber = type.sum !== undefined && !['money', 'interval'].includes(type.name)
  if (rounds) return null
  switch (gene % 8) {
    case 0:
      return type.comparable ? value(`count(DISTINCT ${sql})`, 'int8') : null
    case 1:
      return isNumber && type.sum && !isFloat ? value(`sum(DISTINCT ${sql})`, type.sum, open) : null
    case 2:
      return isNumber
        ? value(
            `${pick(['var_pop', 'var_samp', 'variance'], gene >> 3)}(${sql})`,
            isFloat ? 'float8' : 'numeric',
            {
              rounds: isFloat,
              open: argument.open,
            },
          )
        : null
    case 3:
      return isNumber
        ? value(
            `${pick(['stddev_pop', 'stddev_samp', 'stddev'], gene >> 3)}(${sql})`,
            isFloat ? 'float8' : 'numeric',
            {
              rounds: isFloat,
              open: argument.open,
            },
          )
        : null
    case 4:
      return type.name === 'bool'
        ? value(`${pick(['bool_and', 'bool_or', 'every'], gene >> 3)}(${sql})`, 'bool')
        : null
    case 5:
      return ['int2', 'int4', 'int8'].includes(type.name) ? value(`bit_xor(${sql})`, type.name) : null
    case 6:
      return type.name === 'int4' ? value(`array_agg(${sql} ORDER BY ${sql} DESC)`, 'int_array') : null
    default:
      if (type.name === 'text') return value(`string_agg(${sql}, '|' ORDER BY ${sql} COLLATE "C")`, 'text')
      return type.ordered &&
        type.comparable &&
        !isFloat &&
        !type.manyImages &&
        ['int4', 'date', 'numeric', 'int8'].includes(type.name)
        ? value(`percentile_disc(0.4) WITHIN GROUP (ORDER BY ${sql})`, type.name)
        : null
  }
}
