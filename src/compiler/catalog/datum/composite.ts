import type { TypeFacts } from '../request.ts'
import { type DatumBytes, readStored } from './bytes.ts'
import { type DatumContext, type Decoded, literal, quoteMember, typeName } from './decoder.ts'

const NATTS_MASK = 0x07ff
const HAS_NULL = 0x0001

/** `HeapTupleHeader` used as a datum: bitmap of NULLs from byte 23, data from `t_hoff` on. */
export function decodeComposite(bytes: DatumBytes, type: TypeFacts, context: DatumContext): Decoded {
  const count = bytes.u16(18) & NATTS_MASK
  const hasNull = (bytes.u16(20) & HAS_NULL) !== 0
  // With fewer attributes than the type has now, the missing ones may have a default that nobody told us.
  if (count !== type.attributes.length) throw context.refuse(type)
  const fields: (Decoded | null)[] = []
  let at = bytes.u8(22)
  type.attributes.forEach((attribute, i) => {
    const isNull = hasNull && (bytes.u8(23 + (i >> 3)) & (1 << (i & 7))) === 0
    if (attribute === null) {
      // A dropped attribute is NULL in new rows; the storage of an old value is not known any more.
      if (!isNull) throw context.refuse(type)
      return
    }
    if (isNull) {
      fields.push(null)
      return
    }
    const { value, end } = readStored(bytes, at, context.type(attribute.type))
    fields.push(context.decode(value, attribute.type))
    at = end
  })
  if (fields.some((field) => field !== null && field.text === null)) {
    return { text: null, sql: `ROW(${fields.map((f) => f?.sql ?? 'NULL').join(', ')})::${typeName(type)}` }
  }
  return literal(`(${fields.map((f) => (f === null ? '' : quoteMember(f.text ?? ''))).join(',')})`, type)
}
