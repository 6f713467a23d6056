/** Random contents of source tables, before and after a change. */
import fc from 'fast-check'
import type { Leaves, StoredRow } from './meaning.ts'
import { imageOf, type Value } from './value.ts'

export interface TableChange {
  readonly before: readonly (readonly Value[])[]
  readonly after: readonly (readonly Value[])[]
  /** Rows that came and went, or went and came back, within the change. */
  readonly churn: readonly (readonly Value[])[]
}

const small = fc.integer({ min: 0, max: 2 })
/** k, a, b as in TABLE_COLUMNS; NULLs and duplicates are frequent. */
const row = fc.tuple(small, fc.option(small, { freq: 3 }), fc.option(small, { freq: 3 }))

export function arbitraryTables(
  count: number,
  keyed: boolean,
  size = 4,
): fc.Arbitrary<readonly TableChange[]> {
  const table = (i: number) => {
    const rows = keyed
      ? fc.uniqueArray(row, { maxLength: size, selector: ([k, a]) => (i % 2 === 0 ? k : imageOf([k, a])) })
      : fc.array(row, { maxLength: size })
    return fc.record({ before: rows, after: rows, churn: fc.array(row, { maxLength: 1 }) })
  }
  return fc.tuple(...Array.from({ length: count }, (_, i) => table(i)))
}

/** Leaves over the tables; those that did not change hold `after` in every version. */
export function tableLeaves(
  tables: readonly TableChange[],
  isChanged: (relation: number) => boolean,
): Leaves {
  return {
    rows: (of, version) => {
      if (of.op !== 'scan') throw new Error('there are no stages here')
      const table = tables[of.relation - 100]
      if (!table) throw new Error(`there is no table ${of.relation}`)
      const before = isChanged(of.relation) ? table.before : table.after
      switch (version) {
        case 'before':
          return before.map((values) => ({ values, weight: 1 }))
        case 'after':
          return table.after.map((values) => ({ values, weight: 1 }))
        case 'delta':
          return isChanged(of.relation) ? changeBuffer(before, table.after, table.churn) : []
      }
    },
  }
}

/** What capture writes: rows that stay are not in it, rows that came and went are in it twice. */
function changeBuffer(
  before: readonly (readonly Value[])[],
  after: readonly (readonly Value[])[],
  churn: readonly (readonly Value[])[],
): readonly StoredRow[] {
  const kept = after.map(imageOf)
  const removed = before.filter((values) => {
    const at = kept.indexOf(imageOf(values))
    if (at >= 0) kept.splice(at, 1)
    return at < 0
  })
  const stayed = before.map(imageOf)
  const inserted = after.filter((values) => {
    const at = stayed.indexOf(imageOf(values))
    if (at >= 0) stayed.splice(at, 1)
    return at < 0
  })
  return [
    ...removed.map((values) => ({ values, weight: -1 })),
    ...inserted.map((values) => ({ values, weight: 1 })),
    ...churn.flatMap((values) => [
      { values, weight: 1 },
      { values, weight: -1 },
    ]),
  ]
}
