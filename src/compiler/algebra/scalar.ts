/**
 * Typed scalar expressions. A scalar is what the server's analysis says it is: every name, overload, implicit cast
 * and collation is already decided. Only what the compiler reasons about has a kind of its own (columns, constants,
 * logic, operators); everything else is an `expression`: text with holes, whose meaning is PostgreSQL's business.
 */
export interface TypeRef {
  readonly oid: number
  readonly typmod: number
  /** 0 when the type has no collation. */
  readonly collation: number
  /** Of an anonymous record, or of those in an array, where they are known. */
  readonly fields?: readonly TypeRef[]
}

/** Unique in one compilation: a column keeps its id from where it is made to where it is read. */
export type ColumnId = number

export type Volatility = 'immutable' | 'stable' | 'volatile'

export type Scalar = ColumnRef | Constant | Logic | Operator | Expression

export interface ColumnRef {
  readonly kind: 'column'
  readonly id: ColumnId
  readonly type: TypeRef
}

/** A literal that stands by itself: typed, quoted, independent of every session setting. */
export interface Constant {
  readonly kind: 'constant'
  /** Complete SQL, e.g. `'2024-01-31'::date`, `NULL::integer`, `true`. Needs no parentheses anywhere. */
  readonly sql: string
  readonly isNull: boolean
  readonly type: TypeRef
}

export interface Logic {
  readonly kind: 'logic'
  readonly op: 'and' | 'or' | 'not'
  readonly args: readonly Scalar[]
  readonly type: TypeRef
}

export interface Operator {
  readonly kind: 'operator'
  readonly oid: number
  /** As printed between the operands: `=`, or `OPERATOR(schema.=)` outside pg_catalog. */
  readonly sql: string
  /** Is it an equality of some btree or hash operator family: a join on it can be a probe, and it fixes values. */
  readonly equality: boolean
  /** One (prefix) or two operands. */
  readonly args: readonly Scalar[]
  readonly type: TypeRef
  /** Collation the comparison runs under; 0 for none. */
  readonly inputCollation: number
  readonly strict: boolean
  readonly volatility: Volatility
  readonly isMarkedStable?: true
  /** Says what another conjunct says, only for an index to be found: it can be left out, and is where there is no index. */
  readonly isRepeated?: true | 'without index'
}

/** SQL text with holes: printed as parts[0] args[0] parts[1] args[1] … parts[n]. */
export interface Expression {
  readonly kind: 'expression'
  /** What it is, in the words of an error message: `CASE`, `function lower(text)`, `cast to numeric` … */
  readonly construct: string
  readonly parts: readonly string[]
  readonly args: readonly Scalar[]
  /** True when it needs no parentheses as an operand (a call, an ARRAY[…], a CASE … END). */
  readonly closed: boolean
  readonly type: TypeRef
  /** Own volatility, without that of the arguments. */
  readonly volatility: Volatility
  /** Immutable as it stands, while the server takes what it calls for stable: it makes no index on it. */
  readonly isMarkedStable?: true
  /** NULL whenever any argument is NULL. */
  readonly strict: boolean
  /**
   * It holds for the elements of an array, its last argument, or has these: `x = ANY (a)`, unnest(a). What type they are of, and
   * how that of the array is called.
   */
  readonly elements?: { readonly type: number; readonly array: string }
  /** Of IS DISTINCT FROM: the equality that it is the opposite of, without the arguments, which are its own. */
  readonly negates?: Operator
  /** Compares as its argument does, whose index finds it: varchar as text, a domain as its base type. */
  readonly isAlike?: boolean
}

/** The construct of an equality that takes NULL with NULL for alike, and of what hashes by it. */
export const NULL_SAFE = 'NULL-safe equality'

export const BOOLEAN: TypeRef = { oid: 16, typmod: -1, collation: 0 }
export const INTEGER: TypeRef = { oid: 23, typmod: -1, collation: 0 }
export const BIGINT: TypeRef = { oid: 20, typmod: -1, collation: 0 }

/** The arguments of any scalar. */
export function scalarArguments(scalar: Scalar): readonly Scalar[] {
  return scalar.kind === 'column' || scalar.kind === 'constant' ? [] : scalar.args
}

/** What an index has of a value. */
export function indexed(scalar: Scalar): Scalar {
  const arg = scalar.kind === 'expression' && scalar.isAlike ? scalar.args[0] : undefined
  return arg === undefined ? scalar : indexed(arg)
}

/** Rebuild a scalar bottom-up; `change` sees each node after its arguments were rebuilt. */
export function mapScalar(scalar: Scalar, change: (scalar: Scalar) => Scalar): Scalar {
  if (scalar.kind === 'column' || scalar.kind === 'constant') return change(scalar)
  const args = scalar.args.map((arg) => mapScalar(arg, change))
  const same = args.every((arg, i) => arg === scalar.args[i])
  return change(same ? scalar : { ...scalar, args })
}

/** The ids of all columns read. */
export function scalarColumns(scalar: Scalar, into: Set<ColumnId> = new Set()): Set<ColumnId> {
  if (scalar.kind === 'column') into.add(scalar.id)
  for (const arg of scalarArguments(scalar)) scalarColumns(arg, into)
  return into
}

/** The least stable part decides. */
export function scalarVolatility(scalar: Scalar): Volatility {
  let worst: Volatility =
    scalar.kind === 'operator' || scalar.kind === 'expression' ? scalar.volatility : 'immutable'
  for (const arg of scalarArguments(scalar)) {
    const own = scalarVolatility(arg)
    if (own === 'volatile' || (own === 'stable' && worst === 'immutable')) worst = own
  }
  return worst
}

/** Would the server make an index on it? */
export function isForIndexes(scalar: Scalar): boolean {
  return scalarVolatility(scalar) === 'immutable' && !hasMarkedStable(scalar)
}

export function hasMarkedStable(scalar: Scalar): boolean {
  const isMarked = (scalar.kind === 'operator' || scalar.kind === 'expression') && scalar.isMarkedStable
  return isMarked === true || scalarArguments(scalar).some(hasMarkedStable)
}

/** A column or a strict expression over columns of which one is NULL is NULL; may this one be? */
export function scalarNullable(scalar: Scalar, nullable: (id: ColumnId) => boolean): boolean {
  switch (scalar.kind) {
    case 'column':
      return nullable(scalar.id)
    case 'constant':
      return scalar.isNull
    case 'logic':
      return scalar.args.some((arg) => scalarNullable(arg, nullable))
    case 'operator':
    case 'expression':
      // A strict function may still return NULL on non-NULL input: only what is known not to is trusted.
      return true
  }
}
