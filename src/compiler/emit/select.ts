/**
 * From a term to a SELECT. Linear operators and joins flatten into one FROM … WHERE, which is how a person would have
 * written the statement; only unions, consolidations and aggregations become derived tables.
 */

import { ref, sql, WEIGHT } from '../algebra/build.ts'
import type { Column, Node } from '../algebra/node.ts'
import { columnOf } from '../algebra/node.ts'
import { type Aggregate, callSql } from '../algebra/operators/aggregate.ts'
import type { Consolidate } from '../algebra/operators/consolidate.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Projection } from '../algebra/operators/project.ts'
import type { Read } from '../algebra/operators/read.ts'
import type { UnionAll } from '../algebra/operators/union-all.ts'
import { BOOLEAN, type Scalar } from '../algebra/scalar.ts'
import { nullOf } from '../bind/outer-join.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { ChangedColumns } from './among-changes.ts'
import { boundCrossing, boundFilter } from './bound.ts'
import { deltaBelow, emptiedBy } from './emptied.ts'
import { expand } from './expand.ts'
import { apart, type Before, before, term, unionOf, whenChanged } from './fitted.ts'
import { groupByImage } from './image.ts'
import { type Asked, lookedUp } from './lookup.ts'
import { markJoin } from './mark-join.ts'
import { keyMatch, outerJoin, rowMatch, semiJoin } from './match.ts'
import { collateClause, columnName } from './names.ts'
import { filledInput } from './nearest.ts'
import { partitionQuery } from './partition-text.ts'
import { hasDelta } from './probes.ts'
import { recursionQuery } from './recursion-text.ts'
import { printScalar } from './scalar.ts'
import {
  at,
  bigint,
  conditions,
  cte,
  indent,
  isHashOfKey,
  isNullSafe,
  noColumn,
  type Output,
  operand,
  type Select,
  top,
} from './select-text.ts'
import { temporalCrossing, temporalFilter, temporalTurning, temporalValues } from './temporal.ts'

/** How the leaves are read: a refresh reads deltas and states, a fill reads tables. */
export interface Leaves {
  read(read: Read, alias: (base: string) => string, printer: Printer): Select
  /** Every row stands for itself: there are no weights, and what repeats a row must repeat it. */
  readonly isPlain: boolean
  /** The deltas are of many rows. */
  readonly isBulk: boolean
  /** Tables and stages are joined whole. */
  readonly isWhole?: boolean
  /** What depends on a source is marked: see fitted.ts. */
  readonly isFitted?: boolean
  /** What is stored and what changed may be read in terms of their own. */
  readonly isApart?: boolean
  /** The WITH query of a delta that may well be empty. */
  perhapsEmpty(read: Read): string | null
}

/** The rows of a recursion, or of a stage that its step reads, at some moment; null: as the leaf has them. */
export type SelfRows = (alias: (base: string) => string, read: Read) => Select | null

export class Printer {
  readonly request: CompileRequest
  /** The stages that find the rows of a few keys by an index of an earlier stage's. */
  readonly probing: ReadonlySet<number>
  readonly #leaves: Leaves
  readonly #aliases = new Map<string, number>()
  readonly #selves = new Map<number, SelfRows>()
  readonly #steps = new Set<number>()
  /** Of the join that is printed, what one value at a time is asked for (`asking` in lookup.ts). */
  asked: Asked | null = null
  readonly changes: ChangedColumns
  readonly #shared: string[] = []
  readonly #sharedOnce = new Map<string, string>()
  #isSplit = false
  #isUnprobed = false

  constructor(request: CompileRequest, leaves: Leaves, probing: ReadonlySet<number> = new Set()) {
    this.request = request
    this.#leaves = leaves
    this.probing = probing
    this.changes = new ChangedColumns(leaves.isFitted === true)
  }

  get isBulk(): boolean {
    return this.#leaves.isBulk || this.isFitted
  }

  get isWhole(): boolean {
    return this.#leaves.isWhole === true
  }

  get isInRecursion(): boolean {
    return this.#selves.size > 0
  }

  get isFitted(): boolean {
    return this.#leaves.isFitted === true
  }

  /**
   * The conditions of a join, for the planner. It takes those of one key for independent, and expects one row where whole tables
   * meet by keys that may be NULL: then it compares all pairs. Of a CASE it expects one in two (measured, 20,000 rows of a
   * two-column key, in tests/law/proportion.long.test.ts: 17 s → under 1 s).
   */
  joining(predicate: readonly Scalar[], inputs: readonly Node[]): readonly Scalar[] {
    const needed = this.needed(predicate, inputs)
    if (!this.#leaves.isWhole) return needed
    const hasEquality = needed.some((each) => each.kind === 'operator' && each.equality && !isHashOfKey(each))
    return needed.map((each) =>
      isNullSafe(each) || (hasEquality && isHashOfKey(each))
        ? sql(BOOLEAN)`CASE WHEN ${each} THEN true ELSE false END`
        : each,
    )
  }

  /**
   * Without what is said again for an index to be found (see inverse-sums.ts), where whole tables meet: the planner takes the
   * two for independent, expects one row and then compares all pairs.
   */
  needed(predicate: readonly Scalar[], inputs: readonly Node[]): readonly Scalar[] {
    // The rows of a step that is under way are a change as well.
    const isFew = !this.isBulk || this.isInRecursion || inputs.some(hasDelta)
    const isProbing = !this.isWhole && !this.#isUnprobed && isFew
    return predicate.filter(
      (each) =>
        each.kind !== 'operator' || !each.isRepeated || (isProbing && each.isRepeated !== 'without index'),
    )
  }

  /** Prints what no index finds the rows of. */
  unprobed<T>(print: () => T): T {
    const outer = this.#isUnprobed
    this.#isUnprobed = true
    try {
      return print()
    } finally {
      this.#isUnprobed = outer
    }
  }

  /**
   * The conditions under which a row is left out. Each of them may hold for every row, and then the planner expects none to
   * pass, though they hardly ever hold together; joined to what is read whole that is all pairs. One of them, said again as a
   * CASE, makes it expect half (measured, NOT IN of 20,000 rows, in tests/law/proportion.long.test.ts: 17 s → under 1 s).
   */
  doubted(predicate: readonly Scalar[]): readonly Scalar[] {
    const [first, second] = predicate
    return this.#leaves.isWhole && first && second
      ? [...predicate, sql(BOOLEAN)`CASE WHEN ${first} THEN true ELSE false END`]
      : predicate
  }

  /** `text`, or nothing where one of these sources has not changed. */
  when(relations: readonly number[], text: string): string {
    return this.#leaves.isFitted ? whenChanged(relations, text) : text
  }

  /** `orders_1`, `orders_2`, …: unique in the statement that this printer prints. */
  alias = (base: string): string => {
    const readable = /^[a-z_][a-z0-9_]{0,40}$/.test(base) ? base : 't'
    const count = (this.#aliases.get(readable) ?? 0) + 1
    this.#aliases.set(readable, count)
    return `${readable}_${count}`
  }

  /** A WITH query of the statement, to be put before what is printed now; its name. */
  shared(base: string, query: string): string {
    const name = this.alias(base)
    this.#shared.push(cte(name, query))
    return name
  }

  /** One for all readers of the same. */
  sharedOnce(base: string, what: string, print: () => string): string {
    const name = this.#sharedOnce.get(what) ?? this.shared(base, print())
    this.#sharedOnce.set(what, name)
    return name
  }

  /** What was made by `shared` since this was asked last. */
  takeShared(): readonly string[] {
    return this.#shared.splice(0)
  }

  /** A source as it was: in a term that is linear in it by each of the ways to read it (see fitted.ts). */
  before(relation: number, alias: string, ways: Before): string {
    if (!this.#isSplit) return ways.union
    return this.isFitted ? before(relation, alias, ways) : this.apart(ways)
  }

  /**
   * What is stored and what changed added up. In a term of many changed rows each by itself: an index finds what is stored, and
   * nothing what changed, which would be gone through for each row (measured, two windows joined, of which 10,000 rows changed
   * each: 17 s → 0.5 s).
   */
  apart(ways: Before): string {
    return this.#isSplit && !this.isInRecursion ? apart(ways) : ways.union
  }

  select(node: Node): Select {
    return LINEAR.has(node.op) ? this.#select(node) : this.whole(() => this.#select(node))
  }

  /** Prints what a term is linear in. */
  split<T>(print: () => T): T {
    return this.#split(this.isFitted, print)
  }

  /** Prints what no term is linear in. */
  whole<T>(print: () => T): T {
    return this.#split(false, print)
  }

  #split<T>(isSplit: boolean, print: () => T): T {
    const outer = this.#isSplit
    this.#isSplit = isSplit
    try {
      return print()
    } finally {
      this.#isSplit = outer
    }
  }

  #select(node: Node): Select {
    switch (node.op) {
      case 'scan':
        return this.#leaves.read({ op: 'read', version: 'after', of: node }, this.alias, this)
      case 'read': {
        const self = node.of.op === 'stage-output' ? this.#selves.get(node.of.stage) : undefined
        return self?.(this.alias, node) ?? this.#leaves.read(node, this.alias, this)
      }
      case 'values':
        if (node.columns.length === 0) return { from: [], where: [], columns: new Map(), weight: null }
        return this.derived(
          `VALUES ${node.rows.map((row) => `(${row.map((value) => printScalar(value, noColumn)).join(', ')})`).join(', ')}`,
          'v',
          node.columns,
          false,
        )
      case 'filter': {
        const input = this.select(node.input)
        return {
          ...input,
          where: [...input.where, ...conditions(node.predicate, input, [input])],
        }
      }
      case 'project': {
        const input = this.select(node.input)
        return {
          ...input,
          columns: new Map(node.outputs.map(({ column, value }) => [column.id, operand(value, input)])),
        }
      }
      case 'join': {
        const { inputs, predicate } = lookedUp(
          node,
          node.inputs.map((each) => this.select(each)),
          this,
        )
        const weights = inputs.flatMap((input) => (input.weight === null ? [] : [input.weight]))
        const joined: Select = {
          from: inputs.flatMap((input) => input.from),
          where: inputs.flatMap((input) => input.where),
          columns: new Map(inputs.flatMap((input) => [...input.columns])),
          weight: weights.length === 0 ? null : weights.join(' * '),
        }
        return {
          ...joined,
          where: [
            ...joined.where,
            ...conditions(this.joining(predicate, node.inputs), joined, inputs),
            ...this.changes.met(predicate, joined),
          ],
          gates: [
            ...new Set([...inputs.flatMap((input) => input.gates ?? []), ...this.#unlessEmpty(node.inputs)]),
          ],
        }
      }
      case 'negate': {
        const input = this.select(node.input)
        return { ...input, weight: input.weight === null ? '-1' : `-(${input.weight})` }
      }
      case 'repeat': {
        const input = this.select(node.input)
        const times = operand(node.times, input)
        if (this.#leaves.isPlain)
          return {
            ...input,
            from: [...input.from, `LATERAL generate_series(1, ${times}) AS ${this.alias('copy')}`],
          }
        const weight = input.weight === null ? times : `${input.weight} * ${times}`
        return { ...input, where: [...input.where, `${times} > 0`], weight }
      }
      case 'temporal-filter':
        return temporalFilter(node, this)
      case 'temporal-crossing':
        return temporalCrossing(node, this)
      case 'temporal-values':
        return temporalValues(node, this)
      case 'temporal-turning':
        return temporalTurning(node, this)
      case 'expand':
        return expand(node, this)
      case 'outer-join':
        return outerJoin(node, this)
      case 'semi-join':
        return semiJoin(node, this)
      case 'mark-join':
        return markJoin(node, this)
      case 'bound-filter':
        return boundFilter(node, this)
      case 'bound-crossing':
        return boundCrossing(node, this)
      case 'key-match':
        return keyMatch(node, this)
      case 'row-match':
        return rowMatch(node, this)
      case 'union-all':
        return this.#union(node)
      case 'consolidate':
        return this.#consolidate(node)
      case 'aggregate':
        return this.#aggregate(node)
      case 'recursion':
        return this.derived(recursionQuery(node, this), 'r', node.columns, false)
      case 'window':
      case 'distinct-on':
      case 'limit': {
        const query = partitionQuery(node, filledInput(node, this), this)
        return this.derived(query, 'p', operatorOf(node).columns(node), false)
      }
    }
  }

  /** What `print` prints, the rows of a recursion read from `rows`. */
  reading<T>(self: number, rows: SelfRows, print: () => T): T {
    this.#selves.set(self, rows)
    try {
      return print()
    } finally {
      this.#selves.delete(self)
    }
  }

  /** The same, where they are those of one round, and as few as a change. */
  stepping<T>(self: number, rows: SelfRows, print: () => T): T {
    this.#steps.add(self)
    try {
      return this.reading(self, rows, print)
    } finally {
      this.#steps.delete(self)
    }
  }

  hasStep(node: Node): boolean {
    if (this.#steps.size === 0) return false
    if (node.op === 'read') return node.of.op === 'stage-output' && this.#steps.has(node.of.stage)
    return operatorOf(node)
      .inputs(node)
      .some((each) => this.hasStep(each))
  }

  /** `SELECT … FROM … WHERE …`; with `weight`, a column of that name last (1 where the rows have none). */
  query(node: Node, outputs: readonly Output[], weight: boolean): string {
    return this.render(this.select(node), outputs, weight)
  }

  render(
    select: Select,
    outputs: readonly Output[],
    weight: boolean,
    tail = '',
    further: readonly string[] = [],
  ): string {
    const items = [...outputs.map(({ name, value }) => `${top(value, select)} AS ${name}`), ...further]
    if (weight) items.push(`${select.weight ?? '1'} AS weight`)
    const from = select.from.length === 0 ? '' : `\nFROM ${select.from.join(',\n     ')}`
    return `SELECT ${items.join(', ')}${from}${whereOf(select)}${tail}`
  }

  /**
   * A SELECT behind its gates, which have an inner one to themselves where it joins three tables or more. A condition over
   * no table counts as one over all of them (initsplan.c), and the planner then takes any two for joined by it: it tries all
   * orders, those that join what has nothing to do with each other too (measured, a chain of 10 tables: planning takes 370 ms
   * → 3 ms), and GEQO ends with one of these.
   */
  gated(select: Select, print: (select: Select) => string): string {
    const { gates = [], from } = select
    const tables = from.length + from.join().split(' JOIN ').length - 1
    if (gates.length === 0 || tables < 3) return print(select)
    return `SELECT *\nFROM (${indent(print({ ...select, gates: [] }))}) AS ${this.alias('gated')}\nWHERE ${gates.join('\n  AND ')}`
  }

  /** Equal images added up; columns keep their derived names. */
  consolidated(node: Node): string {
    return this.consolidatedRows(this.select(node), operatorOf(node).columns(node))
  }

  consolidatedRows(select: Select, columns: readonly Column[], weight = 'bigint'): string {
    return this.gated(select, (gated) => this.#consolidatedRows(gated, columns, weight))
  }

  #consolidatedRows(select: Select, columns: readonly Column[], weight: string): string {
    const groups = columns.map((column) => groupByImage(this.request, column, at(select, column.id)))
    const total = select.weight === null ? 'count(*)' : `sum(${select.weight})`
    const items = columns.map((column, i) => `${groups[i]?.output} AS ${columnName(column)}`)
    const from = select.from.length === 0 ? '' : `\nFROM ${select.from.join(',\n     ')}`
    const by = groups.flatMap((group) => group.groupBy)
    return `SELECT ${[...items, `(${total})::${weight} AS weight`].join(', ')}${from}${whereOf(select)}${
      by.length === 0 ? '' : `\nGROUP BY ${by.join(', ')}`
    }\nHAVING ${total} <> 0`
  }

  /**
   * The rows that meet a row of `asking`, a FROM item. One look-up for each of its rows where `probed`: the planner, who takes
   * a WITH query for 200 rows, would read everything once (measured, 100,000 rows of 1,000 keys: 48 ms → 5 ms).
   */
  meeting(
    rows: Select,
    columns: readonly Column[],
    asking: string,
    conditions: readonly string[],
    probed: boolean,
  ): Select {
    const joined = { ...rows, where: [...rows.where, ...conditions] }
    if (!probed) return { ...joined, from: [...rows.from, asking] }
    const outputs = columns.map((column) => ({ name: columnName(column), value: ref(column) }))
    const alias = this.alias('met')
    return {
      from: [
        asking,
        `LATERAL (${indent(this.render(joined, outputs, rows.weight !== null, '\nOFFSET 0'))}) AS ${alias}`,
      ],
      where: [],
      columns: new Map(columns.map((column) => [column.id, `${alias}.${columnName(column)}`])),
      weight: rows.weight === null ? null : `${alias}.weight`,
    }
  }

  /** A derived table over the columns' derived names. */
  derived(query: string, base: string, columns: readonly Column[], weighted: boolean): Select {
    const alias = this.alias(base)
    const names = query.startsWith('VALUES') ? `(${columns.map(columnName).join(', ')})` : ''
    return {
      from: [`(${indent(query)}) AS ${alias}${names}`],
      where: [],
      columns: new Map(columns.map((column) => [column.id, `${alias}.${columnName(column)}`])),
      weight: weighted ? `${alias}.weight` : null,
    }
  }

  /**
   * A join with nothing is not begun: the planner takes a delta for some rows, and may join tables with each other before it
   * comes to it. A condition over no table is looked at once, before everything else (measured, 6 tables of which 2 changed:
   * 340 ms → 9 ms).
   */
  #unlessEmpty(inputs: readonly Node[]): string[] {
    if (inputs.length < 2) return []
    const deltas = inputs
      .flatMap((each) => deltaBelow(each) ?? [])
      .flatMap((each) => this.#leaves.perhapsEmpty(each) ?? [])
    return [...new Set(deltas)].map((name) => `EXISTS (SELECT FROM ${name})`)
  }

  /** In a step of a recursion it may depend on the recursion's own rows, which no WITH query of the statement sees. */
  #consolidate(node: Consolidate): Select {
    const columns = operatorOf(node).columns(node)
    const query = this.consolidated(node.input)
    if (!node.isShared || this.#selves.size > 0) return this.derived(query, 'net', columns, true)
    const name = this.shared('net', query)
    const names = columns.map((column) => [column.id, `${name}.${columnName(column)}`] as const)
    return { from: [name], where: [], columns: new Map(names), weight: `${name}.weight` }
  }

  #union(node: UnionAll): Select {
    const { isFitted } = this
    const branches = node.branches.map((branch) => ({
      ...branch,
      select: this.#split(this.#leaves.isApart === true, () => this.select(branch.input)),
    }))
    const weighted = branches.some((branch) => branch.select.weight !== null)
    const queries = branches.map(({ select, columns, input }) => {
      const own = operatorOf(input).columns(input)
      return this.arm(
        select,
        columns.map((id) => columnOf(own, id)),
        node.columns,
        weighted,
      )
    })
    const arms = node.branches.map(({ input }, i) => {
      const query = queries[i] ?? ''
      return { query: term(query), needs: emptiedBy(input) }
    })
    const [first] = arms
    const all =
      isFitted && first
        ? unionOf(
            arms.map(({ query, needs }) => this.when([...needs], query)),
            this.#nothing(node, weighted) ?? first.query,
          )
        : arms.map(({ query }) => query).join('\nUNION ALL\n')
    return this.derived(all, 'u', node.columns, weighted)
  }

  /** No row of these columns: the first arm said once more would double the text at each level. */
  #nothing({ columns }: UnionAll, weighted: boolean): string | null {
    // The fields of a record are known from what makes it.
    if (columns.some(({ type }) => this.request.types[type.oid]?.kind === 'p')) return null
    const items = columns.map((column) => `${nullOf(column.type, this.request).sql} AS ${columnName(column)}`)
    return `SELECT ${[...items, ...(weighted ? ['0::bigint AS weight'] : [])].join(', ')} WHERE false`
  }

  /** One SELECT of a union: `columns` under the names of the union's. */
  arm(
    select: Select,
    columns: readonly Column[],
    names: readonly Column[],
    weighted: boolean,
    tail = '',
  ): string {
    // An arm that stands alone has no other to take the collation from, and a value hashes by its own.
    const outputs = names.map((name, i) => {
      const value = ref(columns[i] ?? name)
      const isSame = value.type.collation === name.type.collation
      const collate = isSame ? '' : collateClause(this.request, name.type.collation)
      const collated: Scalar = { ...sql(name.type)`(${value})`, parts: ['(', `${collate})`] }
      return { name: columnName(name), value: collate === '' ? value : collated }
    })
    const weighed = weighted ? { ...select, weight: bigint(select.weight) } : select
    return this.gated(weighed, (each) =>
      // Without LIMIT or OFFSET the planner would put the inner one in the place of the outer, with the gates.
      this.render(each, outputs, weighted, each === weighed || tail !== '' ? tail : '\nOFFSET 0'),
    )
  }

  /** The aggregation from scratch, as the query has it. */
  #aggregate(node: Aggregate): Select {
    const calls = node.calls.map((call) => ({ column: call.column, value: callSql(call) }))
    return this.derived(
      this.grouped(this.select(node.input), node.keys, calls),
      'g',
      operatorOf(node).columns(node),
      false,
    )
  }

  /** `SELECT keys, aggregates … GROUP BY keys` over any input. */
  grouped(
    input: Select,
    keys: readonly Projection[],
    aggregates: readonly Projection[],
    further: readonly string[] = [],
  ): string {
    const outputs = [...keys, ...aggregates].map(({ column, value }) => ({ name: columnName(column), value }))
    const by = keys.length === 0 ? '' : `\nGROUP BY ${keys.map((_, i) => i + 1).join(', ')}`
    // Without an aggregate to show it, only HAVING says that there is one row.
    return outputs.length === 0
      ? this.render(
          input,
          [{ name: 'nothing', value: { kind: 'constant', sql: '1', isNull: false, type: WEIGHT.type } }],
          false,
          '\nHAVING true',
        )
      : keys.length === 0
        ? this.render(input, outputs, false, by, further)
        : this.gated(input, (gated) => this.render(gated, outputs, false, by, further))
  }
}

function whereOf({ where, gates = [] }: Select): string {
  return where.length + gates.length === 0 ? '' : `\nWHERE ${[...where, ...gates].join('\n  AND ')}`
}

/** A row more or less of their input, of each of a join's, or of the left one, is a row more or less of theirs. */
const LINEAR: ReadonlySet<Node['op']> = new Set([
  'read',
  'scan',
  'filter',
  'project',
  'negate',
  'repeat',
  'join',
  'outer-join',
  'semi-join',
  'mark-join',
  'bound-filter',
  'bound-crossing',
])
