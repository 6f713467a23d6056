/**
 * The statements of one recursion, by deleting and deriving again (Gupta93). With S the stored rows, and E the sources:
 *
 * 1. `gone`: the rows of S of which a derivation in one step from S was lost, and all rows of S that follow from them. What
 *    is found too many comes back in 2; nothing that must go is missed. The others, S ∖ gone, keep all derivations.
 * 2. `fresh`: the rows of `gone` that the base term gives now, or the step term over S ∖ gone; the rows that they give over
 *    S ∖ gone more often than before; and what follows from these, up to rows of S ∖ gone.
 * 3. The difference of the two, by image, is what is written and handed upward.
 *
 * With UNION ALL a row is derived as often as it stands, and both `gone` and `fresh` have all of its copies. Then step 2 adds
 * up derivations that there are now, and ends when the query does: sums of signed derivations over data with cycles do not.
 */
import { ref } from '../algebra/build.ts'
import { mayFail } from '../algebra/may-fail.ts'
import { type Column, columnOf, type Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { UnionBranch } from '../algebra/operators/union-all.ts'
import { type ColumnId, indexed, type Scalar, scalarColumns, type TypeRef } from '../algebra/scalar.ts'
import { type Changed, differentiateInput, leavesOf, stateOf } from '../delta/differentiate.ts'
import type { RecursionStage } from '../delta/stage.ts'
import { type Applied, applyNet, type StoredTable } from './apply.ts'
import { keyMatch, rowHash } from './image.ts'
import { stageOutputName } from './leaves.ts'
import { columnName } from './names.ts'
import { type MissingProbe, missingGroupProbes, missingProbes } from './probes.ts'
import { branchQuery, rowsOf } from './recursion-text.ts'
import { plainRows } from './redo.ts'
import { rowsNow } from './rows-now.ts'
import type { Printer, SelfRows } from './select.ts'
import { at, cte, indent, type Select } from './select-text.ts'

/** Where the rows are kept. */
export interface RecursionTable {
  readonly table: StoredTable
  /** The stored name of each column of the recursion. */
  readonly names: ReadonlyMap<ColumnId, string>
  /** The stored columns in order, and the column of the recursion that each one is. */
  readonly values: readonly { readonly column: Column; readonly of: ColumnId }[]
  /** The table is the stream table. */
  readonly isFused: boolean
}

export interface RecursionChange extends Applied {
  readonly ctes: readonly string[]
}

/** The CTEs that bring the stored rows up to date; null when no input can have changed. */
export function recursionChange(
  stage: RecursionStage,
  stored: RecursionTable,
  changed: Changed,
  printer: Printer,
): RecursionChange | null {
  const term = differentiateInput(stage, changed)
  if (!term) return null
  const text = new RecursionText(stage, stored, changed, printer, term)
  const net = stored.isFused ? 'net' : stageOutputName(stage.number)
  const applied = applyNet(
    printer.request,
    stored.table,
    net,
    stored.isFused ? 'target' : `stage_${stage.number}`,
  )
  return {
    ...applied,
    ctes: [
      cte(text.gone, text.goneRows()),
      cte(text.fresh, text.freshRows()),
      cte(net, text.net()),
      ...applied.ctes,
    ],
  }
}

class RecursionText {
  readonly gone: string
  readonly fresh: string
  readonly #stage: RecursionStage
  readonly #stored: RecursionTable
  readonly #changed: Changed
  readonly #printer: Printer
  readonly #term: Node
  readonly #now: SelfRows

  constructor(stage: RecursionStage, stored: RecursionTable, changed: Changed, printer: Printer, term: Node) {
    this.gone = `stage_${stage.number}_gone`
    this.fresh = `stage_${stage.number}_fresh`
    this.#stage = stage
    this.#stored = stored
    this.#changed = changed
    this.#printer = printer
    this.#term = term
    this.#now = rowsNow(printer)
  }

  /** `tid` and the columns of each row that is taken out. */
  goneRows(): string {
    const rows = `SELECT s.ctid AS tid, ${this.#columns.map((column) => `s.${this.#name(column)} AS ${columnName(column)}`).join(', ')}`
    const table = this.#stored.table.sql
    const lost = this.#delta(this.#before)
    const certain = certainStep(this.#stage)
    const next = this.#next('gone', certain.step)
    return `WITH RECURSIVE gone AS (
  ${indent(`${rows}
FROM (
  ${indent(lost)}
) AS t
JOIN ${table} AS s ON ${this.#match('s', 't')}
WHERE t.weight < 0`)}
  UNION
  ${indent(`${rows}
FROM (
  ${indent(next)}
) AS t
JOIN ${table} AS s ON ${this.#match('s', 't', certain.columns)}`)}
)
SELECT *
FROM gone`
  }

  /** The rows that are put in. */
  freshRows(): string {
    const { isDistinct } = this.#stage.node.recursion
    const list = this.#list('t')
    const seeds = [
      this.#again(this.#stage.node.base, this.#kept),
      this.#again(this.#stage.node.step, this.#kept),
      this.#gained(),
    ]
    const next = `SELECT ${list}\nFROM (\n  ${indent(this.#next('fresh', this.#stage.node.step))}\n) AS t`
    const stop = isDistinct ? `\nWHERE NOT ${this.#isStored('t', this.#isKept)}` : ''
    return `WITH RECURSIVE fresh(${this.#names}) AS (
  (${indent(indent(`${seeds.join('\nUNION ALL\n')}`))})
  UNION${isDistinct ? '' : ' ALL'}
  ${indent(next + stop)}
)
SELECT *
FROM fresh`
  }

  /** The difference of the two, in the columns of the table. */
  net(): string {
    const columns = this.#stored.values.map(({ column }) => column)
    const both = `SELECT ${this.#names}, 1 AS weight\nFROM ${this.fresh}\nUNION ALL\nSELECT ${this.#names}, -1\nFROM ${this.gone}`
    const select: Select = {
      from: [`(\n  ${indent(both)}\n) AS u`],
      where: [],
      columns: new Map(
        this.#stored.values.map(({ column, of }) => [
          column.id,
          `u.${columnName(columnOf(this.#columns, of))}`,
        ]),
      ),
      weight: 'u.weight',
    }
    return this.#printer.consolidatedRows(select, columns)
  }

  /** What one step gives more or less often over the sources as they are, from the same rows: with `weight`. */
  #delta(self: SelfRows): string {
    const select = this.#reading(self, () => this.#printer.select(this.#term))
    return branchQuery(
      this.#stage.node,
      { input: this.#term, columns: this.#columns.map(({ id }) => id) },
      select.weight === null ? { ...select, weight: '1' } : select,
      this.#printer,
    )
  }

  /** One step from the rows of `relation`, over the sources as they are now. */
  #next(relation: string, step: UnionBranch): string {
    const { node } = this.#stage
    const rows = rowsOf(node, relation)
    const select = this.#printer.stepping(this.#stage.number, rows, () => this.#selectStep(step.input))
    return branchQuery(node, step, select, this.#printer)
  }

  /** The step over the sources as they are now: rows alone, as no weights go through a recursive term. */
  #selectStep(input: Node): Select {
    const stages = leavesOf(input).flatMap((leaf) =>
      leaf.op === 'stage-output' && this.#changed.stage(leaf.stage) ? [leaf.stage] : [],
    )
    const print = () => this.#printer.select(stateOf(input, 'after', this.#changed))
    const select = [...new Set(stages)].reduce(
      (inner, stage) => () => this.#printer.reading(stage, this.#now, inner),
      print,
    )()
    if (select.weight === null) return select
    // EXCEPT ALL and INTERSECT ALL number their rows.
    const copies = `LATERAL generate_series(1, ${select.weight}) AS ${this.#printer.alias('copy')}`
    return { ...select, from: [...select.from, copies], weight: null }
  }

  /** The rows of `gone` that a term gives now, as often as it gives them. */
  #again(branch: UnionBranch, self: SelfRows): string {
    const { node } = this.#stage
    const own = operatorOf(branch.input).columns(branch.input)
    const wanted = `(SELECT DISTINCT ${this.#names} FROM ${this.gone}) AS g`
    const asked = (rows: Select): Select => {
      const match = this.#columns.map((column, i) => {
        const given = columnOf(own, branch.columns[i] ?? 0)
        const nullable = column.nullable && given.nullable
        return keyMatch(
          this.#printer.request,
          { ...column, nullable },
          at(rows, given.id),
          `g.${columnName(column)}`,
        )
      })
      return { ...rows, where: [...rows.where, ...match] }
    }
    const found = this.#reading(self, () => {
      const input = stateOf(branch.input, 'after', this.#changed)
      const select = branch === node.step ? this.#selectStep(branch.input) : this.#printer.select(input)
      const plain = (rows: Select) => plainRows(rows, input, this.#printer)
      if (!this.#printer.isBulk) {
        if (branch === node.step) return this.#oneByOne(asked(plain(select)), own, wanted)
        // What is added up is asked for first: all of it would be.
        if (select.weight !== null) return this.#oneByOne(plain(asked(select)), own, wanted)
      }
      const rows = asked(plain(select))
      return { ...rows, from: [wanted, ...rows.from] }
    })
    return branchQuery(node, branch, found, this.#printer)
  }

  /**
   * For each wanted row by itself. Joined, the planner takes a look by one column for one that finds all pages in the cache,
   * and by two, of which each row is another, for one that finds none: it would read all that hangs below a row.
   */
  #oneByOne(rows: Select, columns: readonly Column[], wanted: string): Select {
    const outputs = columns.map((column) => ({ name: columnName(column), value: ref(column) }))
    const alias = this.#printer.alias('again')
    return {
      from: [
        wanted,
        `LATERAL (\n  ${indent(this.#printer.render(rows, outputs, false, '\nOFFSET 0'))}\n) AS ${alias}`,
      ],
      where: [],
      columns: new Map(columns.map((column) => [column.id, `${alias}.${columnName(column)}`])),
      weight: null,
    }
  }

  /** Rows that a step from the rows that stay gives more often than before; those of `gone` are counted above. */
  #gained(): string {
    const { isDistinct } = this.#stage.node.recursion
    const select = this.#reading(this.#kept, () => this.#printer.select(this.#term))
    const rows = this.#printer.consolidatedRows(select, this.#columns)
    const copies = isDistinct ? '' : ', generate_series(1, t.weight) AS copies'
    const known = this.#isStored('t', isDistinct ? this.#isKept : `(NOT ${this.#isKept})`)
    return `SELECT ${this.#list('t')}
FROM (
  ${indent(rows)}
) AS t${copies}
WHERE t.weight > 0 AND NOT ${known}`
  }

  /** A look into a hashed subplan, which is never made a join: no index serves what was just found. */
  get #isKept(): string {
    return `s.ctid NOT IN (SELECT g.tid FROM ${this.gone} AS g)`
  }

  #isStored(alias: string, condition: string): string {
    return `EXISTS (SELECT FROM ${this.#stored.table.sql} AS s WHERE ${this.#match('s', alias)} AND ${condition})`
  }

  readonly #before: SelfRows = (alias) => this.#storedRows(alias('self'), [])

  readonly #kept: SelfRows = (alias) => {
    const name = alias('self')
    return this.#storedRows(name, [`${name}.ctid NOT IN (SELECT g.tid FROM ${this.gone} AS g)`])
  }

  #storedRows(alias: string, where: readonly string[]): Select {
    return {
      from: [`${this.#stored.table.sql} AS ${alias}`],
      where,
      columns: new Map(this.#columns.map((column) => [column.id, `${alias}.${this.#name(column)}`])),
      weight: null,
    }
  }

  /** The stored row `stored` equals that of `alias`, whose columns have the derived names. */
  #match(stored: string, alias: string, certain: ReadonlySet<ColumnId> | null = null): string {
    const { request } = this.#printer
    const values = this.#stored.values.filter(({ of }) => certain === null || certain.has(of))
    const of = (column: Column) => values.find((each) => each.column.id === column.id)?.of ?? 0
    const columns = values.map(({ column }) => column)
    const left = (column: Column) => `${stored}.${this.#stored.names.get(of(column))}`
    const right = (column: Column) => `${alias}.${columnName(columnOf(this.#columns, of(column)))}`
    const [a, b] = certain ? [] : [rowHash(request, columns, left), rowHash(request, columns, right)]
    const match = columns.map((column) => keyMatch(request, column, left(column), right(column)))
    return [...(a && b ? [`${a} = ${b}`] : []), ...match].join(' AND ') || 'true'
  }

  #reading<T>(self: SelfRows, print: () => T): T {
    return this.#printer.reading(this.#stage.number, self, print)
  }

  get #columns(): readonly Column[] {
    return this.#stage.node.columns
  }

  get #names(): string {
    return this.#columns.map(columnName).join(', ')
  }

  #list(alias: string): string {
    return this.#columns.map((column) => `${alias}.${columnName(column)}`).join(', ')
  }

  #name(column: Column): string {
    return this.#stored.names.get(column.id) ?? ''
  }
}

/**
 * The step term as far as it cannot fail, and the columns that are left: null for all. A row that goes may meet a row of a
 * source that is new, and the query never saw the two together; going by fewer columns, too many rows are taken out. Where
 * the step reads no source, the query came to all that it gives.
 */
function certainStep({ node: { columns, step }, number }: RecursionStage): {
  readonly step: UnionBranch
  readonly columns: ReadonlySet<ColumnId> | null
} {
  const without = (node: Node): Node => {
    const operator = operatorOf(node)
    const whole = operator.withInputs(node, operator.inputs(node).map(without))
    return whole.op === 'join' || whole.op === 'filter'
      ? { ...whole, predicate: whole.predicate.filter((each) => !failsOnOthers(each)) }
      : whole
  }
  const { input } = step
  const isSelf = (leaf: ReturnType<typeof leavesOf>[number]) =>
    leaf.op === 'stage-output' && leaf.stage === number
  if (input.op !== 'project' || leavesOf(input).every(isSelf)) return { step, columns: null }
  const failing = new Set(
    input.outputs.filter(({ value }) => failsOnOthers(value)).map(({ column }) => column.id),
  )
  const kept = columns.filter((_, i) => !failing.has(step.columns[i] ?? 0)).map(({ id }) => id)
  const outputs = input.outputs.map(({ column, value }) =>
    failing.has(column.id) ? { column, value: nothing(value.type) } : { column, value },
  )
  return {
    step: { ...step, input: { ...input, input: without(input.input), outputs } },
    columns: failing.size === 0 ? null : new Set(kept),
  }
}

/** Counting steps, as recursions do, overflows for no row that the query would not come to as well. */
function failsOnOthers(scalar: Scalar): boolean {
  if (scalar.kind === 'operator' && (scalar.sql === '+' || scalar.sql === '-')) {
    const [left, right] = scalar.args
    if (right?.kind === 'constant' && left && COUNTED.has(left.type.oid)) return failsOnOthers(left)
  }
  return mayFail(scalar)
}

const COUNTED: ReadonlySet<number> = new Set([21, 23, 20])

function nothing(type: TypeRef): Scalar {
  return { kind: 'constant', sql: 'NULL', isNull: true, type }
}

/**
 * The stored rows are found by the columns that the step term equates with others, when a source changes and when a row is
 * derived again; columns that the step passes on narrow the latter down.
 */
export function selfIndexes({ node, number }: RecursionStage): readonly (readonly ColumnId[])[] {
  const joined = new Set<ColumnId>()
  const passed = new Set<ColumnId>()
  const self = new Set(node.columns.map(({ id }) => id))
  const isSelf = (scalar: Scalar | undefined) => scalar?.kind === 'column' && self.has(scalar.id)
  const visit = (each: Node): void => {
    const operator = operatorOf(each)
    const conditions: readonly Scalar[] = 'predicate' in each ? each.predicate : []
    for (const condition of conditions) {
      if (condition.kind !== 'operator' || !condition.equality) continue
      for (const [i, compared] of condition.args.entries()) {
        const side = indexed(compared)
        const other = condition.args[1 - i]
        if (!isSelf(side) || side.kind !== 'column' || !other) continue
        const columns = [...scalarColumns(other)]
        if (columns.length > 0 && !columns.some((id) => self.has(id))) joined.add(side.id)
      }
    }
    if (each.op === 'project')
      for (const { value } of each.outputs)
        if (value.kind === 'column' && self.has(value.id)) passed.add(value.id)
    operator.inputs(each).forEach(visit)
  }
  visit(node.step.input)
  if (joined.size === 0 || number === 0) return []
  const columns = [...joined, ...[...passed].filter((id) => !joined.has(id))]
  return [columns]
}

/** The tables of a step that no index serves: from the rows that were made, and backwards, from those to be derived again. */
export function missingForRecursion(stage: RecursionStage): readonly MissingProbe[] {
  const { node } = stage
  const unchanged: Changed = { relation: () => false, stage: () => false }
  const [sought = []] = selfIndexes(stage)
  const stand: Node = {
    op: 'scan',
    relation: SELF,
    name: 'self',
    sql: '',
    columns: node.columns.map((column, i) => ({ ...column, attnum: i + 1 })),
    keys: [],
    indexes: [...sought.slice(0, 1).map((id) => [id]), ...node.columns.slice(0, 1).map(({ id }) => [id])],
    sorted: [],
    rows: 0,
  }
  const replaced = (each: Node): Node =>
    each.op === 'read' && each.of.op === 'stage-output' && each.of.stage === stage.number
      ? stand
      : operatorOf(each).withInputs(each, operatorOf(each).inputs(each).map(replaced))
  const backwards = [node.base, node.step].flatMap(({ input, columns }) => {
    const own = operatorOf(input).columns(input)
    return missingGroupProbes(
      replaced(input),
      columns.map((id) => ({ kind: 'column', id, type: columnOf(own, id).type })),
    )
  })
  return [
    ...missingProbes(stateOf(node.step.input, 'after', unchanged)),
    ...backwards.map((each) => ({ ...each, purpose: 'join' as const })),
  ].filter(({ relation }) => relation !== SELF)
}

/** No table has this number. */
const SELF = 0
