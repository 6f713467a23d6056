/**
 * Subqueries in the expressions of one SELECT. While an expression is bound, a column stands for each of them; then the rows
 * below get that column.
 *
 * A scalar subquery is an outer join (one-row.ts). EXISTS, IN, = ANY and ALL part the rows into those for which it is true,
 * false and unknown, by semi and anti joins: L = (L ⋉ S) ⊎ (L ▷ S), each with the value as a constant. A condition is then
 * simplified in each part, and a part that it drops is not there: EXISTS by itself is a semi join, NOT EXISTS an anti join,
 * NOT IN anti joins on equality and on NULLs. None of them keeps state. Source: Dayal87; LarsonZhou07 for the deltas.
 */
import { and, ref, sameScalar, sql } from '../../algebra/build.ts'
import { mayFail } from '../../algebra/may-fail.ts'
import type { Column, Node } from '../../algebra/node.ts'
import { operatorOf } from '../../algebra/operators/index.ts'
import type { Project } from '../../algebra/operators/project.ts'
import { BOOLEAN, type ColumnId, type Constant, type Scalar, scalarColumns } from '../../algebra/scalar.ts'
import { FULL_HINT, internalError, unsupported } from '../../catalog/error.ts'
import { nodeField, numberField, optionalNode } from '../../catalog/node-field.ts'
import type { TreeNode } from '../../catalog/node-tree.ts'
import { expression } from '../binding.ts'
import { bindExpression } from '../expression.ts'
import { bindQuery, bindSorted, conjuncts, type Environment } from '../query.ts'
import type { QueryScope, Scope } from '../scope.ts'
import { arrayOf } from './array.ts'
import { columnsRead, idsOf, reads, replaceColumns } from './columns.ts'
import { overDomain } from './domain.ts'
import { fold, isTruth, polarity, TRUTH } from './fold.ts'
import { isFixed, type OneRow, oneRow } from './one-row.ts'
import { pull } from './pull.ts'
import { unknownWays } from './test.ts'

/** SubLinkType (primnodes.h). */
const SUBLINK = { exists: 0, all: 1, any: 2, rowCompare: 3, expression: 4, array: 6 }

/** ParamKind (primnodes.h): the columns of the subquery in the test of ANY and ALL. */
const PARAM_SUBLINK = 2

/** So many copies of a query are no longer one. */
const MOST_PARTS = 64

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
  readonly side: 'positive' | 'negative' | null
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
    const select = nodeField(node, 'subselect')
    const bound = kind === SUBLINK.array ? this.#array(select, environment) : bindQuery(select, environment)
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
    let parts: readonly Part[] = [{ rows: base, values: new Map() }]
    const conditions = predicate.filter(holds)
    for (const condition of conditions) {
      const asked = this.#taken(condition).map((sublink) => {
        const { id } = sublink.column
        const isTested = [...this.#known.values()].some(({ test }) => test && scalarColumns(test).has(id))
        const isOnly =
          !isTested && !conditions.some((each) => each !== condition && reads(each, new Set([id])))
        return { sublink, isOnly, side: isTested ? null : polarity(and(conditions), id) }
      })
      const areOnly = asked.every(({ isOnly }) => isOnly)
      const now = (part: Part) => fold(replaceColumns(condition, part.values))
      const passing: Part[] = []
      parts = parts.flatMap((part) => {
        const { sure, others } = surely(part, condition, areOnly ? asked : [])
        if (sure) passing.push(sure)
        let ways = 1
        return asked.reduce<readonly Part[]>(
          (open, { sublink, side }) => {
            const found = open.map((each) =>
              areOnly && isSettled(now(each)) ? [each] : this.#split(each, sublink, base, side),
            )
            // Those that are settled early are as many again to whoever comes to them later.
            ways *= Math.max(1, ...found.map(({ length }) => length))
            limit(ways)
            return found.flat()
          },
          [others],
        )
      })
      const met = parts.flatMap((part) => (isImpossible(part, now(part)) ? [] : [holding(part, now(part))]))
      parts = [...passing, ...met]
      limit(parts.length)
    }
    return this.#together(base, parts, [])
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

  #attach(input: Node, sublinks: readonly Sublink[]): Node {
    if (sublinks.length === 0) return input
    let parts: readonly Part[] = [{ rows: input, values: new Map() }]
    for (const sublink of sublinks) {
      parts = parts.flatMap((part) => this.#split(part, sublink, input, null))
      limit(parts.length)
    }
    return this.#together(
      input,
      parts,
      sublinks.map(({ column }) => column),
    )
  }

  /** The conditions of an outer join, by what their subqueries read. */
  sides(
    predicate: readonly Scalar[],
    left: Node,
    right: Node,
  ): {
    readonly onLeft: readonly Scalar[]
    readonly onRight: readonly Scalar[]
    readonly rest: readonly Scalar[]
  } {
    const [lefts, rights] = [idsOf(left), idsOf(right)]
    const onLeft: Scalar[] = []
    const onRight: Scalar[] = []
    const rest: Scalar[] = []
    for (const condition of predicate) {
      const sublinks = this.#pending.filter(({ column }) => scalarColumns(condition).has(column.id))
      if (sublinks.length === 0) {
        rest.push(condition)
        continue
      }
      const inside = new Set(
        sublinks.flatMap(({ subquery, test }) => [
          ...columnsRead(subquery),
          ...(test ? scalarColumns(test) : []),
        ]),
      )
      const readsLeft = [...inside].some((id) => lefts.has(id))
      const readsRight = [...inside].some((id) => rights.has(id))
      if (readsLeft && readsRight)
        throw unsupported(
          'a subquery over both sides of an outer join in its condition',
          'Join inside a subquery in FROM, or use refresh mode FULL or AUTO.',
        )
      if (!readsLeft && ![...scalarColumns(condition)].some((id) => lefts.has(id))) onRight.push(condition)
      else if (!readsRight) {
        onLeft.push(condition)
        rest.push(condition)
      } else
        throw unsupported(
          'a subquery over the inner side of an outer join, compared with the other',
          'Join inside a subquery in FROM, or use refresh mode FULL or AUTO.',
        )
    }
    return { onLeft, onRight, rest }
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

  refuse(predicate: readonly Scalar[], construct: string): void {
    const ids = predicate.flatMap((each) => [...scalarColumns(each)])
    if (ids.some((id) => this.has(id))) throw unsupported(construct, FULL_HINT)
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

  #split(part: Part, sublink: Sublink, base: Node, side: 'positive' | 'negative' | null): readonly Part[] {
    const { kind } = sublink
    if (kind === SUBLINK.expression || kind === SUBLINK.rowCompare) return [this.#valued(part, sublink, base)]
    const { ids, request } = this.#environment
    const pulled = pull(sublink.subquery, { outer: idsOf(base), ids, request })
    if (pulled?.isTotal) return [this.#valued(part, sublink, base)]
    const found = pulled ?? overDomain(sublink.subquery, base, ids, request)
    const values = pulled?.values ?? new Map<ColumnId, Scalar>()
    const known = new Map([...values, ...part.values])
    const test = conjuncts(sublink.test ?? TRUTH.true).map((each) => replaceColumns(each, known))
    const isAll = kind === SUBLINK.all
    const hit = sublink.test ? (isAll ? [negated(test)] : test) : []
    const unknown = !sublink.test
      ? []
      : isAll
        ? [[sql(BOOLEAN)`((${and(test)}) IS NULL)`]]
        : unknownWays(test, [base, found.node], request)
    const on = (conditions: readonly Scalar[]) => [...found.predicate, ...conditions]
    const match = (rows: Node, conditions: readonly Scalar[]) => matched(rows, found.node, on(conditions))
    const miss = (rows: Node, conditions: readonly Scalar[]): Node => ({
      op: 'semi-join',
      left: rows,
      right: found.node,
      predicate: on(conditions),
      isAnti: true,
    })
    const as = (rows: Node, value: Constant): Part => ({
      ...part,
      rows,
      values: new Map([...part.values, [sublink.column.id, value]]),
    })
    const whenHit = isAll ? TRUTH.false : TRUTH.true
    const otherwise = isAll ? TRUTH.true : TRUTH.false
    const merged = side && TRUTH[side === 'positive' ? 'false' : 'true']
    const parts = [as(match(part.rows, hit), whenHit)]
    let rest = miss(part.rows, hit)
    if (merged !== otherwise)
      for (const way of unknown) {
        parts.push(as(match(rest, way), merged ?? TRUTH.unknown))
        rest = miss(rest, way)
      }
    return [...parts, as(rest, otherwise)]
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

function limit(parts: number): void {
  if (parts > MOST_PARTS)
    throw unsupported(
      'so many subqueries under OR, NOT and CASE',
      FULL_HINT,
      'The rows are parted by the value of each of them.',
    )
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
