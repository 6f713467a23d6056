/** A SELECT in the making, and what is put into its text. */
import { WEIGHT } from '../algebra/build.ts'
import { type ColumnId, NULL_SAFE, type Scalar, scalarColumns } from '../algebra/scalar.ts'
import { internalError } from '../catalog/error.ts'
import { printScalar } from './scalar.ts'

/** A SELECT in the making. `weight` is null when every row has weight 1. */
export interface Select {
  readonly from: readonly string[]
  readonly where: readonly string[]
  /** SQL of each column, usable as an operand. */
  readonly columns: ReadonlyMap<ColumnId, string>
  readonly weight: string | null
  /**
   * Nothing is known of the values, and they are many. PostgreSQL takes an equality to hold for one row in 200 then, which
   * makes it join 100,000 rows by nested loops; of a CASE it expects one in two. Measured: 145 ms → 70 ms; a fill that lays the sums
   * of two months side by side, by 10,000 accounts each: 28 s → 0.3 s.
   */
  readonly isUnmeasured?: boolean
  /**
   * They are not so many, and to expect too few of them only hurts where they meet others of this kind, among which nothing is
   * found by an index. Measured, 60,000 changes of the one and 3,000 of the other: 600 ms → 120 ms (TPC-H q19).
   */
  readonly isHardlyMeasured?: boolean
  /** Conditions that its rows are known to meet (delta-filter.ts). */
  readonly filtered?: ReadonlySet<Scalar>
  /** The rows of a table and what changed in them: a UNION ALL. */
  readonly isUnion?: boolean
  /** Conditions over no table, without which there is nothing to read (`Printer.gated`). Who leaves them out reads for nothing. */
  readonly gates?: readonly string[] | undefined
}

export interface Output {
  readonly name: string
  readonly value: Scalar
}

/** A scalar at the top of a select item. */
export function top(scalar: Scalar, select: Select): string {
  return printScalar(scalar, (id) => at(select, id))
}

/** A scalar as an operand: parenthesised unless it stands by itself. */
export function operand(scalar: Scalar, select: Select): string {
  const text = top(scalar, select)
  const closed =
    scalar.kind === 'column' || scalar.kind === 'constant' || (scalar.kind === 'expression' && scalar.closed)
  return closed ? text : `(${text})`
}

export function isNullSafe(scalar: Scalar): boolean {
  return scalar.kind === 'expression' && scalar.construct === NULL_SAFE
}

/** Of two columns of a key that may be NULL. */
export function isHashOfKey(scalar: Scalar): boolean {
  return scalar.kind === 'operator' && scalar.args.every(isNullSafe)
}

/** The conditions of `select`, which joins these inputs, that are not known to hold. */
export function conditions(
  scalars: readonly Scalar[],
  select: Select,
  inputs: readonly Select[],
): readonly string[] {
  return scalars
    .filter((scalar) => !inputs.some(({ filtered }) => filtered?.has(scalar)))
    .map((scalar) => condition(scalar, select, inputs))
}

/** A condition of `select`, which joins these inputs. */
export function condition(scalar: Scalar, select: Select, inputs: readonly Select[]): string {
  const columns = [...scalarColumns(scalar)]
  const [only, ...others] = inputs.filter((input) => columns.some((id) => input.columns.has(id)))
  const text = operand(scalar, select)
  const isAmongChanges = inputs.filter((input) => input.isHardlyMeasured).length > 1
  const isWrapped = only?.isUnmeasured || (only?.isHardlyMeasured && isAmongChanges && !isOrder(scalar))
  return isWrapped && others.length === 0 ? `CASE WHEN ${text} THEN true ELSE false END` : text
}

/** PostgreSQL expects such a condition to hold for one row in three. */
function isOrder(scalar: Scalar): boolean {
  return scalar.kind === 'operator' && ORDERS.has(scalar.sql)
}

const ORDERS: ReadonlySet<string> = new Set(['<', '<=', '>', '>='])

export function at(select: Select, id: ColumnId): string {
  if (id === WEIGHT.id) return select.weight ?? '1'
  const text = select.columns.get(id)
  if (text === undefined) throw internalError(`column ${id} is not printed here`)
  return text
}

export function noColumn(id: ColumnId): string {
  throw internalError(`column ${id} inside VALUES`)
}

export function indent(text: string): string {
  return text.replaceAll('\n', '\n  ')
}

export function cte(name: string, query: string): string {
  return `${name} AS MATERIALIZED (\n  ${indent(query)}\n)`
}

/**
 * Read in place when it is read once, kept by PostgreSQL when it is read more often. Keeping 100,000 rows for one
 * reader costs a third of their refresh (measured: 73 ms → 49 ms).
 */
export function inlineCte(name: string, query: string): string {
  return `${name} AS (\n  ${indent(query)}\n)`
}

/**
 * Weights of one type in all arms: only a union whose columns have the same types in each is opened up by the planner, which
 * then carries the condition of a probe into every arm (tlist_same_datatypes; measured: a table of 100,000 rows read whole).
 */
export function bigint(weight: string | null): string {
  return weight === null || /^-?\d+$/.test(weight) ? `'${weight ?? 1}'::bigint` : `(${weight})::bigint`
}
