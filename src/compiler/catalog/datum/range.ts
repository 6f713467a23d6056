import { quoteQualified } from '../quote.ts'
import type { TypeFacts } from '../request.ts'
import { alignUp, type DatumBytes, readStored, type Storage } from './bytes.ts'
import { type DatumContext, type Decoded, literal, quoteMember } from './decoder.ts'

const EMPTY = 0x01
const LOWER_INCLUSIVE = 0x02
const UPPER_INCLUSIVE = 0x04
const LOWER_INFINITE = 0x08
const UPPER_INFINITE = 0x10

/** `RangeType`: type oid, bounds, and one byte of flags at the end. */
export function decodeRange(bytes: DatumBytes, type: TypeFacts, context: DatumContext): Decoded {
  const flags = bytes.u8(bytes.length - 1)
  return decodeBounds(bytes, 8, flags, type, context)
}

/**
 * `MultirangeType`: type oid, count, count − 1 items (end offsets or lengths), a byte of flags per range, then the
 * bounds of each range, aligned as its subtype.
 */
export function decodeMultirange(bytes: DatumBytes, type: TypeFacts, context: DatumContext): Decoded {
  const range = context.type(type.subtype)
  const align = context.type(range.subtype).align
  const count = bytes.u32(8)
  const flags = 12 + 4 * Math.max(count - 1, 0)
  const data = alignUp(flags + count, align)
  const ranges: Decoded[] = []
  let offset = 0
  for (let i = 0; i < count; i++) {
    ranges.push(decodeBounds(bytes, data + offset, bytes.u8(flags + i), range, context))
    const item = i < count - 1 ? bytes.u32(12 + 4 * i) : 0
    const span = item & 0x7fffffff
    offset = item > 0x7fffffff ? span : offset + span
  }
  if (ranges.some(({ text }) => text === null)) {
    return {
      text: null,
      sql: `${quoteQualified(type.schema, type.name)}(${ranges.map((r) => r.sql).join(', ')})`,
    }
  }
  return literal(`{${ranges.map(({ text }) => text).join(',')}}`, type)
}

function decodeBounds(
  bytes: DatumBytes,
  start: number,
  flags: number,
  type: TypeFacts,
  context: DatumContext,
): Decoded {
  if ((flags & EMPTY) !== 0) return literal('empty', type)
  const storage: Storage = context.type(type.subtype)
  let at = start
  const bound = (): Decoded => {
    const { value, end } = readStored(bytes, at, storage)
    at = end
    return context.decode(value, type.subtype)
  }
  const lower = (flags & LOWER_INFINITE) === 0 ? bound() : null
  const upper = (flags & UPPER_INFINITE) === 0 ? bound() : null
  const open = (flags & LOWER_INCLUSIVE) === 0 ? '(' : '['
  const close = (flags & UPPER_INCLUSIVE) === 0 ? ')' : ']'
  if (lower?.text === null || upper?.text === null) {
    const name = quoteQualified(type.schema, type.name)
    return { text: null, sql: `${name}(${lower?.sql ?? 'NULL'}, ${upper?.sql ?? 'NULL'}, '${open}${close}')` }
  }
  const text = (decoded: Decoded | null) => (decoded === null ? '' : quoteMember(decoded.text ?? ''))
  return literal(`${open}${text(lower)},${text(upper)}${close}`, type)
}
