/**
 * Equality and image. A key is compared as SQL compares (`=`, NULLs alike); a whole row by its image, byte for byte, so
 * that 1.0 → 1.00, 'a' → 'A' in citext and 0 → −0 reach the stream table, and types without equality (json) work.
 */
import { IDENTITY, isIdentity } from '../algebra/identity.ts'
import type { Column } from '../algebra/node.ts'
import { NUMERIC } from '../algebra/number-types.ts'
import { isArray } from '../catalog/array-type.ts'
import { comparedType } from '../catalog/compared-type.ts'
import { holdsRows, isComposite, RECORD } from '../catalog/composite.ts'
import { internalError } from '../catalog/error.ts'
import type { CompileRequest, TypeFacts } from '../catalog/request.ts'
import { sendFunction } from '../catalog/send-function.ts'

function typeFacts(request: CompileRequest, oid: number): TypeFacts {
  const facts = request.types[oid]
  if (!facts) throw internalError(`no facts about type ${oid}`)
  return facts
}

/** The default equality operator of a type: `=`, or with its schema when outside pg_catalog; null when it has none. */
function equalityOperator(request: CompileRequest, oid: number): string | null {
  const operator = request.operators[typeFacts(request, oid).equality]
  if (!operator) return null
  return operator.schema === 'pg_catalog' ? operator.name : `OPERATOR(${operator.schema}.${operator.name})`
}

function compared(request: CompileRequest, column: Column, value: string): string {
  const type = comparedType(request, column.type.oid)
  return type ? `(${value})::${type.sql}` : value
}

/** left and right are equal, and neither is NULL. */
export function equalValues(request: CompileRequest, column: Column, left: string, right: string): string {
  const operator = equalityOperator(request, column.type.oid)
  if (!operator) throw internalError(`column ${column.name} has no equality`)
  return `${compared(request, column, left)} ${operator} ${compared(request, column, right)}`
}

/** left and right name the same key value. An OR, because no index serves IS NOT DISTINCT FROM; a bitmap OR serves this. */
export function keyMatch(request: CompileRequest, column: Column, left: string, right: string): string {
  const equal = equalValues(request, column, left, right)
  if (!column.nullable) return equal
  return `(${equal} OR (${bothNull(request, column, left, right)}))`
}

function bothNull(request: CompileRequest, column: Column, left: string, right: string): string {
  return `${noValue(request, column, left)} AND ${noValue(request, column, right)}`
}

/** A row of NULLs is a value, which equality finds. */
export function noValue(request: CompileRequest, column: Column, value: string): string {
  return `${value} ${isComposite(request, column.type.oid) ? 'IS NOT DISTINCT FROM NULL' : 'IS NULL'}`
}

/**
 * Too long for a btree index, which has room for 2704 bytes? Only once a value was: a hash of the column costs the order and
 * the uniqueness that an index otherwise has.
 */
export function isLong(request: CompileRequest, { type }: Column): boolean {
  return request.hasLongValues === true && typeFacts(request, type.oid).length === -1
}

/** As many columns has an index room for (INDEX_MAX_KEYS). */
export const INDEX_COLUMNS = 32

/** Has a unique index room for such keys? */
export function fitsIndex(request: CompileRequest, key: readonly Column[]): boolean {
  return key.length <= INDEX_COLUMNS && !key.some((column) => isLong(request, column))
}

/**
 * Key columns by whose hash a stored row is found: all of them, where two or more may be NULL. Of several ORs an index serves
 * one at a time, and then reads all rows that have that column in common. Of a key that does not fit an index likewise.
 */
export function hashedKey(request: CompileRequest, key: readonly Column[]): readonly Column[] {
  const nullable = key.filter((column) => column.nullable)
  const isHashed = !fitsIndex(request, key) || nullable.length > 1 || (key.length > 1 && nullable.some(isRow))
  return isHashed ? key.filter((column) => typeFacts(request, column.type.oid).hashable) : []

  /** Whether such a one is NULL no index tells. */
  function isRow({ type }: Column): boolean {
    return isComposite(request, type.oid)
  }
}

/** left and right name the same row of a stored table with this key. */
export function storedMatch(
  request: CompileRequest,
  key: readonly Column[],
  left: readonly string[],
  right: readonly string[],
): readonly string[] {
  const hashed = hashedKey(request, key)
  const [nullable, ...others] = key.flatMap((column, i) => (column.nullable ? [i] : []))
  // More of them, where there is no hash of any (money), are compared each by itself.
  if (hashed.length === 0 && key.length > 1 && nullable !== undefined && others.length === 0)
    return [orOfKeys(request, key, nullable, left, right)]
  const match = key.map((column, i) => keyMatch(request, column, left[i] ?? '', right[i] ?? ''))
  return [...match, ...equalHashes(request, key, hashed, left, right)]
}

/**
 * The same where column `at` alone may be NULL: whole keys in both branches of the OR, so that the index is asked for whole keys,
 * and not for all rows that have this column in common, or that lack it. The other way round in the second: what two
 * branches share is drawn out of them (prepqual.c).
 */
function orOfKeys(
  request: CompileRequest,
  key: readonly Column[],
  at: number,
  left: readonly string[],
  right: readonly string[],
): string {
  const equal = key.map((column, i) => equalValues(request, column, left[i] ?? '', right[i] ?? ''))
  const missing = key.map((column, i) =>
    i === at
      ? bothNull(request, column, left[i] ?? '', right[i] ?? '')
      : equalValues(request, column, right[i] ?? '', left[i] ?? ''),
  )
  return `(${equal.join(' AND ')} OR ${missing.join(' AND ')})`
}

/** The equality of the hashes of some of the columns. */
function equalHashes(
  request: CompileRequest,
  columns: readonly Column[],
  hashed: readonly Column[],
  left: readonly string[],
  right: readonly string[],
): readonly string[] {
  const hash = (side: readonly string[]) =>
    rowHash(request, hashed, (column) => side[columns.indexOf(column)] ?? '')
  const [a, b] = [hash(left), hash(right)]
  return a && b ? [`${a} = ${b}`] : []
}

/**
 * The same for many rows. They are joined by one hash of the whole key where one of several columns may be NULL: by the
 * equality of another column, which is the same in many rows, the planner would merge them pair by pair (measured, 10,000
 * changes of 25,000 rows: 33 s → 0.4 s). IS TRUE keeps it from that.
 */
export function bulkMatch(
  request: CompileRequest,
  key: readonly Column[],
  left: readonly string[],
  right: readonly string[],
): readonly string[] {
  const hash = (side: readonly string[]) => rowHash(request, key, (column) => side[key.indexOf(column)] ?? '')
  const [a, b] = [hash(left), hash(right)]
  if (key.length < 2 || !key.some(({ nullable }) => nullable) || !a || !b)
    return storedMatch(request, key, left, right)
  const match = key.map((column, i) => keyMatch(request, column, left[i] ?? '', right[i] ?? ''))
  return [`${a} = ${b}`, ...match.map((each) => `(${each}) IS TRUE`)]
}

/**
 * left and right name the same group, where no index is certain to find it: the NULL-proof OR can only be tried pair by
 * pair, so an equality of hashes goes with it, by which the planner can join.
 */
export function groupMatch(
  request: CompileRequest,
  columns: readonly Column[],
  left: readonly string[],
  right: readonly string[],
): readonly string[] {
  const match = columns.map((column, i) => keyMatch(request, column, left[i] ?? '', right[i] ?? ''))
  const nullable = columns.filter((column) => column.nullable)
  return [...match, ...equalHashes(request, columns, nullable, left, right)]
}

/**
 * The same for many groups: one hash of the whole key, and nothing else that the planner has values of. It takes the conditions
 * for independent, expects one row of them all, and goes through everything that is joined next (measured, a window over
 * groups of 20,000 customers of which 4,000 changed: 7 s → 0.4 s). Of a CASE it expects one row in two.
 */
export function manyGroupsMatch(
  request: CompileRequest,
  columns: readonly Column[],
  left: readonly string[],
  right: readonly string[],
): readonly string[] {
  const hashes = equalHashes(request, columns, columns, left, right)
  if (hashes.length === 0 || !columns.some(({ nullable }) => nullable))
    return groupMatch(request, columns, left, right)
  const match = columns.map((column, i) => keyMatch(request, column, left[i] ?? '', right[i] ?? ''))
  return [...hashes, ...match.map((each) => `CASE WHEN ${each} THEN true ELSE false END`)]
}

/**
 * left and right name the same key, as conditions of looks into an index of which each row passes one: where a column may be
 * NULL an index that goes on with another column serves no OR. Of several such columns all keys that lack any are one look;
 * `isEach`: of two, each combination is one.
 */
export function probingMatches(
  request: CompileRequest,
  columns: readonly Column[],
  left: readonly string[],
  right: readonly string[],
  isEach = false,
): readonly (readonly string[])[] {
  const match = (as: (column: Column) => Column) =>
    columns.map((column, i) => keyMatch(request, as(column), left[i] ?? '', right[i] ?? ''))
  const plain = match((column) => ({ ...column, nullable: false }))
  const nullable = columns.filter((column) => column.nullable)
  if (nullable.length === 0) return [plain]
  if (nullable.length === 2 && isEach)
    return lackings(columns).map((lacked) =>
      columns.map((column, i) =>
        lacked.includes(i) ? bothNull(request, column, left[i] ?? '', right[i] ?? '') : (plain[i] ?? ''),
      ),
    )
  if (nullable.length > 1) {
    const lacks = columns.flatMap((column, i) =>
      column.nullable ? [noValue(request, column, right[i] ?? '')] : [],
    )
    return [plain, [...match((column) => column), `(${lacks.join(' OR ')})`]]
  }
  return [
    plain,
    columns.map((column, i) =>
      column.nullable ? bothNull(request, column, left[i] ?? '', right[i] ?? '') : (plain[i] ?? ''),
    ),
  ]
}

/** As many columns that may be NULL have their combinations asked for one by one. */
const COMBINED = 3

/** Which of the columns a key may lack together: none first. */
export function lackings(columns: readonly Column[]): readonly (readonly number[])[] {
  const nullable = columns.flatMap((column, i) => (column.nullable ? [i] : []))
  return Array.from({ length: 2 ** nullable.length }, (_, bits) =>
    nullable.filter((_, i) => (bits >> i) % 2 === 1),
  )
}

/** Which keys, as a condition on each key's columns, and how their rows are met. */
export interface LackingMatch {
  readonly lacks: string
  readonly match: readonly string[]
}

/**
 * left and right name the same key, of keys that lack some of their columns: each combination of these by itself, so that an
 * index is asked for nothing but its rows. Of more columns all at once. `bare`: the right side as it came.
 */
export function lackingMatches(
  request: CompileRequest,
  columns: readonly Column[],
  left: readonly string[],
  right: readonly string[],
  bare: readonly string[],
): readonly LackingMatch[] {
  const nullable = columns.flatMap((column, i) => (column.nullable ? [i] : []))
  if (nullable.length === 0) return []
  if (nullable.length > COMBINED) {
    const lacks = nullable.map((i) => `${bare[i]} IS NULL`).join(' OR ')
    return [{ lacks, match: groupMatch(request, columns, left, right) }]
  }
  return lackings(columns)
    .slice(1)
    .map((lacked) => ({
      lacks: nullable.map((i) => `${bare[i]} IS ${lacked.includes(i) ? '' : 'NOT '}NULL`).join(' AND '),
      match: columns.map((column, i) =>
        lacked.includes(i)
          ? noValue(request, column, left[i] ?? '')
          : equalValues(request, column, left[i] ?? '', right[i] ?? ''),
      ),
    }))
}

export { isIdentity }

/** An expression with equality that tells apart all images of the value. */
function imageOf(request: CompileRequest, column: Column, value: string): string {
  const facts = typeFacts(request, column.type.oid)
  if (IDENTITY.has(facts.oid) && facts.sortable) return `${value} COLLATE "C"`
  if (facts.oid === NUMERIC) return `scale(${value})`
  const send = sendFunction(request, facts.oid)
  return send === '' ? `(${value})::text COLLATE "C"` : `${send}(${compared(request, column, value)})`
}

/** GROUP BY items and the select item for one column of a consolidation by image. */
export function groupByImage(
  request: CompileRequest,
  column: Column,
  value: string,
): { readonly groupBy: readonly string[]; readonly output: string } {
  // A bare literal tells no rows apart, and GROUP BY refuses it.
  if (value === 'true' || value === 'false') return { groupBy: [], output: value }
  const { oid, sortable, sql } = typeFacts(request, column.type.oid)
  if (sortable && isIdentity(request, column)) return { groupBy: [value], output: value }
  const image = imageOf(request, column, value)
  // One that hashes only (xid, aclitem) cannot be grouped by beside one that sorts only (seg, cube), and a row of no named
  // type may have what cannot be compared (json) in it.
  if (!sortable || oid === RECORD) {
    // array_agg makes one array of arrays, and none of empty ones.
    const output = isArray(request, oid)
      ? `(array_agg((${value})::text))[1]::${sql}`
      : `(array_agg(${value}))[1]`
    return { groupBy: [image], output }
  }
  return { groupBy: [value, image], output: value }
}

/** Rows of equal image: `*=` compares byte for byte whatever the types (rowtypes.c, record_image_eq). */
export function sameImage(
  request: CompileRequest,
  columns: readonly Column[],
  left: readonly string[],
  right: readonly string[],
): string {
  return `${imageRow(request, columns, left)} *= ${imageRow(request, columns, right)}`
}

/**
 * A composite value has the attributes in it that its type had when it was made: the same one may be other bytes, which is
 * so for values within the row, and not for the row itself. What is sent of it is what it has now.
 */
function imageRow(request: CompileRequest, columns: readonly Column[], values: readonly string[]): string {
  const images = columns.map((column, i) =>
    holdsRows(request, column.type.oid) ? imageOf(request, column, values[i] ?? '') : (values[i] ?? ''),
  )
  return `ROW(${images.join(', ')})::record`
}

/**
 * Rows of different image. `*<>` over whole rows costs 1.5 µs a row, `=` over plain columns a tenth (measured on a million
 * rows of four columns), so only columns whose `=` hides an image are compared by their bytes.
 */
export function otherImage(
  request: CompileRequest,
  columns: readonly Column[],
  left: readonly string[],
  right: readonly string[],
): string {
  const differing: string[] = []
  const byImage: number[] = []
  for (const [i, column] of columns.entries()) {
    const [a, b] = [left[i] ?? '', right[i] ?? '']
    if (isIdentity(request, column)) differing.push(`${a} IS DISTINCT FROM ${b}`)
    else if (column.type.oid === NUMERIC)
      differing.push(`${a} IS DISTINCT FROM ${b}`, `scale(${a}) IS DISTINCT FROM scale(${b})`)
    else byImage.push(i)
  }
  if (byImage.length > 0) {
    const row = (side: readonly string[]) =>
      imageRow(
        request,
        columns.filter((_, i) => byImage.includes(i)),
        side.filter((_, i) => byImage.includes(i)),
      )
    differing.push(`${row(left)} *<> ${row(right)}`)
  }
  return `(${differing.join(' OR ') || 'false'})`
}

/** An index has room for the expression over that many, before PostgreSQL 18 (pg_index has no TOAST table). */
const HASHED = 100

/**
 * The hash by which the rows of a bag are found: over the first columns that can be hashed; null when none can. Whoever
 * finds by it compares all columns as well.
 */
export function rowHash(
  request: CompileRequest,
  columns: readonly Column[],
  value: (column: Column) => string,
): string | null {
  const hashable = columns.filter((column) => typeFacts(request, column.type.oid).hashable)
  const values = hashable.slice(0, HASHED).map((column) => compared(request, column, value(column)))
  return values.length === 0 ? null : `hash_record_extended(ROW(${values.join(', ')}), 0)`
}
