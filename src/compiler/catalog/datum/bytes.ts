import { internalError } from '../error.ts'

/** Reads past the end throw a RangeError; whoever starts a decoding turns that into a message. */
export class DatumBytes {
  readonly length: number
  private readonly data: Uint8Array
  private readonly view: DataView

  constructor(data: Uint8Array) {
    this.data = data
    this.length = data.length
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  }

  u8(at: number): number {
    return this.view.getUint8(at)
  }
  i16(at: number): number {
    return this.view.getInt16(at, true)
  }
  u16(at: number): number {
    return this.view.getUint16(at, true)
  }
  i32(at: number): number {
    return this.view.getInt32(at, true)
  }
  u32(at: number): number {
    return this.view.getUint32(at, true)
  }
  i64(at: number): bigint {
    return this.view.getBigInt64(at, true)
  }
  u64(at: number): bigint {
    return this.view.getBigUint64(at, true)
  }
  f32(at: number): number {
    return this.view.getFloat32(at, true)
  }
  f64(at: number): number {
    return this.view.getFloat64(at, true)
  }

  slice(start: number, end: number): DatumBytes {
    if (start > end || end > this.length) throw new RangeError('slice outside the datum')
    return new DatumBytes(this.data.subarray(start, end))
  }

  hex(start: number, end: number): string {
    let text = ''
    for (let i = start; i < end; i++) text += this.u8(i).toString(16).padStart(2, '0')
    return text
  }

  /** UTF-8, by hand: a bare JavaScript engine has no TextDecoder. */
  text(start = 0, end = this.length): string {
    let text = ''
    let at = start
    while (at < end) {
      const first = this.u8(at++)
      if (first < 0x80) {
        text += String.fromCharCode(first)
        continue
      }
      const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1
      if (first < 0xc2 || first > 0xf4 || at + more > end) throw notUtf8()
      let point = first & (0x3f >> more)
      for (let i = 0; i < more; i++) {
        const next = this.u8(at++)
        if ((next & 0xc0) !== 0x80) throw notUtf8()
        point = (point << 6) | (next & 0x3f)
      }
      text += String.fromCodePoint(point)
    }
    return text
  }

  /**
   * The varlena at `at`, as if it had a four-byte header: then offsets, and hence alignment, are those of its C
   * struct also where it was packed into a row with a one-byte header.
   */
  varlena(at: number): { readonly value: DatumBytes; readonly end: number } {
    const first = this.u8(at)
    if (first === 1) throw internalError('constant is stored out of line')
    if ((first & 1) === 1) {
      const end = at + (first >> 1)
      const data = new Uint8Array(end - at + 3)
      data.set(this.slice(at + 1, end).data, 4)
      return { value: new DatumBytes(data), end }
    }
    if ((first & 3) === 2) throw internalError('constant is stored compressed')
    const end = at + (this.u32(at) >>> 2)
    return { value: this.slice(at, end), end }
  }
}

/** What is known of how a type is stored. */
export interface Storage {
  readonly length: number
  readonly align: 'c' | 's' | 'i' | 'd'
}

const ALIGNMENT = { c: 1, s: 2, i: 4, d: 8 } as const

export function alignUp(at: number, align: Storage['align']): number {
  const unit = ALIGNMENT[align]
  return Math.ceil(at / unit) * unit
}

/**
 * The next value in a row, array or range. A varlena with a one-byte header is not aligned: a byte other than zero
 * cannot be padding (`att_align_pointer`).
 */
export function readStored(
  bytes: DatumBytes,
  at: number,
  { length, align }: Storage,
): { readonly value: DatumBytes; readonly end: number } {
  if (length === -1) return bytes.varlena(bytes.u8(at) === 0 ? alignUp(at, align) : at)
  const start = alignUp(at, align)
  if (length >= 0) return { value: bytes.slice(start, start + length), end: start + length }
  let end = start
  while (bytes.u8(end) !== 0) end++
  return { value: bytes.slice(start, end + 1), end: end + 1 }
}

function notUtf8(): Error {
  return internalError('constant is not valid UTF-8: only databases with encoding UTF8 are supported')
}
