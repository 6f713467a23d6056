/**
 * Subqueries in the expressions of one SELECT. While an expression is bound, a column stands for each of them; then the rows
 * below get that column.
 *
 * A scalar subquery is an outer join (one-row.ts). EXISTS, IN, = ANY and ALL part the rows into those for which it is true,
 * false and unknown, by semi and anti joins: L = (L ⋉ S) ⊎ (L ▷ S), each with the value as a constant. A condition is then
 * simplified in each part, and a part that it drops is not there: EXISTS by itself is a semi join, NOT EXISTS an anti join,
 * NOT IN anti joins on equality and on NULLs. Where there would be many parts each asks a mark join instead, whose columns say
 * whether a row has a match. None of them keeps state. Source: Dayal87; LarsonZhou07 for the deltas; NeumannKemper15.
 */
import { and, ref, sameScalar, sql } from '../../algebra/build.ts'
import { mayFail } from '../../algebra/may-fail.ts'
import type { Column, Node } from '../../algebra/node.ts'
import { operatorOf } from '../../algebra/operators/index.ts'
import type { Project } from '../../algebra/operators/project.ts'
import { BOOLEAN, type ColumnId, type Constant, type Scalar, scalarColumns } from '../../algebra/scalar.ts'
import { internalError } from '../../catalog/error.ts'
import { nodeField, numberField, optionalNode } from '../../catalog/node-field.ts'
import type { TreeNode } from '../../catalog/node-tree.ts'
import { expression } from '../binding.ts'
import { bindExpression } from '../expression.ts'
import { bindQuery, bindSorted, conjuncts, type Environment } from '../query.ts'
import type { QueryScope, Scope } from '../scope.ts'
import { arrayOf } from './array.ts'
import { columnsRead, idsOf, reads, replaceColumns } from './columns.ts'
import { overDomain } from './domain.ts'
import { withoutLimit } from './exists.ts'
import { fold, isTruth, polarity, TRUTH } from './fold.ts'
import { ofRow } from './of-row.ts'
import { isFixed, type OneRow, oneRow } from './one-row.ts'
import { pull } from './pull.ts'
import { equalitiesOf, unknownWays } from './test.ts'

/** SubLinkType (primnodes.h). */
const SUBLINK = { exists: 0, all: 1, any: 2, rowCompare: 3, expression: 4, array: 6 }

/** ParamKind (primnodes.h): the columns of the subquery in the test of ANY and ALL. */
const PARAM_SUBLINK = 2

/** Two subqueries that are true or false, or one that may be unknown. Parts multiply; marks do not. */
const MOST_PARTS = 4

/** In one condition: in each part the planner is free to begin with any of the semi joins, and not with what changed. */
const MOST_SUBLINKS = 2

/** Before those are left out that fail the condition. */
const MOST_WAYS = 64

interface Sublink {
  readonly column: Column
  readonly kind: number
  readonly subquery: Project
  /** Over the rows around and the subquery's columns. */
  readonly test: Scalar | null
}

/** Rows for which the subqueries met so far have these values. */
interface Part {
  readonly rows: Node
  readonly values: ReadonlyMap<ColumnId, Scalar>
  /** What none of them meets. */
  readonly never?: Scalar
}

interface Asked {
  readonly sublink: Sublink
  readonly side: Side
}

type Side = 'positive' | 'negative' | null

interface Condition {
  readonly condition: Scalar
  readonly asked: readonly Asked[]
  /** Nothing else asks for the same subqueries. */
  readonly areOnly: boolean
}

/** When a subquery is true, and when it is unknown. */
interface Comparison {
  readonly found: Node
  readonly hit: readonly Scalar[]
  /** Ways to be unknown of a row without a hit, where that makes a difference. */
  readonly unknown: readonly (readonly Scalar[])[]
  readonly values: { readonly hit: Constant; readonly unknown: Constant; readonly otherwise: Constant }
}

/** The sides of an outer join, subqueries being columns of them, and the conditions that are left. */
interface Sides {
  readonly left: () => Node
  readonly right: () => Node
  readonly rest: readonly Scalar[]
}

export class Sublinks {
  readonly #environment: Environment
  readonly #inside: <T>(tree: T) => T
  readonly #known = new Map<string, Sublink>()
  readonly #columns = new Set<ColumnId>()
  #pending: Sublink[] = []

  /** `inside`: what columns of the rows around are to a subquery, where they are not as the range table has them. */
  constructor(environment: Environment, inside: <T>(tree: T) => T = (tree) => tree) {
    this.#environment = environment
    this.#inside = inside
  }

  /** SUBLINK as a column; equal ones share it until rows have it. */
  bind(node: TreeNode, scope: QueryScope): Scalar {
    const image = JSON.stringify(node)
    const same = this.#known.get(image)
    if (same && this.#pending.includes(same)) return ref(same.column)
    const kind = numberField(node, 'subLinkType')
    const { outer } = this.#environment
    const environment = { ...this.#environment, outer: [scope, ...outer] }
    const written = nodeField(node, 'subselect')
    const select = kind === SUBLINK.exists ? withoutLimit(written, scope) : written
    const bound = kind === SUBLINK.array ? this.#array(select, environment) : bindQuery(select, environment)
    const { printSublink } = this.#environment
    const asExpression =
      printSublink && ofRow(node, bound, { scopes: [scope, ...outer], print: printSublink })
    if (asExpression) {
      // What the fields of a row are its text does not say. Whoever binds an expression sees to its columns, which the whole
      // of it may be grouped by.
      const [shown] = kind === SUBLINK.expression ? bound.outputs : []
      return shown ? { ...asExpression, type: shown.column.type } : asExpression
    }
    const subquery = this.#inside(bound)
    const testNode = optionalNode(node, 'testexpr')
    const test = testNode && this.#inside(bindExpression(testNode, testScope(scope, subquery)))
    const [first] = subquery.outputs
    const isValue = kind === SUBLINK.expression || kind === SUBLINK.array
    const type = isValue ? first?.column.type : BOOLEAN
    if (!type) throw internalError('a subquery without a column')
    const column = this.#environment.ids.make('subquery', type, kind !== SUBLINK.exists)
    const sublink = { column, kind: isValue ? SUBLINK.expression : kind, subquery, test }
    this.#known.set(image, sublink)
    this.#columns.add(column.id)
    this.#pending.push(sublink)
    return ref(column)
  }

  #array(select: TreeNode, environment: Environment): Project {
    const { rows, order } = bindSorted(select, environment)
    return arrayOf(rows, order, environment)
  }

  /** The column that stands for a subquery bound before. */
  find(node: TreeNode): Column | undefined {
    return this.#known.get(JSON.stringify(node))?.column
  }

  has(id: ColumnId): boolean {
    return this.#columns.has(id)
  }

  /** The rows of `input` that meet the conditions, which may hold subqueries. */
  filtered(input: Node, predicate: readonly Scalar[]): Node {
    const holds = (condition: Scalar) => [...scalarColumns(condition)].some((id) => this.has(id))
    const plain = predicate.filter((each) => !holds(each))
    const base: Node = plain.length === 0 ? input : joinOrFilter(input, plain)
    const whole: Part = { rows: base, values: new Map() }
    const all = predicate.filter(holds)
    const conditions = all.map((condition): Condition => {
      const asked = this.#taken(condition).map((sublink) => {
        const { id } = sublink.column
        const isTested = [...this.#known.values()].some(({ test }) => test && scalarColumns(test).has(id))
        const isOnly = !isTested && !all.some((each) => each !== condition && reads(each, new Set([id])))
        return { sublink, isOnly, side: isTested ? null : polarity(and(all), id) }
      })
      return { condition, asked, areOnly: asked.every(({ isOnly }) => isOnly) }
    })
    const parts = this.#parted(whole, base, conditions)
    return this.#together(base, parts ?? [this.#marked(whole, base, conditions)], [])
  }

  /** Null: they are too many. */
  #parted(whole: Part, base: Node, conditions: readonly Condition[]): readonly Part[] | null {
    let parts: readonly Part[] = [whole]
    for (const { condition, asked, areOnly } of conditions) {
      if (asked.filter(({ sublink }) => isTruthValue(sublink)).length > MOST_SUBLINKS) return null
      const now = (part: Part) => fold(replaceColumns(condition, part.values))
      const passing: Part[] = []
      const open: Part[] = []
      for (const part of parts) {
        const { sure, others } = surely(part, condition, areOnly ? asked : [])
        if (sure) passing.push(sure)
        let ways = 1
        let split: readonly Part[] = [others]
        for (const { sublink, side } of asked) {
          const found = split.map((each) =>
            areOnly && isSettled(now(each)) ? [each] : this.#split(each, sublink, base, side),
          )
          // Those that are settled early are as many again to whoever comes to them later.
          ways *= Math.max(1, ...found.map(({ length }) => length))
          if (ways > MOST_WAYS) return null
          split = found.flat()
        }
        open.push(...split)
      }
      const met = open.flatMap((part) => (isImpossible(part, now(part)) ? [] : [holding(part, now(part))]))
      parts = [...passing, ...met]
      if (parts.length > mostParts(base)) return null
    }
    return parts
  }

  /** Of one part: what settles a condition by itself is a semi or anti join, anything else a mark. */
  #marked(whole: Part, base: Node, conditions: readonly Condition[]): Part {
    return conditions.reduce((part, each) => {
      const { condition, asked } = each
      const alone = asked.length === 1 && each.areOnly ? this.#parted(part, base, [each]) : null
      const [only, ...others] = alone ?? []
      if (only && others.length === 0) return only
      const marked = asked.reduce((now, { sublink, side }) => this.#mark(now, sublink, base, side), part)
      return holding(marked, fold(replaceColumns(condition, marked.values)))
    }, whole)
  }

  /** `input` with the columns of the subqueries that are not used up yet, or of those that these conditions hold. */
  attached(input: Node, conditions: readonly Scalar[] | null = null): Node {
    return this.#attach(input, conditions ? this.#taken(and(conditions)) : this.#take(this.#pending))
  }

  /** The same without those that compare a column which is made above: `count(*) OVER () IN (SELECT …)`. */
  attachedBelow(input: Node, isMadeAbove: (id: ColumnId) => boolean): Node {
    const waits = ({ test }: Sublink): boolean =>
      test !== null &&
      [...scalarColumns(test)].some((id) => {
        const inside = this.#pending.find(({ column }) => column.id === id)
        return isMadeAbove(id) || (inside !== undefined && waits(inside))
      })
    return this.#attach(input, this.#take(this.#pending.filter((each) => !waits(each))))
  }

  #take(sublinks: readonly Sublink[]): readonly Sublink[] {
    this.#pending = this.#pending.filter((each) => !sublinks.includes(each))
    return sublinks
  }

  #attach(input: Node, sublinks: readonly Sublink[], most = mostParts(input)): Node {
    if (sublinks.length === 0) return input
    const whole: Part = { rows: input, values: new Map() }
    let parts: readonly Part[] = [whole]
    for (const sublink of sublinks)
      if (parts.length <= most) parts = parts.flatMap((part) => this.#split(part, sublink, input, null))
    if (parts.length > most)
      parts = [sublinks.reduce((part, sublink) => this.#mark(part, sublink, input, null), whole)]
    return this.#together(
      input,
      parts,
      sublinks.map(({ column }) => column),
    )
  }

  /** The conditions of an outer join, by what their subqueries read. Null: one of them reads both sides. */
  sides(predicate: readonly Scalar[], left: Node, right: Node, filtersRight: boolean): Sides | null {
    const [lefts, rights] = [idsOf(left), idsOf(right)]
    const ofLeft = new Set<Sublink>()
    const ofRight = new Set<Sublink>()
    const onRight: Scalar[] = []
    for (const condition of predicate) {
      const sublinks = [...this.#within(condition)]
      const inside = sublinks.map((sublink) => this.columnsRead([ref(sublink.column)]))
      const readsLeft = inside.map((ids) => [...ids].some((id) => lefts.has(id)))
      const readsRight = inside.map((ids) => [...ids].some((id) => rights.has(id)))
      if (sublinks.some((_, i) => readsLeft[i] && readsRight[i])) return null
      if (sublinks.length > 0 && filtersRight && !readsLeft.includes(true) && !reads(condition, lefts))
        onRight.push(condition)
      else for (const [i, sublink] of sublinks.entries()) (readsRight[i] ? ofRight : ofLeft).add(sublink)
    }
    // What another condition asks for, too, is a column for both.
    const isShared = (each: Scalar) =>
      [...this.#within(each)].some((sublink) => ofLeft.has(sublink) || ofRight.has(sublink))
    let alone = onRight
    for (let shared = alone.filter(isShared); shared.length > 0; shared = alone.filter(isShared)) {
      for (const sublink of shared.flatMap((each) => [...this.#within(each)]))
        if (!ofLeft.has(sublink)) ofRight.add(sublink)
      alone = alone.filter((each) => !shared.includes(each))
    }
    // Not in parts: no row of the other side would look for its matches in a union of them.
    return {
      left: () => this.#attach(left, this.#take([...ofLeft]), 1),
      right: () => this.#attach(this.filtered(right, alone), this.#take([...ofRight]), 1),
      rest: predicate.filter((each) => !alone.includes(each)),
    }
  }

  /** What the subqueries in these conditions read, of the rows around too. */
  columnsRead(conditions: readonly Scalar[]): ReadonlySet<ColumnId> {
    const found = new Set<ColumnId>()
    for (const { subquery, test } of this.#within(and(conditions))) {
      columnsRead(subquery, found)
      if (test) scalarColumns(test, found)
    }
    return found
  }

  /** The subqueries in a condition, those first that stand in the test of another. */
  #taken(condition: Scalar): readonly Sublink[] {
    const wanted = this.#within(condition)
    this.#pending = this.#pending.filter((each) => !wanted.has(each))
    return [...wanted]
  }

  #within(condition: Scalar): ReadonlySet<Sublink> {
    const wanted = new Set<Sublink>()
    const want = (scalar: Scalar): void => {
      for (const id of scalarColumns(scalar)) {
        const found = this.#pending.find(({ column }) => column.id === id)
        if (!found) continue
        if (found.test) want(found.test)
        wanted.add(found)
      }
    }
    want(condition)
    return wanted
  }

  #together(base: Node, parts: readonly Part[], columns: readonly Column[]): Node {
    const passed = operatorOf(base).columns(base)
    const made = parts.map(({ rows, values }): Node => {
      const own = columns.map((column) => {
        const value = values.get(column.id)
        if (!value) throw internalError('a subquery without a value')
        return { column, value: replaceColumns(value, values) }
      })
      if (own.length === 0 && parts.length === 1) return rows
      return {
        op: 'project',
        input: rows,
        outputs: [...passed.map((column) => ({ column, value: ref(column) })), ...own],
      }
    })
    const [first, ...others] = made
    if (!first) return { op: 'filter', input: base, predicate: [TRUTH.false] }
    if (others.length === 0) return first
    const all = [...passed, ...columns]
    const ids = all.map(({ id }) => id)
    return {
      op: 'union-all',
      columns: all,
      branches: made.map((input) => ({ input, columns: ids })),
      // A row is in one part only.
      keys: operatorOf(base).keys(base),
    }
  }

  #split(part: Part, sublink: Sublink, base: Node, side: Side): readonly Part[] {
    const compared = this.#compared(part, sublink, base, side)
    if (!compared) return [this.#valued(part, sublink, base)]
    const { found, hit, unknown, values } = compared
    const miss = (rows: Node, predicate: readonly Scalar[]): Node => ({
      op: 'semi-join',
      left: rows,
      right: found,
      predicate,
      isAnti: true,
    })
    const as = (rows: Node, value: Constant): Part => ({
      ...part,
      rows,
      values: new Map([...part.values, [sublink.column.id, value]]),
    })
    const parts = [as(matched(part.rows, found, hit), values.hit)]
    let rest = miss(part.rows, hit)
    for (const way of unknown) {
      parts.push(as(matched(rest, found, way), values.unknown))
      rest = miss(rest, way)
    }
    return [...parts, as(rest, values.otherwise)]
  }

  /** The rows whole, a subquery's value made of marks. */
  #mark(part: Part, sublink: Sublink, base: Node, side: Side): Part {
    const compared = this.#compared(part, sublink, base, side)
    if (!compared) return this.#valued(part, sublink, base)
    const { found, hit, unknown, values } = compared
    let { rows } = part
    const mark = (predicate: readonly Scalar[]): Scalar => {
      const column = this.#environment.ids.make('mark', BOOLEAN, false)
      rows = { op: 'mark-join', left: rows, right: found, predicate, column }
      return ref(column)
    }
    const isHit = mark(hit)
    const isUnknown = unknown.map(mark)
    const value = truthOf(isHit, isUnknown, values)
    return { ...part, rows, values: new Map([...part.values, [sublink.column.id, value]]) }
  }

  /** Null: a subquery of one row at most. */
  #compared(part: Part, sublink: Sublink, base: Node, side: Side): Comparison | null {
    const { kind } = sublink
    if (!isTruthValue(sublink)) return null
    const { ids, request } = this.#environment
    const pulled = pull(sublink.subquery, { outer: idsOf(base), ids, request })
    if (pulled?.isTotal) return null
    const found = pulled ?? overDomain(sublink.subquery, base, ids, request)
    const values = pulled?.values ?? new Map<ColumnId, Scalar>()
    const known = new Map([...values, ...part.values])
    const test = conjuncts(sublink.test ?? TRUTH.true).map((each) => replaceColumns(each, known))
    const isAll = kind === SUBLINK.all
    const equal = isAll ? equalitiesOf(test, request) : test
    const hit = sublink.test ? (equal ?? [negated(test)]) : []
    const unknown = !sublink.test
      ? []
      : equal
        ? unknownWays(equal, [base, found.node], request)
        : [[sql(BOOLEAN)`((${and(test)}) IS NULL)`]]
    const on = (conditions: readonly Scalar[]) => [...found.predicate, ...conditions]
    const otherwise = isAll ? TRUTH.true : TRUTH.false
    const merged = side && TRUTH[side === 'positive' ? 'false' : 'true']
    return {
      found: found.node,
      hit: on(hit),
      unknown: merged === otherwise ? [] : unknown.map(on),
      values: { hit: isAll ? TRUTH.false : TRUTH.true, unknown: merged ?? TRUTH.unknown, otherwise },
    }
  }

  /** A subquery of one row at most: its value, and what a test makes of it. */
  #valued(part: Part, { column, kind, subquery, test }: Sublink, base: Node): Part {
    const row: OneRow = oneRow(subquery, base, this.#environment)
    const [first] = subquery.outputs
    const known = new Map([...row.values, ...part.values])
    const tested = test && replaceColumns(test, known)
    const value = (): Scalar => {
      const shown = first && row.values.get(first.column.id)
      if (kind === SUBLINK.expression && shown) return shown
      if (kind === SUBLINK.exists) return row.exists
      if (!tested) throw internalError('a comparison without a test')
      if (kind === SUBLINK.rowCompare || row.exists === TRUTH.true) return tested
      return expression({
        construct: 'CASE',
        parts: ['CASE WHEN ', ' THEN ', ` ELSE ${kind === SUBLINK.all} END`],
        args: [row.exists, tested],
        type: BOOLEAN,
      })
    }
    return { ...part, rows: row.join(part.rows), values: new Map([...part.values, [column.id, value()]]) }
  }
}

/**
 * The rows that meet a condition whatever its subqueries are, and the others: σ(p ∨ s) = σp ⊎ σs(σ(¬p)). Only of the others is
 * anything asked. Unless p may fail: PostgreSQL evaluates it only where what stands before it does not settle the matter.
 */
function surely(
  part: Part,
  condition: Scalar,
  asked: readonly Asked[],
): { readonly sure: Part | null; readonly others: Part } {
  const none = { sure: null, others: part }
  if (asked.length === 0 || asked.some(({ side }) => side === null)) return none
  const worst = asked.map(({ sublink, side }): [ColumnId, Scalar] => [
    sublink.column.id,
    side === 'positive' ? TRUTH.false : TRUTH.true,
  ])
  const sure = fold(replaceColumns(condition, new Map([...part.values, ...worst])))
  if (isSettled(sure) || mayFail(sure)) return none
  const filtered = (predicate: readonly Scalar[]): Node => ({ op: 'filter', input: part.rows, predicate })
  return {
    sure: { ...part, rows: filtered(conjuncts(sure)) },
    others: { ...part, rows: filtered([sql(BOOLEAN)`((${sure}) IS NOT TRUE)`]), never: sure },
  }
}

/** The rows of a recursion so far cannot be read twice in a step. */
function mostParts(base: Node): number {
  const isStep = (node: Node): boolean =>
    (node.op === 'read' && node.of.op === 'stage-output') || operatorOf(node).inputs(node).some(isStep)
  return isStep(base) ? 1 : MOST_PARTS
}

/** EXISTS, IN, ANY or ALL. */
function isTruthValue({ kind }: Sublink): boolean {
  return kind !== SUBLINK.expression && kind !== SUBLINK.rowCompare
}

function isSettled(condition: Scalar): boolean {
  return isTruth(condition, 'true') || isTruth(condition, 'false') || isTruth(condition, 'unknown')
}

function isImpossible({ never }: Part, condition: Scalar): boolean {
  if (isTruth(condition, 'false') || isTruth(condition, 'unknown')) return true
  return never !== undefined && sameScalar(condition, never)
}

function holding({ rows, values }: Part, condition: Scalar): Part {
  if (isTruth(condition, 'true')) return { rows, values }
  return { rows: { op: 'filter', input: rows, predicate: conjuncts(condition) }, values }
}

/** The rows that match: a join where there is one match at most. */
function matched(rows: Node, right: Node, predicate: readonly Scalar[]): Node {
  if (isFixed(rows, right, predicate)) return { op: 'join', inputs: [rows, right], predicate }
  return { op: 'semi-join', left: rows, right, predicate, isAnti: false }
}

function joinOrFilter(input: Node, predicate: readonly Scalar[]): Node {
  return input.op === 'join'
    ? { ...input, predicate: [...input.predicate, ...predicate] }
    : { op: 'filter', input, predicate }
}

function negated(test: readonly Scalar[]): Scalar {
  return { kind: 'logic', op: 'not', args: [and(test)], type: BOOLEAN }
}

function truthOf(hit: Scalar, unknown: readonly Scalar[], values: Comparison['values']): Scalar {
  const not = (scalar: Scalar): Scalar => ({ kind: 'logic', op: 'not', args: [scalar], type: BOOLEAN })
  const isMerged = values.unknown === values.hit
  if (unknown.length === 0 || isMerged) {
    const any: Scalar =
      unknown.length === 0 ? hit : { kind: 'logic', op: 'or', args: [hit, ...unknown], type: BOOLEAN }
    return values.hit === TRUTH.true ? any : not(any)
  }
  const isUnknown: Scalar =
    unknown.length === 1 && unknown[0]
      ? unknown[0]
      : { kind: 'logic', op: 'or', args: unknown, type: BOOLEAN }
  return expression({
    construct: 'CASE',
    parts: ['CASE WHEN ', ' THEN ', ' WHEN ', ' THEN ', ' ELSE ', ' END'],
    args: [hit, values.hit, isUnknown, values.unknown, values.otherwise],
    type: BOOLEAN,
  })
}

/** In the test of ANY and ALL the subquery's columns are parameters. */
function testScope(scope: QueryScope, subquery: Project): Scope {
  return {
    ...scope,
    external: (node) => {
      if (node.tag !== 'PARAM' || numberField(node, 'paramkind') !== PARAM_SUBLINK)
        return scope.external(node)
      const output = subquery.outputs[numberField(node, 'paramid') - 1]
      if (!output) throw internalError('the test of a subquery reads a column that it lacks')
      return ref(output.column)
    },
  }
}
