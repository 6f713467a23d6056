/** Z-sets: rows with weights. */
import type { ColumnId } from '../../src/compiler/algebra/scalar.ts'
import { imageOf, type Value } from './value.ts'

export type Row = ReadonlyMap<ColumnId, Value>

export interface Weighted {
  readonly row: Row
  readonly weight: number
}

export type Bag = readonly Weighted[]

export function valueIn(row: Row, id: ColumnId): Value {
  const value = row.get(id)
  if (value === undefined) throw new Error(`column ${id} is not in the row`)
  return value
}

export function imageOfRow(row: Row, columns: readonly ColumnId[]): string {
  return imageOf(columns.map((id) => valueIn(row, id)))
}

/** Equal rows added up; weight zero goes. */
export function consolidate(bag: Bag, columns: readonly ColumnId[]): Bag {
  const sums = new Map<string, { row: Row; weight: number }>()
  for (const { row, weight } of bag) {
    const image = imageOfRow(row, columns)
    const sum = sums.get(image)
    if (sum) sum.weight += weight
    else sums.set(image, { row, weight })
  }
  return [...sums.values()].filter(({ weight }) => weight !== 0)
}

export function negate(bag: Bag): Bag {
  return bag.map(({ row, weight }) => ({ row, weight: -weight }))
}

/** What a bag is, for comparing: weight by row, in the order of the text. */
export function contentOf(bag: Bag, columns: readonly ColumnId[]): readonly string[] {
  return consolidate(bag, columns)
    .map(({ row, weight }) => `${imageOfRow(row, columns)} × ${weight}`)
    .sort()
}

/** Each row as often as its weight says; a bag of rows, not of changes. */
export function rowsOf(bag: Bag): readonly Row[] {
  return bag.flatMap(({ row, weight }) => {
    if (weight < 0) throw new Error('a state has a row of negative weight')
    return Array.from({ length: weight }, () => row)
  })
}
