import type { DatumBytes } from './bytes.ts'
import type { TextDecoders } from './decoder.ts'

export const NUMBER_TYPES: TextDecoders = {
  20: (bytes) => String(bytes.i64(0)),
  21: (bytes) => String(bytes.i16(0)),
  23: (bytes) => String(bytes.i32(0)),
  700: (bytes) => float4Text(bytes.f32(0)),
  701: (bytes) => float8Text(bytes.f64(0)),
  1700: (bytes) => numericText(bytes),
}

export function float8Text(value: number): string {
  // JavaScript prints the shortest digits that read back the same, but loses the sign of zero.
  return Object.is(value, -0) ? '-0' : String(value)
}

/** The shortest digits that read back as the same single-precision number; nine always do. */
function float4Text(value: number): string {
  if (!Number.isFinite(value) || value === 0) return float8Text(value)
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits)
    if (readsAsFloat4(Number(text), value)) return String(Number(text))
  }
  return value.toPrecision(9)
}

/**
 * The server rounds decimal to single once, we by way of double: the two can differ only when the double lies
 * exactly midway between two singles, so that is not taken.
 */
function readsAsFloat4(read: number, value: number): boolean {
  if (Math.fround(read) !== value) return false
  const mirrored = 2 * read - value
  return read === value || Math.fround(mirrored) !== mirrored
}

const SPECIAL = 0xc000
const NEGATIVE = 0x4000
const SHORT = 0x8000

/** `NumericData` after the header: base-10000 digits, exact with the display scale (1.0 is not 1.00). */
export function numericText(bytes: DatumBytes): string {
  const header = bytes.u16(4)
  if ((header & SPECIAL) === SPECIAL) {
    const kind = header & 0xf000
    return kind === 0xd000 ? 'Infinity' : kind === 0xf000 ? '-Infinity' : 'NaN'
  }
  const short = (header & SHORT) !== 0
  const negative = short ? (header & 0x2000) !== 0 : (header & SPECIAL) === NEGATIVE
  const scale = short ? (header & 0x1f80) >> 7 : header & 0x3fff
  const weight = short ? (header & 0x3f) - (header & 0x40) : bytes.i16(6)
  const start = short ? 6 : 8
  const count = (bytes.length - start) >> 1
  const group = (exponent: number) => {
    const index = weight - exponent
    return index >= 0 && index < count ? String(bytes.i16(start + 2 * index)).padStart(4, '0') : '0000'
  }
  let whole = ''
  for (let exponent = weight; exponent >= 0; exponent--) whole += group(exponent)
  let fraction = ''
  for (let exponent = -1; fraction.length < scale; exponent--) fraction += group(exponent)
  whole = whole.replace(/^0+(?=.)/, '') || '0'
  return `${negative ? '-' : ''}${whole}${scale > 0 ? `.${fraction.slice(0, scale)}` : ''}`
}
