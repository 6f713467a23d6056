import type { DatumBytes } from './bytes.ts'
import { malformed } from './decoder.ts'
import { numericText } from './number.ts'

const COUNT = 0x0fffffff
const SCALAR = 0x10000000
const OBJECT = 0x20000000
const HAS_OFFSET = 0x80000000

/** `JsonbContainer` (jsonb.h) to JSON text; numbers keep their scale. */
export function jsonbText(bytes: DatumBytes): string {
  return containerText(bytes, 4)
}

function containerText(bytes: DatumBytes, at: number): string {
  const header = bytes.u32(at)
  const count = header & COUNT
  const isObject = (header & OBJECT) !== 0
  const entries = isObject ? 2 * count : count
  const data = at + 4 + 4 * entries
  const values: string[] = []
  let start = 0
  for (let i = 0; i < entries; i++) {
    const entry = bytes.u32(at + 4 + 4 * i)
    // Every so many entries hold their end, the others their length.
    const end = (entry & HAS_OFFSET) !== 0 ? entry & COUNT : start + (entry & COUNT)
    values.push(entryText(bytes, data, start, end, (entry >>> 28) & 7))
    start = end
  }
  if ((header & SCALAR) !== 0) return values[0] ?? 'null'
  if (!isObject) return `[${values.join(', ')}]`
  const members: string[] = []
  for (let i = 0; i < count; i++) members.push(`${values[i]}: ${values[count + i]}`)
  return `{${members.join(', ')}}`
}

function entryText(bytes: DatumBytes, data: number, start: number, end: number, kind: number): string {
  const aligned = data + Math.ceil(start / 4) * 4
  switch (kind) {
    case 0:
      return JSON.stringify(bytes.text(data + start, data + end))
    case 1:
      return numericText(bytes.varlena(aligned).value)
    case 2:
      return 'false'
    case 3:
      return 'true'
    case 4:
      return 'null'
    case 5:
      return containerText(bytes, aligned)
    default:
      throw malformed('jsonb')
  }
}
