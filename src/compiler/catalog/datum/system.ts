import type { DatumBytes } from './bytes.ts'
import type { TextDecoder, TextDecoders } from './decoder.ts'

const number32: TextDecoder = (bytes) => String(bytes.u32(0))

/** Identifiers of rows, transactions and catalog objects. All reg… types read a bare number as the oid. */
export const SYSTEM_TYPES: TextDecoders = {
  22: (bytes) => vectorText(bytes, 2),
  24: number32,
  26: number32,
  27: (bytes) => `(${bytes.u16(0) * 65536 + bytes.u16(2)},${bytes.u16(4)})`,
  28: number32,
  29: number32,
  30: (bytes) => vectorText(bytes, 4),
  2202: number32,
  2203: number32,
  2204: number32,
  2205: number32,
  2206: number32,
  2970: snapshotText,
  3220: (bytes) => `${bytes.u32(4).toString(16).toUpperCase()}/${bytes.u32(0).toString(16).toUpperCase()}`,
  3734: number32,
  3769: number32,
  4089: number32,
  4096: number32,
  4191: number32,
  5038: snapshotText,
  5069: (bytes) => String(bytes.u64(0)),
}

/** int2vector and oidvector: an array with one dimension that counts from 0. */
function vectorText(bytes: DatumBytes, size: 2 | 4): string {
  const items: number[] = []
  for (let i = 0; i < bytes.i32(16); i++) {
    items.push(size === 2 ? bytes.i16(24 + 2 * i) : bytes.u32(24 + 4 * i))
  }
  return items.join(' ')
}

function snapshotText(bytes: DatumBytes): string {
  const running: bigint[] = []
  for (let i = 0; i < bytes.u32(4); i++) running.push(bytes.u64(24 + 8 * i))
  return `${bytes.u64(8)}:${bytes.u64(16)}:${running.join(',')}`
}
