import { type CompileError, internalError, unsupported } from '../error.ts'
import { quoteLiteral } from '../quote.ts'
import type { TypeFacts } from '../request.ts'
import type { DatumBytes } from './bytes.ts'

/** From the bytes to what the type's input function reads, whatever the session's settings, as the same bytes. */
export type TextDecoder = (bytes: DatumBytes, context: DatumContext) => string

/** By type oid. */
export type TextDecoders = Readonly<Record<number, TextDecoder>>

export interface Decoded {
  /** For containers; null when the type's input depends on settings, and only `sql` is exact. */
  readonly text: string | null
  /** Complete SQL of that type, which needs no parentheses. */
  readonly sql: string
}

export interface DatumContext {
  readonly versionNum: number
  type(oid: number): TypeFacts
  /** A value of any type, found inside another. */
  decode(bytes: DatumBytes, type: number): Decoded
  /** The error for a type, found in the constant, whose storage is not known or would have to be guessed. */
  refuse(type: TypeFacts): CompileError
}

const BPCHAR = 1042
const BIT = 1560

/**
 * The type's name for a cast. `character` and `bit` alone mean length 1 to the grammar; the names of the catalog
 * mean any length.
 */
export function typeName(type: TypeFacts): string {
  if (type.oid === BPCHAR) return 'pg_catalog.bpchar'
  if (type.oid === BIT) return 'pg_catalog."bit"'
  if (type.element === BPCHAR) return 'pg_catalog.bpchar[]'
  if (type.element === BIT) return 'pg_catalog."bit"[]'
  return type.sql
}

export function literal(text: string, type: TypeFacts): Decoded {
  return { text, sql: `${quoteLiteral(text)}::${typeName(type)}` }
}

/** `inner` is the part of `type` that cannot be decoded, or the type itself. */
export function undecodable(type: TypeFacts, inner: TypeFacts): CompileError {
  return unsupported(
    `constant of type ${type.sql}`,
    `Write the constant as '…'::text::${type.sql}, so that the server reads it whenever it is needed.`,
    inner.oid === type.oid ? '' : `It contains a value of type ${inner.sql}.`,
  )
}

/** Wrap in the quotes of arrays and rows unless it is safe without in all of them. */
export function quoteMember(text: string): string {
  if (/^[A-Za-z0-9_.:+-]+$/.test(text) && !/^null$/i.test(text)) return text
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

export function malformed(what: string): CompileError {
  return internalError(`constant of type ${what} is malformed`)
}
