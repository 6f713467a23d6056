import type { DatumBytes } from './bytes.ts'
import { malformed, type TextDecoders } from './decoder.ts'

export const TEXT_SEARCH_TYPES: TextDecoders = {
  3614: vectorText,
  3615: queryText,
}

const WEIGHTS = ['', 'C', 'B', 'A']

/** `WordEntry`: 1 bit has positions, 11 bits length, 20 bits offset (ts_type.h). */
function vectorText(bytes: DatumBytes): string {
  const count = bytes.i32(4)
  const data = 8 + 4 * count
  const words: string[] = []
  for (let i = 0; i < count; i++) {
    const entry = bytes.u32(8 + 4 * i)
    const start = data + (entry >>> 12)
    const end = start + ((entry >>> 1) & 0x7ff)
    let word = quoteLexeme(bytes.text(start, end))
    if ((entry & 1) !== 0) {
      const at = data + Math.ceil((end - data) / 2) * 2
      const positions: string[] = []
      for (let p = 1; p <= bytes.u16(at); p++) {
        const position = bytes.u16(at + 2 * p)
        positions.push(`${position & 0x3fff}${WEIGHTS[position >>> 14]}`)
      }
      word += `:${positions.join(',')}`
    }
    words.push(word)
  }
  return words.join(' ')
}

const ITEM_SIZE = 12
const OPERAND = 1
const NOT = 1
const AND = 2
const OR = 3
const PHRASE = 4

/** Polish notation, the right operand next to its operator; printed with every parenthesis. */
function queryText(bytes: DatumBytes): string {
  const count = bytes.i32(4)
  return count === 0 ? '' : queryItem(bytes, 0, 8 + ITEM_SIZE * count)
}

function queryItem(bytes: DatumBytes, index: number, strings: number): string {
  const at = 8 + ITEM_SIZE * index
  if (bytes.u8(at) === OPERAND) return operandText(bytes, at, strings)
  const operator = bytes.u8(at + 1)
  const right = nested(bytes, index + 1, strings)
  if (operator === NOT) return `!${right}`
  const left = nested(bytes, index + bytes.u32(at + 4), strings)
  return `${left} ${operatorText(operator, bytes.i16(at + 2))} ${right}`
}

function nested(bytes: DatumBytes, index: number, strings: number): string {
  const text = queryItem(bytes, index, strings)
  return bytes.u8(8 + ITEM_SIZE * index) === OPERAND ? text : `(${text})`
}

function operatorText(operator: number, distance: number): string {
  switch (operator) {
    case AND:
      return '&'
    case OR:
      return '|'
    case PHRASE:
      return distance === 1 ? '<->' : `<${distance}>`
    default:
      throw malformed('tsquery')
  }
}

function operandText(bytes: DatumBytes, at: number, strings: number): string {
  const weights = bytes.u8(at + 1)
  const span = bytes.u32(at + 8)
  const start = strings + (span >>> 12)
  const lexeme = quoteLexeme(bytes.text(start, start + (span & 0xfff)))
  const prefix = bytes.u8(at + 2) === 0 ? '' : '*'
  const flags = prefix + [...'DCBA'].filter((_, i) => (weights & (1 << i)) !== 0).join('')
  return flags === '' ? lexeme : `${lexeme}:${flags}`
}

function quoteLexeme(lexeme: string): string {
  return `'${lexeme.replace(/['\\]/g, '$&$&')}'`
}
