import { internalError } from './error.ts'

/**
 * Reader of `pg_node_tree`: what `nodeToString` prints (PostgreSQL 15 to 18). The reader knows the lexical rules of
 * `read.c` and no node type; what a field means is decided by the accessor that asks for it, because the text does
 * not say it (`:resname true` is a name, `:resjunk true` a flag). One datum is exceptional: `:constvalue`.
 */
export type TreeValue = TreeNode | TreeList | NumberList | Datum | string | null

export interface TreeNode {
  /** As printed: `QUERY`, `OPEXPR` … */
  readonly tag: string
  readonly fields: Readonly<Record<string, TreeValue>>
}

/** A list of nodes, strings or numbers (as text); elements may be null. */
export type TreeList = readonly TreeValue[]

/** `(i …)` integers, `(o …)` oids, `(x …)` transaction ids, `(b …)` a bitmap set. */
export interface NumberList {
  readonly list: 'i' | 'o' | 'x' | 'b'
  readonly numbers: readonly number[]
}

/** A constant as the server holds it. */
export interface Datum {
  /** Length of the value; by-value datums print a whole machine word, of which this many bytes count. */
  readonly length: number
  /** 0 to 255, in the order of memory (little-endian). */
  readonly bytes: readonly number[]
}

export function parseNodeTree(text: string): TreeValue {
  const scanner = new Scanner(text)
  const value = scanner.value()
  scanner.end()
  return value
}

/** The one query of a view's rule: `ev_action` is a list of one QUERY. */
export function parseViewQuery(text: string): TreeNode {
  const tree = parseNodeTree(text)
  const query = Array.isArray(tree) && tree.length === 1 ? (tree[0] as TreeValue) : null
  if (!isNode(query) || query.tag !== 'QUERY') throw internalError('view rule is not a list of one QUERY')
  return query
}

export function isNode(value: TreeValue | undefined): value is TreeNode {
  return typeof value === 'object' && value !== null && 'tag' in value
}

const SPACE = 32
const NEWLINE = 10
const TAB = 9
const QUOTE = 34
const OPEN = 40
const CLOSE = 41
const MINUS = 45
const ZERO = 48
const COLON = 58
const BRACKET_OPEN = 91
const BACKSLASH = 92
const BRACKET_CLOSE = 93
const BRACE_OPEN = 123
const BRACE_CLOSE = 125

class Scanner {
  private readonly text: string
  private at = 0

  constructor(text: string) {
    this.text = text
  }

  end(): void {
    this.skipSpace()
    if (this.at < this.text.length) this.fail('unexpected text after the tree')
  }

  value(): TreeValue {
    this.skipSpace()
    switch (this.text.charCodeAt(this.at)) {
      case BRACE_OPEN:
        return this.node()
      case OPEN:
        return this.list()
      default:
        return this.atom()
    }
  }

  private node(): TreeNode {
    this.at++
    this.skipSpace()
    const tag = this.word()
    const fields: Record<string, TreeValue> = {}
    for (;;) {
      this.skipSpace()
      const code = this.text.charCodeAt(this.at)
      if (code === BRACE_CLOSE) break
      if (code !== COLON) this.fail(`expected a field of ${tag}`)
      this.at++
      const name = this.word()
      fields[name] = name === 'constvalue' ? this.datum() : this.value()
    }
    this.at++
    return { tag, fields }
  }

  private list(): TreeList | NumberList {
    this.at++
    const kind = this.text[this.at]
    if (kind === 'i' || kind === 'o' || kind === 'x' || kind === 'b') {
      const next = this.text.charCodeAt(this.at + 1)
      // `(b101 …)` would be a list of bit strings.
      if (next === SPACE || next === CLOSE) {
        this.at++
        return { list: kind, numbers: this.integers(CLOSE) }
      }
    }
    const items: TreeValue[] = []
    for (;;) {
      this.skipSpace()
      if (this.text.charCodeAt(this.at) === CLOSE) break
      items.push(this.value())
    }
    this.at++
    return items
  }

  /** `<>`, or `4 [ 1 0 0 0 0 0 0 0 ]` with bytes printed as signed char. */
  private datum(): Datum | null {
    this.skipSpace()
    if (this.text.startsWith('<>', this.at)) {
      this.at += 2
      return null
    }
    const length = this.integer()
    this.skipSpace()
    if (this.text.charCodeAt(this.at) !== BRACKET_OPEN) this.fail('expected the bytes of a constant')
    this.at++
    const bytes = this.integers(BRACKET_CLOSE)
    for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] as number) & 255
    return { length, bytes }
  }

  private integers(close: number): number[] {
    const numbers: number[] = []
    for (;;) {
      this.skipSpace()
      if (this.text.charCodeAt(this.at) === close) break
      numbers.push(this.integer())
    }
    this.at++
    return numbers
  }

  private integer(): number {
    const negative = this.text.charCodeAt(this.at) === MINUS
    if (negative) this.at++
    const start = this.at
    let value = 0
    for (;;) {
      const digit = this.text.charCodeAt(this.at) - ZERO
      // Written so that NaN, past the end, stops as well.
      if (!(digit >= 0 && digit <= 9)) break
      value = value * 10 + digit
      this.at++
    }
    if (this.at === start) this.fail('expected an integer')
    return negative ? -value : value
  }

  /** A token that never holds escapes: tags and field names. */
  private word(): string {
    const start = this.at
    while (!isDelimiter(this.text.charCodeAt(this.at))) this.at++
    if (this.at === start) this.fail('expected a word')
    return this.text.slice(start, this.at)
  }

  private atom(): string | null {
    const start = this.at
    let escaped = false
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (isDelimiter(code)) break
      if (code === BACKSLASH && this.at + 1 < this.text.length) {
        escaped = true
        this.at++
      }
      this.at++
    }
    if (this.at === start) this.fail('expected a value')
    let token = this.text.slice(start, this.at)
    if (token === '<>') return null
    // A string node, or the empty string as a name. A name that begins with a quote has a backslash before it.
    if (token.charCodeAt(0) === QUOTE && token.length > 1 && token.charCodeAt(token.length - 1) === QUOTE) {
      token = token.slice(1, -1)
    }
    return escaped ? token.replace(/\\([\s\S])/g, '$1') : token
  }

  private skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (code !== SPACE && code !== NEWLINE && code !== TAB) return
      this.at++
    }
  }

  private fail(message: string): never {
    throw internalError(
      `malformed node tree at character ${this.at}: ${message}, found "${this.text.slice(this.at, this.at + 20)}"`,
    )
  }
}

/** NaN stands past the end of the text. */
function isDelimiter(code: number): boolean {
  return (
    code === SPACE ||
    code === BRACE_CLOSE ||
    code === CLOSE ||
    code === BRACE_OPEN ||
    code === OPEN ||
    code === NEWLINE ||
    code === TAB ||
    Number.isNaN(code)
  )
}
