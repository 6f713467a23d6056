/**
 * Is every join step of a term a probe? Starting from the delta, each further table must be reached by an equality on the
 * leading column of one of its indexes. Only then may a refresh turn hash and merge joins off; a table that no index
 * serves is better hashed once than scanned once per changed row.
 */
import { ref } from '../algebra/build.ts'
import { columnOf, type Node } from '../algebra/node.ts'
import { type BoundFilter, isOfOneOrder, soughtValue } from '../algebra/operators/bound-filter.ts'
import { expandNeeds, madeColumns } from '../algebra/operators/expand.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { MatchKey } from '../algebra/operators/key-match.ts'
import { isApart } from '../algebra/operators/match-change.ts'
import { type Read, type StageOutput, storedId } from '../algebra/operators/read.ts'
import type { Scan } from '../algebra/operators/scan.ts'
import { BOOLEAN, type ColumnId, mapScalar, type Scalar, scalarColumns } from '../algebra/scalar.ts'
import { quoteIdentifier } from '../catalog/quote.ts'
import { type Changed, stateOf } from '../delta/differentiate.ts'
import {
  alternatives,
  bandColumns,
  computedEqualities,
  equalities,
  fixedColumns,
  isReached,
  membersSought,
  nullColumns,
} from './reached.ts'
import { printScalar } from './scalar.ts'

/** A join step, or a search for the rows of a group, that no index serves. */
export interface MissingProbe {
  readonly purpose: 'join' | 'group' | 'time' | 'bound' | 'order' | 'near'
  readonly relation: number
  readonly sql: string
  /** Attnums that equalities fix: an index on one of them (first) would make it a probe. */
  readonly columns: readonly number[]
  /** The same, apart by what fixes them: those of one group can be the leading columns of one index. */
  readonly groups: readonly (readonly number[])[]
  /** Where they fix no column: the expressions over its columns that they fix, apart in the same way. */
  readonly expressions?: readonly (readonly IndexExpression[])[]
  /** Another than btree or hash. */
  readonly method?: 'gin'
  /** The last column in the order DESC NULLS LAST, or its reverse. */
  readonly isTurned?: boolean
}

export interface IndexExpression {
  readonly sql: string
  /** Attnums of the columns that it reads. */
  readonly columns: readonly number[]
}

/** The scans in the joins of a term that cannot be probed. */
export function missingProbes(term: Node): readonly MissingProbe[] {
  switch (term.op) {
    case 'join':
    case 'outer-join':
    case 'semi-join':
    case 'mark-join':
    case 'bound-filter':
    case 'expand':
    case 'filter':
    case 'temporal-filter':
    case 'temporal-values':
    case 'project':
      return steps([term], [])
    case 'temporal-crossing':
      return crossingSteps(
        term.input,
        term.ranges.map(({ value }) => value),
        'time',
      )
    case 'temporal-turning':
      return crossingSteps(
        term.input,
        term.outputs.flatMap(({ ranges }) => ranges.map(({ value }) => value)),
        'time',
      )
    case 'bound-crossing':
      return crossingSteps(term.left, isOfOneOrder(term) ? [soughtValue(term)] : [], 'bound')
    case 'key-match':
      return [
        ...missingProbes(term.delta),
        ...(term.keys.length === 0 && isFoundAtAll(term.state)
          ? []
          : unprobed(stepsOf([term.state], matchOf(term.keys)), idsOf(term))),
      ]
    case 'row-match':
      return [
        ...steps([term.left, term.delta], term.predicate),
        ...unprobed(stepsOf([term.state], term.predicate), idsOf(term)),
      ]
    default:
      return operatorOf(term).inputs(term).flatMap(missingProbes)
  }
}

/** Can the rows of `target` be found for given columns of `from`, by indexes alone? */
export function isProbed(from: Node, target: Node, predicate: readonly Scalar[]): boolean {
  const found = stepsOf([target], predicate)
  return found.whole.length === 0 && unprobed(found, idsOf(from)).length === 0
}

/** The equalities by which a row has a key. */
export function matchOf(keys: readonly MatchKey[]): readonly Scalar[] {
  return keys.map(({ column, value }) => ({ ...EQUALS, args: [value, ref(column)] }))
}

function steps(nodes: readonly Node[], predicate: readonly Scalar[]): readonly MissingProbe[] {
  const found = stepsOf(nodes, predicate)
  const below = found.opaque.flatMap((node) =>
    SEARCHES.has(node.op) ? missingProbes(node) : operatorOf(node).inputs(node).flatMap(missingProbes),
  )
  return found.reached.size === 0 ? below : [...unprobed(found, new Set()), ...below]
}

/** What looks for rows by itself. */
const SEARCHES: ReadonlySet<Node['op']> = new Set([
  'key-match',
  'row-match',
  'bound-crossing',
  'temporal-crossing',
  'temporal-turning',
])

/** From a range of a column on, as from any other columns that are known. */
function crossingSteps(
  input: Node,
  values: readonly Scalar[],
  purpose: 'time' | 'bound',
): readonly MissingProbe[] {
  // One or the other may have crossed: an index on both finds only the first.
  return values
    .flatMap((value) => unprobed(stepsOf([input], askedFor([value])), new Set([ASKED])))
    .map((each) => ({ ...each, purpose }))
}

/** Columns of a stage's rows by which a join looks for them, and which are not the first of its key. */
export interface StoredValues {
  readonly stage: number
  readonly columns: readonly ColumnId[]
}

/** The rows of stages that the joins of a query look for by other columns than their key. */
export function soughtByValue(query: Node): readonly StoredValues[] {
  const isJoin = JOINS.has(query.op)
  const own = isJoin
    ? storedValues(stepsOf([query], []))
    : query.op === 'bound-filter'
      ? comparedValue(query)
      : timedValues(query)
  return [...own, ...operatorOf(query).inputs(query).flatMap(soughtByValue)]
}

/** What is compared with the time: those near it are looked for. */
function timedValues(query: Node): readonly StoredValues[] {
  if (query.op !== 'temporal-filter' && query.op !== 'temporal-values') return []
  const ranges = query.op === 'temporal-filter' ? query.ranges : query.outputs.flatMap((each) => each.ranges)
  return ranges.flatMap(({ value }) => storedValues(stepsOf([query.input], askedFor([value]))))
}

/** The rows of stages that are looked for by what a query makes of them: by values of these columns. */
export function soughtByResult(query: Node, columns: readonly ColumnId[]): readonly StoredValues[] {
  const own = operatorOf(query).columns(query)
  return storedValues(stepsOf([query], askedFor(columns.map((id) => ref(columnOf(own, id))))))
}

/** The same of what a stage reads, a union, where it is asked for the rows of a key. */
export function soughtByKey(input: Node, keys: readonly Scalar[]): readonly StoredValues[] {
  if (input.op === 'filter') return soughtByKey(input.input, keys)
  if (input.op === 'project') {
    const values = new Map(input.outputs.map(({ column, value }) => [column.id, value]))
    return soughtByKey(
      input.input,
      keys.map((key) => replaced(key, values)),
    )
  }
  if (input.op !== 'union-all') return []
  return storedValues(stepsOf([input], askedFor(keys)))
}

/** Can the rows of a key be found in `input`, by indexes alone? */
export function isProbedByKey(input: Node, keys: readonly Scalar[]): boolean {
  const found = stepsOf([input], askedFor(keys))
  return found.whole.length === 0 && unprobed(found, new Set([ASKED])).length === 0
}

/** Each of the values is known. */
function askedFor(values: readonly Scalar[]): readonly Scalar[] {
  return values.map((value) => ({ ...EQUALS, args: [value, asked] }))
}

/**
 * What a stage's rows are looked for by where they are not looked for by their key: each of the tables that they are joined with
 * may be the one that changed.
 */
function storedValues({ sought, computed, owners }: Steps): readonly StoredValues[] {
  const made = new Map(computed.map(({ column, needs }) => [column, needs]))
  // The branches of a union may make columns of one another's.
  const ownersOf = (id: ColumnId, seen: readonly ColumnId[] = []): readonly (Node | ColumnId)[] => {
    const owner = owners.get(id)
    const needs = made.get(id)?.filter((each) => each !== id && !seen.includes(each))
    if (owner) return [owner]
    return needs && needs.length > 0 ? needs.flatMap((each) => ownersOf(each, [...seen, id])) : [id]
  }
  const values: StoredValues[] = []
  for (const { of, by } of sought) {
    const leading = of.keys[0]?.[0]
    // What one side fixes together is found by one index.
    const groups: { readonly owners: ReadonlySet<Node | ColumnId>; readonly columns: Set<ColumnId> }[] = []
    for (const { column, needs } of by) {
      const all = new Set(needs.flatMap((id) => ownersOf(id)))
      const group = groups.find((each) => [...all].every((owner) => each.owners.has(owner)))
      if (group) group.columns.add(column)
      else groups.push({ owners: all, columns: new Set([column]) })
    }
    for (const { columns } of groups)
      if (leading === undefined || !columns.has(leading))
        values.push({ stage: of.stage, columns: [...columns].map((id) => storedId(of, id)) })
  }
  return values
}

const JOINS: ReadonlySet<Node['op']> = new Set(['join', 'outer-join', 'semi-join', 'mark-join'])

/** What lies between two bounds is looked for. */
function comparedValue(node: BoundFilter): readonly StoredValues[] {
  const { left } = node
  const value = soughtValue(node)
  const isStored = left.op === 'read' && left.of.op === 'stage-output' && value.kind === 'column'
  return isStored && left.of.op === 'stage-output' ? [{ stage: left.of.stage, columns: [value.id] }] : []
}

/** A stored table in a join, and the conditions as its columns meet them. */
interface Step {
  readonly scan: Scan
  readonly predicate: readonly Scalar[]
}

interface Steps {
  readonly steps: Step[]
  /** Stored results of stages that are read as they are. */
  readonly whole: Node[]
  /** Results of stages, and which of their columns are fixed by others. */
  readonly sought: { readonly of: StageOutput; readonly by: readonly Fixed[] }[]
  /** What is at hand: deltas, and what is made of them. */
  readonly opaque: Node[]
  readonly reached: Set<ColumnId>
  /** Columns that are reached when others are. */
  readonly computed: Fixed[]
  /** Where a column is stored. */
  readonly owners: Map<ColumnId, Node>
}

interface Fixed {
  readonly column: ColumnId
  readonly needs: readonly ColumnId[]
}

function stepsOf(nodes: readonly Node[], predicate: readonly Scalar[]): Steps {
  const found: Steps = {
    steps: [],
    whole: [],
    sought: [],
    opaque: [],
    reached: new Set(),
    computed: [],
    owners: new Map(),
  }
  const asIs = (node: Node) => {
    for (const id of idsOf(node)) found.reached.add(id)
  }
  const visit = (node: Node, conditions: readonly Scalar[]): void => {
    switch (node.op) {
      case 'read':
        if (node.version !== 'delta' && node.of.op === 'scan') {
          found.steps.push({ scan: node.of, predicate: conditions })
          for (const { id } of node.of.columns) found.owners.set(id, node)
        } else {
          if (node.version !== 'delta') {
            if (!isKeyed(node, conditions)) found.whole.push(node)
            if (node.of.op === 'stage-output')
              found.sought.push({ of: node.of, by: equalities(node.of.columns, conditions) })
          }
          for (const { id } of node.of.columns) found.owners.set(id, node)
          asIs(node)
        }
        return
      case 'filter':
        visit(node.input, [...conditions, ...node.predicate])
        return
      case 'temporal-filter':
        visit(node.input, [...conditions, node.condition])
        return
      case 'temporal-values':
        visit(node.input, conditions)
        for (const { column, condition } of node.outputs)
          found.computed.push({ column: column.id, needs: [...scalarColumns(condition)] })
        return
      case 'project': {
        const values = new Map(node.outputs.map(({ column, value }) => [column.id, value]))
        const now = conditions.map((each) => replaced(each, values))
        // What an outer join pads meets no equality with the columns that it lacks: the planner reads nothing.
        if (now.some((each, i) => each !== conditions[i] && isNeverMet(each))) return
        visit(node.input, now)
        for (const { column, value } of node.outputs)
          found.computed.push({ column: column.id, needs: [...scalarColumns(value)] })
        return
      }
      case 'expand':
        visit(node.input, conditions)
        for (const column of madeColumns(node))
          found.computed.push({ column: column.id, needs: expandNeeds(node) })
        return
      case 'join': {
        // All rows of the others or none: they are read when the first right row comes, or the last one goes.
        const isGated = node.inputs.some(isFirstOrLast)
        for (const input of node.inputs)
          if (isGated && isFoundAtAll(input)) asIs(input)
          else visit(input, [...conditions, ...node.predicate])
        return
      }
      case 'semi-join':
        visit(node.left, [...conditions, ...node.predicate])
        // Where nothing joins them any one of its right rows will do.
        if (isApart(node) && isFoundAtAll(node.right)) asIs(node.right)
        else visit(node.right, [...conditions, ...node.predicate])
        return
      case 'outer-join':
        visit(node.left, [...conditions, ...node.predicate])
        visit(node.right, [...conditions, ...node.predicate])
        return
      case 'mark-join':
        // Its right rows find no left ones.
        visit(node.left, conditions)
        if (isApart(node)) asIs(node.right)
        else visit(node.right, node.predicate)
        found.computed.push({
          column: node.column.id,
          needs: operatorOf(node.left)
            .columns(node.left)
            .map(({ id }) => id),
        })
        return
      case 'bound-filter':
        visit(node.left, conditions)
        return
      case 'union-all':
        if (!hasDelta(node)) {
          for (const branch of node.branches) {
            const inner = operatorOf(branch.input).columns(branch.input)
            const values = new Map(
              node.columns.map((column, i) => {
                const own = inner.find(({ id }) => id === branch.columns[i])
                return [column.id, own ? ref(own) : ref(column)]
              }),
            )
            visit(
              branch.input,
              conditions.map((each) => replaced(each, values)),
            )
          }
          return
        }
        break
      default:
        break
    }
    found.opaque.push(node)
    asIs(node)
  }
  for (const node of nodes) visit(node, predicate)
  return found
}

/** Does it say that a match came or went for every left row at once? */
function isFirstOrLast(node: Node): boolean {
  return node.op === 'key-match' && node.keys.length === 0
}

/** From one of its tables on, whichever that is, can the others be probed? Then the first row that there is is soon found. */
function isFoundAtAll(node: Node): boolean {
  const found = stepsOf([node], [])
  if (found.opaque.length > 0 || found.whole.length > 0) return false
  return (
    found.steps.length === 0 ||
    found.steps.some((step) => {
      const others = { ...found, steps: found.steps.filter((each) => each !== step) }
      return unprobed(others, new Set(step.scan.columns.map(({ id }) => id))).length === 0
    })
  )
}

/**
 * Does an equality fix the first column of the index on a stage's key or partitions, or another one of the key, or any of rows
 * without a key, for which what looks for it has an index made (soughtByValue)? Not for types that may be too long for one.
 */
function isKeyed({ of }: Read, predicate: readonly Scalar[]): boolean {
  const [key = []] = of.keys
  const partition = of.op === 'stage-output' ? of.partition : undefined
  const isIndexed = (id: ColumnId) =>
    id === key[0] ||
    id === partition?.[0] ||
    ((key.length === 0 || key.includes(id)) &&
      of.columns.some((column) => column.id === id && SHORT_TYPES.has(column.type.oid)))
  return equalities(of.columns, predicate).some(({ column }) => isIndexed(column))
}

/** boolean, the integers, floats and numeric, dates and times. */
const SHORT_TYPES: ReadonlySet<number> = new Set([
  16, 20, 21, 23, 700, 701, 1082, 1083, 1114, 1184, 1186, 1266, 1700,
])

export function replaced(scalar: Scalar, values: ReadonlyMap<ColumnId, Scalar>): Scalar {
  return mapScalar(scalar, (each) => (each.kind === 'column' ? (values.get(each.id) ?? each) : each))
}

/** A comparison with NULL. */
function isNeverMet(condition: Scalar): boolean {
  return (
    condition.kind === 'operator' &&
    condition.strict &&
    condition.args.some((arg) => arg.kind === 'constant' && arg.isNull)
  )
}

/** Does it read a change? */
export function hasDelta(node: Node): boolean {
  if (node.op === 'read') return node.version === 'delta'
  return node.op === 'key-match' || operatorOf(node).inputs(node).some(hasDelta)
}

export function idsOf(node: Node): ReadonlySet<ColumnId> {
  return new Set(
    operatorOf(node)
      .columns(node)
      .map(({ id }) => id),
  )
}

/** The tables that are read whole to find the rows of a few groups. */
export function missingGroupProbes(input: Node, keys: readonly Scalar[]): readonly MissingProbe[] {
  const found = stepsOf([stateOf(input, 'after', UNCHANGED)], askedFor(keys))
  return unprobed(found, new Set([ASKED])).map((each) => ({ ...each, purpose: 'group' }))
}

const UNCHANGED: Changed = { relation: () => false, stage: () => false }

/** Stands for the keys asked for: no column has this id. */
const ASKED: ColumnId = -1
const asked: Scalar = { kind: 'column', id: ASKED, type: BOOLEAN }

const EQUALS = {
  kind: 'operator',
  oid: 0,
  sql: '=',
  equality: true,
  type: BOOLEAN,
  inputCollation: 0,
  strict: true,
  volatility: 'immutable',
} as const

/** The scans that no chain of probes reaches from the columns known at first. */
function unprobed(found: Steps, known: ReadonlySet<ColumnId>): MissingProbe[] {
  const reached = new Set([...known, ...found.reached])
  const scans = found.steps.map(({ scan }) => scan)
  const pending = new Set(found.steps)
  for (let progress = true; progress; ) {
    progress = false
    for (const { column, needs } of found.computed) {
      if (reached.has(column) || !needs.every((id) => reached.has(id))) continue
      reached.add(column)
      progress = true
    }
    for (const step of pending) {
      if (!isReached(step.scan, step.predicate, reached)) continue
      for (const { id } of step.scan.columns) reached.add(id)
      pending.delete(step)
      progress = true
    }
  }
  return [...pending].flatMap(({ scan, predicate }) => missing(scan, predicate, scans, reached))
}

/** What would make a probe of it: an index by what equalities fix, or one for each branch of an OR of such. */
function missing(
  scan: Scan,
  predicate: readonly Scalar[],
  scans: readonly Scan[],
  reached: ReadonlySet<ColumnId>,
): readonly MissingProbe[] {
  const all = equalities(scan.columns, predicate).flatMap(({ column, needs }) => {
    const found = scan.columns.find(({ id }) => id === column)
    return found ? [{ fixed: found.attnum, needs }] : []
  })
  const groups = fixedTogether(all, scans, reached).map((group) => [...new Set(group)].sort((a, b) => a - b))
  const expressions = fixedTogether(fixedExpressions(scan, predicate), scans, reached)
  const made = { purpose: 'join' as const, relation: scan.relation, sql: scan.sql }
  if (groups.length > 0) {
    const fixed = fixedColumns(scan, predicate, null)
    const columns = scan.columns.filter(({ id }) => fixed.has(id)).map(({ attnum }) => attnum)
    return [{ ...made, columns, groups }]
  }
  if (expressions.length > 0) return [{ ...made, columns: [], groups, expressions }]
  const [member] = membersSought(scan, predicate)
  if (member) return [{ ...made, columns: [member.attnum], groups: [[member.attnum]], method: 'gin' }]
  for (const branches of alternatives(predicate)) {
    const unserved = branches.filter((branch) => !isReached(scan, branch, reached))
    const needed = unserved.map((branch) => missing(scan, branch, scans, reached).filter(isOfUse))
    const asked = needed.flat()
    const isServed = (branch: readonly Scalar[]) =>
      nullColumns(branch).some((id) =>
        asked.some(({ columns }) =>
          columns.includes(scan.columns.find((each) => each.id === id)?.attnum ?? 0),
        ),
      )
    if (needed.every((each, i) => each.length > 0 || isServed(unserved[i] ?? []))) return asked
  }
  const bands = bandColumns(scan, predicate, null)
  const between = scan.columns.filter(({ id }) => bands.includes(id)).map(({ attnum }) => attnum)
  return [{ ...made, columns: between, groups: between.map((attnum) => [attnum]) }]
}

function isOfUse({ groups, expressions = [] }: MissingProbe): boolean {
  return groups.length > 0 || expressions.length > 0
}

/**
 * What equalities fix of a scan, one group for each set of other inputs that fixes them; only what is fixed by what is
 * reached already, if there is such.
 */
function fixedTogether<T>(
  all: readonly { readonly fixed: T; readonly needs: readonly ColumnId[] }[],
  scans: readonly Scan[],
  reached: ReadonlySet<ColumnId>,
): readonly (readonly T[])[] {
  const owner = (id: ColumnId) => scans.findIndex(({ columns }) => columns.some((each) => each.id === id))
  const groups = new Map<string, T[]>()
  const near = all.filter(({ needs }) => needs.every((id) => reached.has(id)))
  for (const { fixed, needs } of near.length > 0 ? near : all) {
    const by = [...new Set(needs.map(owner))].sort((a, b) => a - b).join(' ')
    groups.set(by, [...(groups.get(by) ?? []), fixed])
  }
  return [...groups.values()]
}

/** Expressions over columns of the scan that equalities fix, as an index has them: by the names of the columns. */
function fixedExpressions(
  scan: Scan,
  predicate: readonly Scalar[],
): readonly { readonly fixed: IndexExpression; readonly needs: readonly ColumnId[] }[] {
  const nameOf = (id: ColumnId) => quoteIdentifier(columnOf(scan.columns, id).name)
  const found = new Map<string, { fixed: IndexExpression; needs: readonly ColumnId[] }>()
  for (const { value, needs } of computedEqualities(scan.columns, predicate)) {
    const columns = [...scalarColumns(value)].map((id) => scan.columns.find((each) => each.id === id)?.attnum)
    const sql = printScalar(value, nameOf)
    found.set(`${sql} ${needs}`, { fixed: { sql, columns: columns.flatMap((each) => each ?? []) }, needs })
  }
  return [...found.values()]
}
