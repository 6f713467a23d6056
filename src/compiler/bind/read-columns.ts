import { bitmapField, numberField } from '../catalog/node-field.ts'
import { isNode, parseViewQuery, type TreeValue } from '../catalog/node-tree.ts'
import type { CompileRequest } from '../catalog/request.ts'

/** FirstLowInvalidHeapAttributeNumber (sysattr.h): the bit of attribute n is n + 7. */
const OFFSET = 7

/**
 * The columns that a query reads of each table, views taken apart: those for which the server would ask for a privilege.
 * Attnums, ascending.
 */
export function readColumns(request: CompileRequest): ReadonlyMap<number, readonly number[]> {
  const read = new Map<number, Set<number>>()
  visit(parseViewQuery(request.tree), read)
  for (const { tree } of Object.values(request.relations))
    if (tree !== null) visit(parseViewQuery(tree), read)
  const tables = [...read].filter(([oid]) => request.relations[oid] && request.relations[oid].kind !== 'v')
  return new Map(
    tables
      .sort(([a], [b]) => a - b)
      .map(([oid, columns]) => {
        const all = request.relations[oid]?.columns.map(({ attnum }) => attnum) ?? []
        // 0 is the whole row.
        return [oid, all.filter((attnum) => columns.has(attnum) || columns.has(0))]
      }),
  )
}

function visit(value: TreeValue, read: Map<number, Set<number>>): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly TreeValue[]) visit(item, read)
  } else if (isNode(value)) {
    // Up to PostgreSQL 15 the range table says it itself.
    if (value.fields.selectedCols !== undefined && value.fields.relid !== undefined) {
      const relid = numberField(value, 'relid')
      const columns = read.get(relid) ?? new Set<number>()
      for (const bit of bitmapField(value, 'selectedCols')) columns.add(bit - OFFSET)
      read.set(relid, columns)
    }
    for (const field of Object.values(value.fields)) visit(field, read)
  }
}
