/** Which rows of a table an index finds, by what equalities fix of its columns. */
import { sameScalar } from '../algebra/build.ts'
import type { Column } from '../algebra/node.ts'
import type { Scan } from '../algebra/operators/scan.ts'
import {
  type ColumnId,
  indexed,
  isForIndexes,
  type Scalar,
  scalarArguments,
  scalarColumns,
} from '../algebra/scalar.ts'
import { isNullSafe } from './select-text.ts'

/** Is there an index by which the rows are found that meet the predicate, given the columns that are reached? */
export function isReached(scan: Scan, predicate: readonly Scalar[], reached: ReadonlySet<ColumnId>): boolean {
  const fixed = new Set([
    ...fixedColumns(scan, predicate, reached),
    ...nullColumns(predicate),
    ...memberColumns(predicate, reached),
    ...bandColumns(scan, predicate, reached),
  ])
  if (scan.indexes.some(([leading]) => leading !== undefined && fixed.has(leading))) return true
  const isIndexed = ({ value, needs }: FixedValue) =>
    needs.every((id) => reached.has(id)) && scan.expressions?.some((each) => sameScalar(each, value))
  if (computedEqualities(scan.columns, predicate).some(isIndexed)) return true
  if (
    membersSought(scan, predicate).some(
      ({ isIndexed, needs }) => isIndexed && needs.every((id) => reached.has(id)),
    )
  )
    return true
  // Of a bitmap OR each branch is found by an index.
  return alternatives(predicate).some((branches) =>
    branches.every((branch) => isReached(scan, branch, reached)),
  )
}

/** The conjuncts of each branch of each OR. */
export function alternatives(predicate: readonly Scalar[]): readonly (readonly (readonly Scalar[])[])[] {
  return predicate.flatMap((each) =>
    each.kind === 'logic' && each.op === 'or'
      ? [each.args.map((arg) => (arg.kind === 'logic' && arg.op === 'and' ? arg.args : [arg]))]
      : [],
  )
}

/** NULLs are found by an index as values are. */
export function nullColumns(predicate: readonly Scalar[]): readonly ColumnId[] {
  return predicate.flatMap((each) => {
    const [arg] = each.kind === 'expression' && IS_NULL.test(each.parts.join('')) ? each.args : []
    const column = arg && indexed(arg)
    return column?.kind === 'column' ? [column.id] : []
  })
}

const IS_NULL = /^\(*\)* IS NULL\)*$/

/** Columns of the scan that an equality fixes from columns already reached (null: from any other input). */
export function fixedColumns(
  scan: Scan,
  predicate: readonly Scalar[],
  reached: ReadonlySet<ColumnId> | null,
): Set<ColumnId> {
  return new Set(
    equalities(scan.columns, predicate)
      .filter(({ needs }) => !reached || needs.every((id) => reached.has(id)))
      .map(({ column }) => column),
  )
}

/** `column = expression over other inputs`, with the columns that the expression needs. */
export function equalities(
  columns: readonly Column[],
  predicate: readonly Scalar[],
): readonly { readonly column: ColumnId; readonly needs: readonly ColumnId[] }[] {
  return fixedValues(columns, predicate).flatMap(({ value, needs }) =>
    value.kind === 'column' ? [{ column: value.id, needs }] : [],
  )
}

/** The same of expressions over the columns, of which there can be an index. */
export function computedEqualities(
  columns: readonly Column[],
  predicate: readonly Scalar[],
): readonly FixedValue[] {
  return fixedValues(columns, predicate).filter(({ value }) => value.kind !== 'column' && isForIndexes(value))
}

interface FixedValue {
  readonly value: Scalar
  readonly needs: readonly ColumnId[]
}

function fixedValues(columns: readonly Column[], predicate: readonly Scalar[]): readonly FixedValue[] {
  const own = new Set(columns.map(({ id }) => id))
  const isOwn = (value: Scalar) => {
    const read = [...scalarColumns(value)]
    return read.length > 0 && read.every((id) => own.has(id))
  }
  return predicate.flatMap((each) => {
    // Of keys that may be NULL: a bitmap OR finds both.
    const conjunct = (isNullSafe(each) && scalarArguments(each)[0]) || each
    if (conjunct.kind !== 'operator' || !conjunct.equality) return []
    const [left, right] = conjunct.args
    if (!left || !right) return []
    return [[left, right] as const, [right, left] as const].flatMap(([compared, other]) => {
      const value = indexed(compared)
      if (!isOwn(value)) return []
      const needs = [...scalarColumns(other)]
      return needs.length > 0 && needs.every((id) => !own.has(id)) ? [{ value, needs }] : []
    })
  })
}

/**
 * Columns that lie between two values of other inputs (`o.at >= d.day AND o.at < d.day + 1`): an index finds those between, and nothing
 * could be hashed. Between one value and nothing lies half a table.
 */
export function bandColumns(
  scan: Scan,
  predicate: readonly Scalar[],
  reached: ReadonlySet<ColumnId> | null,
): readonly ColumnId[] {
  const own = new Set(scan.columns.map(({ id }) => id))
  const ends = predicate.flatMap((each) => {
    const [left, right] = each.kind === 'operator' && each.args.length === 2 ? each.args : []
    if (each.kind !== 'operator' || !left || !right || !/^[<>]=?$/.test(each.sql)) return []
    return [
      { value: indexed(left), other: right, isUpper: each.sql.startsWith('<') },
      { value: indexed(right), other: left, isUpper: each.sql.startsWith('>') },
    ].flatMap(({ value, other, isUpper }) => {
      const needs = [...scalarColumns(other)]
      const isKnown = needs.length > 0 && needs.every((id) => (reached ? reached.has(id) : !own.has(id)))
      const isCollated = each.inputCollation === 0 || value.type.collation === each.inputCollation
      return value.kind === 'column' && own.has(value.id) && isKnown && isCollated
        ? [{ id: value.id, isUpper }]
        : []
    })
  })
  const lower = new Set(ends.flatMap(({ id, isUpper }) => (isUpper ? [] : [id])))
  return [...new Set(ends.flatMap(({ id, isUpper }) => (isUpper && lower.has(id) ? [id] : [])))]
}

/** Columns of arrays that are looked for by an element (array-members.ts), with the columns that tell which. */
export function membersSought(
  scan: Scan,
  predicate: readonly Scalar[],
): readonly { readonly attnum: number; readonly isIndexed: boolean; readonly needs: readonly ColumnId[] }[] {
  return predicate.flatMap((each) => {
    if (each.kind !== 'operator' || !each.isRepeated || each.equality) return []
    const [array, one] = each.args
    const found = array?.kind === 'column' ? scan.columns.find(({ id }) => id === array.id) : undefined
    if (!found || !one) return []
    return [{ attnum: found.attnum, isIndexed: each.isRepeated === true, needs: [...scalarColumns(one)] }]
  })
}

/** Columns of which the value is an element of an array that is reached: an index finds each of them. */
function memberColumns(predicate: readonly Scalar[], reached: ReadonlySet<ColumnId>): readonly ColumnId[] {
  return predicate.flatMap((each) => {
    const [value, array] = each.kind === 'expression' && each.elements ? each.args : []
    if (value?.kind !== 'column' || !array) return []
    return [...scalarColumns(array)].every((id) => reached.has(id)) ? [value.id] : []
  })
}
