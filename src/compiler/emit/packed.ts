/**
 * Which columns a change buffer holds as arrays, too (pgstream._packed_type knows the same): those of a type that has
 * arrays and is none, among the first of the table. A source with any other captured column never has packed changes.
 */
import { TABLE_OID } from '../algebra/operators/scan.ts'
import type { CompileRequest } from '../catalog/request.ts'

const LAST_PACKED = 300

export function isPacked(request: CompileRequest, relation: number, attnum: number): boolean {
  if (attnum > LAST_PACKED) return false
  if (attnum === TABLE_OID) return true
  const column = request.relations[relation]?.columns.find((each) => each.attnum === attnum)
  let type = column && request.types[column.type]
  while (type && type.kind === 'd') type = request.types[type.base]
  return type !== undefined && type.element === 0 && type.array !== 0
}
