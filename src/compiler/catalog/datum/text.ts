import type { DatumBytes } from './bytes.ts'
import { malformed, type TextDecoder, type TextDecoders } from './decoder.ts'

/** After a four-byte header, the characters. */
export const varlenaText: TextDecoder = (bytes) => bytes.text(4)

/** Types whose storage is their text, and strings of bytes and bits. */
export const TEXT_TYPES: TextDecoders = {
  17: (bytes) => `\\x${bytes.hex(4, bytes.length)}`,
  19: (bytes) => cString(bytes),
  25: varlenaText,
  114: varlenaText,
  1042: varlenaText,
  1043: varlenaText,
  1560: bitText,
  1562: bitText,
  1790: varlenaText,
  2950: (bytes) => bytes.hex(0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
}

export function cString(bytes: DatumBytes): string {
  let end = 0
  while (end < bytes.length && bytes.u8(end) !== 0) end++
  return bytes.text(0, end)
}

function bitText(bytes: DatumBytes): string {
  const length = bytes.i32(4)
  let text = ''
  for (let at = 8; at < bytes.length; at++) text += bytes.u8(at).toString(2).padStart(8, '0')
  if (text.length < length) throw malformed('bit varying')
  return text.slice(0, length)
}
