import { alignUp, type DatumBytes } from './bytes.ts'
import { malformed } from './decoder.ts'
import { numericText } from './number.ts'

/** `JsonPathItemType`: stored on disk, so the order never changes; PostgreSQL 17 appended from `bigint` on. */
const ITEM =
  `null string numeric bool && || ! is_unknown == != < > <= >= + - * / % plus minus any_array any_key
  index_array any key @ $ variable filter exists type size abs floor ceiling double datetime keyvalue subscript last
  starts_with like_regex bigint boolean date decimal integer number string_method time time_tz timestamp
  timestamp_tz`.split(/\s+/)

const LAX = 0x80000000
const UINT32_MAX = 0xffffffff

interface Item {
  readonly type: string
  /** Where the item begins: all offsets in it count from here. */
  readonly base: number
  readonly next: number
  /** Where its own data begins. */
  readonly data: number
}

/**
 * Binary jsonpath to text, with the parentheses that `jsonpath_out` writes, and those that it forgets: an operator
 * with a step after it, as in `$[($.a + 1).abs()]` or `(!($.a == 1)).type()`, reads back otherwise without.
 */
export function jsonpathText(bytes: DatumBytes): string {
  return ((bytes.u32(4) & LAX) === 0 ? 'strict ' : '') + new Printer(bytes).print(8, false, true)
}

class Printer {
  private readonly bytes: DatumBytes

  constructor(bytes: DatumBytes) {
    this.bytes = bytes
  }

  print(at: number, inKey: boolean, parentheses: boolean): string {
    const type = ITEM[this.bytes.u8(at)]
    if (type === undefined) throw malformed('jsonpath')
    // An item begins anywhere; what follows its type is aligned.
    const link = alignUp(at + 1, 'i')
    const item: Item = { type, base: at, next: this.bytes.i32(link), data: link + 4 }
    const text = this.item(item, inKey, parentheses || item.next > 0)
    return item.next > 0 ? text + this.print(at + item.next, true, true) : text
  }

  private item(item: Item, inKey: boolean, parentheses: boolean): string {
    const { type, data, next } = item
    const dot = inKey ? '.' : ''
    switch (type) {
      case 'null':
      case '@':
      case '$':
      case 'last':
        return type
      case 'string':
        return this.string(data)
      case 'key':
        return dot + this.string(data)
      case 'variable':
        return `$${this.string(data)}`
      case 'numeric':
        return stepped(numericText(this.bytes.varlena(data).value), next)
      case 'bool':
        return this.bytes.u8(data) === 0 ? 'false' : 'true'
      case 'plus':
      case 'minus': {
        const text = (type === 'plus' ? '+' : '-') + this.operand(item, data)
        return parentheses ? `(${text})` : text
      }
      case '!':
        return stepped(`!(${this.argument(item, data)})`, next)
      case 'is_unknown':
        return stepped(`(${this.argument(item, data)}) is unknown`, next)
      case 'exists':
        return stepped(`exists (${this.argument(item, data)})`, next)
      case 'filter':
        return `?(${this.argument(item, data)})`
      case 'any_array':
        return '[*]'
      case 'any_key':
        return `${dot}*`
      case 'any':
        return dot + this.levels(data)
      case 'index_array':
        return `[${this.subscripts(item)}]`
      case 'like_regex':
        return this.likeRegex(item, parentheses)
      case 'datetime':
      case 'time':
      case 'time_tz':
      case 'timestamp':
      case 'timestamp_tz':
        return `.${type}(${this.argument(item, data)})`
      case 'decimal':
        return `.decimal(${[data, data + 4]
          .map((at) => this.argument(item, at))
          .filter(Boolean)
          .join(',')})`
      case 'string_method':
        return '.string()'
      default:
        if (/^[a-z]+$/.test(type) && type !== 'subscript') return `.${type}()`
        return this.binary(item, parentheses)
    }
  }

  private binary(item: Item, parentheses: boolean): string {
    const { type, data } = item
    if (type === 'subscript') throw malformed('jsonpath')
    const text = `${this.operand(item, data)} ${type.replace('_', ' ')} ${this.operand(item, data + 4)}`
    return parentheses ? `(${text})` : text
  }

  /** The argument whose offset is at `at`; an offset of 0 means that there is none. */
  private argument(item: Item, at: number): string {
    const offset = this.bytes.i32(at)
    return offset === 0 ? '' : this.print(item.base + offset, false, false)
  }

  private operand(item: Item, at: number): string {
    const start = item.base + this.bytes.i32(at)
    const type = ITEM[this.bytes.u8(start)] ?? ''
    return this.print(start, false, priority(type) <= priority(item.type))
  }

  private string(at: number): string {
    return this.json(at + 4, this.bytes.u32(at))
  }

  private json(at: number, length: number): string {
    return JSON.stringify(this.bytes.text(at, at + length))
  }

  private levels(data: number): string {
    const [first, last] = [data, data + 4].map((at) => {
      const level = this.bytes.u32(at)
      return level === UINT32_MAX ? 'last' : String(level)
    })
    if (first === '0' && last === 'last') return '**'
    return first === last ? `**{${first}}` : `**{${first} to ${last}}`
  }

  private subscripts(item: Item): string {
    const items: string[] = []
    for (let i = 0; i < this.bytes.i32(item.data); i++) {
      const from = this.argument(item, item.data + 4 + 8 * i)
      const to = this.argument(item, item.data + 8 + 8 * i)
      items.push(to === '' ? from : `${from} to ${to}`)
    }
    return items.join(',')
  }

  private likeRegex(item: Item, parentheses: boolean): string {
    const { data } = item
    const bits = this.bytes.u32(data)
    const pattern = this.json(data + 12, this.bytes.u32(data + 8))
    const flags = [...'ismxq'].filter((_, i) => (bits & (1 << i)) !== 0).join('')
    const text = `${this.operand(item, data + 4)} like_regex ${pattern}${flags === '' ? '' : ` flag "${flags}"`}`
    return parentheses ? `(${text})` : text
  }
}

function stepped(text: string, next: number): string {
  return next > 0 ? `(${text})` : text
}

function priority(type: string): number {
  switch (type) {
    case '||':
      return 0
    case '&&':
      return 1
    case '==':
    case '!=':
    case '<':
    case '>':
    case '<=':
    case '>=':
    case 'starts_with':
      return 2
    case '+':
    case '-':
      return 3
    case '*':
    case '/':
    case '%':
      return 4
    case 'plus':
    case 'minus':
      return 5
    default:
      return 6
  }
}
