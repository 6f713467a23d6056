/** What a random expression is made of: columns in scope, with what may and may not be done to them. */
import { type ColumnType, typeNamed } from './types.ts'

export interface Value {
  readonly sql: string
  readonly type: ColumnType
  /** The query leaves open which of several equal images this is (a group key, an extreme). */
  readonly open: boolean
  /** A float that was added up: it must not be compared. */
  readonly rounds: boolean
}

/** A relation that a query can read. */
export interface Relation {
  readonly name: string
  readonly columns: readonly OutputColumn[]
  /** The type of its rows; absent where a row is not of a type of its own. */
  readonly row?: ColumnType
  /** No view: what a view computes may be more than a recursive term may read. */
  readonly isStored?: true
  /** Partitions or a child: FROM ONLY leaves them out. */
  readonly hasParts?: true
}

export interface OutputColumn {
  /** As in SQL. */
  readonly name: string
  readonly type: ColumnType
  readonly open: boolean
  readonly rounds: boolean
}

export function value(sql: string, type: ColumnType | string, from: Partial<Value> = {}): Value {
  return {
    sql,
    type: typeof type === 'string' ? typeNamed(type) : type,
    open: from.open ?? false,
    rounds: from.rounds ?? false,
  }
}

/** Any number names an item: what is left after shrinking still does. */
export function pick<T>(items: readonly T[], gene: number): T {
  const item = items[gene % items.length]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}

/** A literal, as part of a comparison: its collation is the other side's. */
export function literal(type: ColumnType, gene: number): string {
  return pick(type.values, skewed(gene, type.values.length))
}

/** A literal, or NULL, that stands by itself. */
export function constant(type: ColumnType, gene: number): string {
  const collation = / COLLATE (.*)$/.exec(type.sql)?.[1]
  if (gene % 8 === 7) return collation ? `NULL::text COLLATE ${collation}` : `NULL::${type.sql}`
  const text = literal(type, gene)
  if (type.name === 'text') return `${text}::text`
  return collation ? `${text}::text COLLATE ${collation}` : text
}

/** Genes go from 0 to 63; the first values come most often, so that keys meet. */
function skewed(gene: number, length: number): number {
  return Math.floor(((gene % 64) / 64) ** 2 * length)
}

/** Rows of a table or a view as values. */
export function rowType(name: string, columns: readonly OutputColumn[]): ColumnType {
  const fields = columns.map((column) => ({ name: column.name, type: column.type }))
  return {
    name: `row of ${name}`,
    sql: name,
    values: [`NULL::${name}`],
    comparable: columns.every(({ type, rounds }) => type.comparable && !rounds),
    ordered: false,
    manyImages: columns.some(({ type, open }) => type.manyImages || open),
    fields,
  }
}
