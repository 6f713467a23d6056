/** Random queries of the grammar that is maintained incrementally. */

import { aggregateCall, scalarCall } from './aggregate-call.ts'
import { type DerivedGenes, derived, isTrue } from './derived.ts'
import { applyFunctions, condition, expression } from './expression.ts'
import type { AggregateGenes, JoinGenes, QueryGenes, SelectGenes, SourceGenes } from './genes.ts'
import { type Item, item, type Joined, mergingJoin, underAlias } from './merged-columns.ts'
import { recursion } from './recursion.ts'
import { constant, type OutputColumn, pick, type Relation, type Value, value } from './scope.ts'
import { type SublinkGenes, sublink, sublinkCondition } from './sublinks.ts'
import { functionsInFrom, setToShow } from './table-functions.ts'
import { type ColumnType, typeNamed } from './types.ts'
import { inFullOrder, limit, windowCall } from './windows.ts'

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
  /** How many LATERAL subqueries this one is in: names of a level do not hide those of another. */
  readonly level: number
}

/** Every row of each table may change between two refreshes, and what is joined without a condition multiplies. */
const TABLES = 5

/** `outer`: columns of the queries that a LATERAL subquery is in. */
export function query(
  genes: QueryGenes,
  relations: readonly Relation[],
  budget: Budget = { tables: TABLES, level: 0 },
  outer: readonly Value[] = [],
): Query {
  const branches = genes.map((each) => select(each, relations, budget, outer))
  const [first, ...others] = branches
  if (!first) throw new Error('a query has one SELECT at least')
  if (others.length === 0) return named(first, genes[0]?.names ?? 0)
  // The branch with the fewest columns sets the width; the others give what they have of each type, or a constant.
  const width = Math.min(...branches.map((branch) => branch.outputs.length))
  // DISTINCT ON and LIMIT name outputs, which a branch may lose; DISTINCT must be able to compare what it gets instead.
  if (branches.some(({ distinct, tail }) => distinct !== undefined || / (?:TIES|OFFSET \d+)$/.test(tail)))
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
  readonly distinct?: 'all' | 'on' | 'on first'
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
  const recursive = select.with.some((each) => each.startsWith('r')) ? 'RECURSIVE ' : ''
  const prefix = select.with.length > 0 ? `WITH ${recursive}${select.with.join(', ')}\n` : ''
  return `${prefix}SELECT ${distinct(select)}${list.join(', ')}${select.tail}`
}

function distinct(select: Select): string {
  switch (select.distinct) {
    case 'all':
      return 'DISTINCT '
    case 'on first':
      return `DISTINCT ON (${select.outputs[0]?.sql}) `
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

function select(
  genes: SelectGenes,
  relations: readonly Relation[],
  budget: Budget,
  outer: readonly Value[],
): Select {
  const joined = fromClause(genes, relations, budget, outer)
  // An aggregate over what is of the queries around alone would be one of theirs.
  const around = genes.aggregate ? [] : outer
  const more = genes.derived
    .map((each, i) =>
      asColumn(each, [...joined.scope, ...around], relations, budget, `y${budget.level}_${i}`),
    )
    .filter((each) => each !== null)
  // Twice, so that they are picked.
  const from = { ...joined, scope: [...joined.scope, ...more, ...more] }
  const time = genes.time === null ? [] : aboutTime(genes.time, from.scope)
  const isTimeShown = ((genes.time ?? 0) >> 5) % 2 === 1
  const timed = isTimeShown ? time.map((sql) => value(`(${sql})`, 'bool')) : []
  const where = [
    ...from.where,
    ...genes.where.map((each) => condition(each, from.scope)),
    ...correlation(genes, from.scope, outer),
    ...(isTimeShown ? [] : time),
  ]
  const shownSublinks: Value[] = []
  const asked: string[] = []
  for (const [i, each] of genes.sublinks.entries()) {
    if (budget.tables <= 0) break
    const scope = [...from.scope, ...outer]
    const made = sublink(each, scope, scope, relationOf(each, relations, budget), i, scalarCall)
    if (!made) continue
    const isShown = each.place % 3 === 0 && !genes.aggregate
    if (isShown) shownSublinks.push(made)
    else asked.push(sublinkCondition(each, made, from.scope))
  }
  if (asked.length > 2) where.push(`(${asked.join(' OR ')})`)
  else where.push(...asked)
  const tail = `${from.sql}${where.length > 0 ? `\nWHERE ${where.join(' AND ')}` : ''}`
  if (genes.aggregate) return aggregated(genes, genes.aggregate, from, tail, relations, budget, timed)
  const visible = [...from.scope, ...outer]
  const outputs = genes.outputs.map((each) => expression(each, visible))
  const sets = genes.sets.map((each) => setToShow(each, joined.scope)).filter((each) => each !== null)
  const shown = [
    ...(outputs.length > 0 ? outputs : from.scope.slice(0, 4)),
    ...shownSublinks,
    ...timed,
    ...sets,
  ]
  return finished(genes, { with: from.with, outputs: shown, tail }, from.scope)
}

function asColumn(
  genes: DerivedGenes,
  scope: readonly Value[],
  relations: readonly Relation[],
  budget: Budget,
  alias: string,
): Value | null {
  const take = () => budget.tables > 0 && budget.tables-- > 0
  return derived(genes, scope, relations, alias, scalarCall, take)
}

/** What a sublink reads: a relation, or a query as deep as any. */
function relationOf(genes: SublinkGenes, relations: readonly Relation[], budget: Budget): Relation {
  if (genes.query && budget.tables > 1) {
    const inner = query(genes.query, relations, budget)
    if (inner.columns.length > 0) return { name: `(${inner.sql})`, columns: inner.columns }
  }
  budget.tables -= 1
  return pick(relations, genes.relation)
}

/** How a LATERAL subquery depends on the row that it is for. */
function correlation(
  genes: SelectGenes,
  scope: readonly Value[],
  outer: readonly Value[],
): readonly string[] {
  const pairs = scope
    .filter(({ type, rounds, open }) => type.comparable && !rounds && !open)
    .flatMap((r) => outer.filter((l) => l.type === r.type).map((l) => ({ l, r })))
  if (pairs.length === 0 || genes.names % 8 === 7) return []
  const { l, r } = pick(pairs, genes.names)
  const operator = genes.distinct % 4 === 3 && l.type.ordered ? pick(['<=', '<>', '>'], genes.operation) : '='
  return [`${r.sql} ${operator} ${l.sql}`]
}

const TIMES = [
  '@ <= now()',
  `@ > now() - interval '0.4 seconds'`,
  `@ BETWEEN now() - interval '1 second' AND now() + interval '0.3 seconds'`,
  '(@ IS NULL OR now() < @)',
  '@ <= CURRENT_TIMESTAMP(0)',
]

function aboutTime(gene: number, scope: readonly Value[]): readonly string[] {
  const times = scope.filter(({ type }) => type.name === 'timestamptz')
  return times.length === 0 ? [] : [pick(TIMES, gene).replaceAll('@', pick(times, gene >> 3).sql)]
}

interface From {
  readonly with: string[]
  readonly sql: string
  readonly scope: readonly Value[]
  readonly where: readonly string[]
}

const JOINS = ['JOIN', 'LEFT JOIN', 'JOIN', 'LEFT JOIN', 'JOIN', 'RIGHT JOIN', 'FULL JOIN']

const ALIASES = ['a', 'b', '"C d"', 'd', 's', 'g']

function fromClause(
  genes: SelectGenes,
  relations: readonly Relation[],
  budget: Budget,
  outer: readonly Value[],
): From {
  const from: FromGenes = { relations, budget, ctes: [], taken: { items: 0 } }
  let left: Joined = source(genes.first, from, outer)
  const where: string[] = []
  let commas = false
  genes.joins.forEach((join, i) => {
    if (budget.tables <= 0) return
    const right = source(join.source, from, [...left.scope, ...outer])
    // After a comma a JOIN sees only what follows the comma.
    commas ||= join.kind % 4 === 0
    if (!commas) {
      left = joined(left, right, join, i, from, genes.sublinks[i], genes.derived[i])
      return
    }
    const on = joinCondition(join, left.scope, right.scope, i)
    left = beside(left, right, `${left.sql}, ${right.sql}`)
    if (on) where.push(on)
  })
  return { with: from.ctes.map((each) => each.text), sql: `\nFROM ${left.sql}`, scope: left.scope, where }
}

/** What the items of one FROM share. */
interface FromGenes {
  readonly relations: readonly Relation[]
  readonly budget: Budget
  readonly ctes: Cte[]
  /** Each item has a place, by which it is named. */
  readonly taken: { items: number }
}

function beside(left: Joined, right: Joined, sql: string): Joined {
  return { sql, scope: [...left.scope, ...right.scope], columns: [...left.columns, ...right.columns] }
}

function joined(
  left: Joined,
  right: Item,
  join: JoinGenes,
  position: number,
  { relations, budget, taken }: FromGenes,
  inOn?: SublinkGenes,
  more?: DerivedGenes,
): Joined {
  const wanted = pick(JOINS, join.outer)
  const kind = right.reads && /RIGHT|FULL/.test(wanted) ? 'LEFT JOIN' : wanted
  if (join.merge % 4 === 3) {
    const made = mergingJoin(left, right, join, kind, `u${budget.level}_${taken.items++}`)
    if (made) return made
  }
  const on = joinCondition(join, left.scope, right.scope, position)
  if (on === null) {
    const cross = right.reads && join.outer % 2 === 1 ? 'LEFT JOIN' : 'CROSS JOIN'
    return beside(left, right, `${left.sql}\n${cross} ${right.sql}${cross === 'LEFT JOIN' ? ' ON true' : ''}`)
  }
  const scope = [...left.scope, ...right.scope]
  const conditions = join.on ? [on, condition(join.on, scope)] : [on]
  if (inOn && inOn.place % 4 === 3) {
    const relation = relationOf(inOn, relations, budget)
    const made = sublink(inOn, scope, scope, relation, position + 10, scalarCall)
    if (made) conditions.push(sublinkCondition(inOn, made, scope))
  }
  if (more && more.call % 4 === 3) {
    const made = asColumn(more, scope, relations, budget, `z${budget.level}_${position}`)
    if (made) conditions.push(isTrue(made))
  }
  // PostgreSQL joins both ways by equality alone, and nothing reads the left row from there.
  const isLeft = kind === 'FULL JOIN' && !on.includes(' = ')
  return beside(
    left,
    right,
    `${left.sql}\n${isLeft ? 'LEFT JOIN' : kind} ${right.sql} ON ${conditions.join(' AND ')}`,
  )
}

interface Cte extends Relation {
  readonly text: string
}

function source(genes: SourceGenes, from: FromGenes, outer: readonly Value[]): Item {
  const { relations, ctes, budget } = from
  const position = from.taken.items++
  const alias = budget.level > 0 ? `l${budget.level}_${position}` : (ALIASES[position] ?? `t${position}`)
  const instead = (gene: number) => relationItem(pick(relations, gene), gene, alias, budget)
  switch (genes.kind) {
    case 'relation':
      return instead(genes.pick)
    case 'join': {
      const left = source(genes.first, from, outer)
      const right = source(genes.join.source, from, [...left.scope, ...outer])
      // A cross join is for the start of a FROM alone.
      const made = joined(left, right, genes.join, 9, from)
      const reads = left.reads || right.reads ? { reads: true as const } : {}
      // It is in parentheses already.
      if (made.hides) return { ...made, ...reads }
      if (genes.join.merge % 3 === 2) return { ...underAlias(made, alias), ...reads }
      return { ...made, sql: `(${made.sql})`, ...reads }
    }
    case 'values': {
      const types = [typeNamed('int4'), typeNamed('text')]
      const rows = genes.rows.map(
        (row) => `(${types.map((type, i) => constant(type, row[i] ?? 0)).join(', ')})`,
      )
      const columns = types.map((type, i) => ({ name: NAMES[i] ?? 'c', type, open: false, rounds: false }))
      const list = columns.map((column) => column.name).join(', ')
      const { scope } = item('', alias, columns)
      return { sql: `(VALUES ${rows.join(', ')}) AS ${alias}(${list})`, scope, columns }
    }
    case 'subquery': {
      const inner = query(genes.query, relations, budget)
      return item(`(${inner.sql}) AS ${alias}`, alias, inner.columns)
    }
    case 'with': {
      const inner = query(genes.query, relations, budget)
      const name = `w${position}`
      ctes.push({ name, columns: inner.columns, text: `${name} AS (${inner.sql})` })
      return item(`${name} AS ${alias}`, alias, inner.columns)
    }
    case 'again': {
      const again = ctes[genes.pick % Math.max(1, ctes.length)]
      if (!again) return instead(genes.pick)
      budget.tables -= 1
      return item(`${again.name} AS ${alias}`, alias, again.columns)
    }
    case 'lateral': {
      const inside = { tables: Math.max(1, budget.tables - 1), level: budget.level + 1 }
      const seen = outer.filter(({ rounds, open }) => !rounds && !open)
      const inner = query(genes.query, relations, inside, seen)
      budget.tables = Math.min(inside.tables, budget.tables)
      return { ...item(`LATERAL (${inner.sql}) AS ${alias}`, alias, inner.columns), reads: true }
    }
    case 'functions': {
      const made = functionsInFrom(genes.functions, outer, alias)
      return made ? { ...made, reads: true } : instead(genes.functions.pick)
    }
    case 'recursion': {
      const name = `r${position}`
      const made = recursion(genes.recursion, relations, name)
      if (!made) return instead(genes.recursion.base)
      budget.tables -= 2
      ctes.push({ name, columns: made.columns, text: made.sql })
      const read = item(`${name} AS ${alias}`, alias, made.columns)
      // What CYCLE adds cannot be renamed.
      return made.columns.some((column) => column.name === 'met')
        ? { sql: read.sql, scope: read.scope, columns: read.columns }
        : read
    }
  }
}

function relationItem(relation: Relation, gene: number, alias: string, budget: Budget): Item {
  budget.tables -= 1
  const only = relation.hasParts && gene % 3 === 1 ? 'ONLY ' : ''
  const made = item(`${only}${relation.name} AS ${alias}`, alias, relation.columns)
  // Under other names its fields have others, too.
  return relation.row && gene >= 52
    ? {
        sql: made.sql,
        columns: made.columns,
        scope: [...made.scope, value(alias, relation.row)],
      }
    : made
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

function aggregated(
  genes: SelectGenes,
  aggregate: AggregateGenes,
  from: From,
  where: string,
  relations: readonly Relation[],
  budget: Budget,
  timed: readonly Value[],
): Select {
  const keys = aggregate.keys
    .map((each) => expression(each, from.scope))
    .filter((key) => key.type.comparable && !key.rounds)
    .map((key) => ({ ...key, open: key.open || key.type.manyImages, type: asKey(key.type) }))
  const unique = keys.filter((key, i) => keys.findIndex((each) => each.sql === key.sql) === i)
  // A constant is a position to GROUP BY, and a literal no column: both must be columns of something.
  const grouping = unique.filter((key) => from.scope.some((column) => key.sql.includes(column.sql)))
  const calls = aggregate.calls.map((each) => aggregateCall(each, from.scope))
  const shownKeys = grouping.filter((_, i) => (genes.names >> i) % 4 !== 3)
  const outputs = [
    ...shownKeys,
    ...calls.map((call, i) => applyFunctions(call, aggregate.calls[i]?.over ?? [], genes.names)),
    ...timed.map(({ sql }) => value(`count(*) FILTER (WHERE ${sql})`, 'int8')),
  ]
  const scope = [...grouping, ...calls]
  const having =
    scope.length > 0
      ? aggregate.having.map((each) =>
          condition({ ...each, on: { ...each.on, column: each.on.column % 63 } }, scope),
        )
      : []
  // A subquery sees of a group the columns it is of; the rest only what is beside it.
  const keysWithin = grouping.filter((key) =>
    from.scope.some((column) => key.sql === column.sql && !key.sql.includes('(')),
  )
  for (const [i, each] of aggregate.sublinks.entries()) {
    if (budget.tables <= 0) break
    const relation = relationOf(each, relations, budget)
    const made = sublink(each, scope, keysWithin, relation, i + 5, scalarCall)
    if (!made) continue
    if (each.place % 3 === 0) outputs.push(made)
    else having.push(sublinkCondition(each, made, scope))
  }
  const tail = [
    where,
    grouping.length > 0 ? `\nGROUP BY ${groupBy(grouping, aggregate.sets)}` : '',
    having.length > 0 ? `\nHAVING ${having.join(' AND ')}` : '',
  ].join('')
  const shown = outputs.length > 0 ? outputs : [value('count(*)', 'int8')]
  return finished(genes, { with: from.with, outputs: shown, tail }, scope)
}

/** Of a row that is grouped by, PostgreSQL does not know the fields any more. */
function asKey(type: ColumnType): ColumnType {
  return type.fields ? { ...type, fields: [] } : type
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
  if (genes.distinctOn && genes.names % 2 === 1 && inFullOrder(outputs)) {
    const order = outputs.map((_, i) => i + 1).join(', ')
    return { ...select, outputs, distinct: 'on first', tail: `${select.tail}\nORDER BY ${order}` }
  }
  const sortable = outputs.filter(({ type, rounds }) => type.comparable && type.ordered && !rounds)
  if (genes.distinctOn && sortable.length > 0)
    return { ...select, outputs: grouped(sortable.slice(0, 3)), distinct: 'on' }
  if (genes.distinct % 6 === 5 && genes.limit === null && areGroupable(outputs))
    return { ...select, outputs: grouped(outputs), distinct: 'all' }
  return {
    ...select,
    outputs,
    tail: `${select.tail}${genes.limit === null ? '' : limit(genes.limit, outputs)}`,
  }
}
