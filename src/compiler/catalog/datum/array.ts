import type { TypeFacts } from '../request.ts'
import { type DatumBytes, readStored } from './bytes.ts'
import { type DatumContext, type Decoded, literal, quoteMember, typeName } from './decoder.ts'

const BOX = 603

/** `ArrayType` (array.h): dimensions, lower bounds, bitmap of NULLs, elements each aligned. */
export function decodeArray(bytes: DatumBytes, type: TypeFacts, context: DatumContext): Decoded {
  const rank = bytes.i32(4)
  if (rank === 0) return literal('{}', type)
  const dimensions = range(rank).map((i) => bytes.i32(16 + 4 * i))
  const lower = range(rank).map((i) => bytes.i32(16 + 4 * (rank + i)))
  const elements = readElements(bytes, rank, dimensions, type, context)
  const plain = lower.every((bound) => bound === 1)
  if (elements.every((element) => element === null || element.text !== null)) {
    const bounds = plain ? '' : `${lower.map((b, i) => `[${b}:${b + (dimensions[i] ?? 0) - 1}]`).join('')}=`
    const texts = elements.map((element) => (element === null ? 'NULL' : quoteMember(element.text ?? '')))
    return literal(bounds + nest(texts, dimensions, '{', '}', delimiter(type, context)), type)
  }
  // A constructor cannot say where counting starts.
  if (!plain) throw context.refuse(type)
  const items = elements.map((element) => element?.sql ?? 'NULL')
  return { text: null, sql: `ARRAY${nest(items, dimensions, '[', ']', ', ')}::${typeName(type)}` }
}

function readElements(
  bytes: DatumBytes,
  rank: number,
  dimensions: readonly number[],
  type: TypeFacts,
  context: DatumContext,
): (Decoded | null)[] {
  const count = dimensions.reduce((product, size) => product * size, 1)
  const storage = context.type(type.element)
  const headers = 16 + 8 * rank
  const offset = bytes.i32(8) // 0 when there is no bitmap of NULLs
  const elements: (Decoded | null)[] = []
  let at = offset === 0 ? headers : offset // 16 + 8 n is MAXALIGNed as it is
  for (let i = 0; i < count; i++) {
    if (offset !== 0 && (bytes.u8(headers + (i >> 3)) & (1 << (i & 7))) === 0) {
      elements.push(null)
      continue
    }
    const { value, end } = readStored(bytes, at, storage)
    elements.push(context.decode(value, type.element))
    at = end
  }
  return elements
}

/** typdelim: of the built-in types only box has another than the comma. */
function delimiter(type: TypeFacts, context: DatumContext): string {
  let element = context.type(type.element)
  while (element.kind === 'd') element = context.type(element.base)
  return element.oid === BOX ? ';' : ','
}

function nest(
  items: readonly string[],
  dimensions: readonly number[],
  open: string,
  close: string,
  separator: string,
): string {
  let level = items
  for (let depth = dimensions.length - 1; depth >= 0; depth--) {
    const size = dimensions[depth] ?? 1
    const next: string[] = []
    for (let i = 0; i < level.length; i += size) {
      next.push(open + level.slice(i, i + size).join(separator) + close)
    }
    level = next
  }
  return level[0] ?? ''
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}
