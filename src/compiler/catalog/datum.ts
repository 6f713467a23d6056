import { decodeArray } from './datum/array.ts'
import { DatumBytes } from './datum/bytes.ts'
import { decodeComposite } from './datum/composite.ts'
import {
  type DatumContext,
  type Decoded,
  literal,
  type TextDecoders,
  typeName,
  undecodable,
} from './datum/decoder.ts'
import { GEOMETRY_TYPES } from './datum/geometry.ts'
import { jsonbText } from './datum/jsonb.ts'
import { jsonpathText } from './datum/jsonpath.ts'
import { moneyConstant } from './datum/money.ts'
import { NETWORK_TYPES } from './datum/network.ts'
import { NUMBER_TYPES } from './datum/number.ts'
import { decodeMultirange, decodeRange } from './datum/range.ts'
import { SYSTEM_TYPES } from './datum/system.ts'
import { cString, TEXT_TYPES, varlenaText } from './datum/text.ts'
import { TEXT_SEARCH_TYPES } from './datum/text-search.ts'
import { TIME_TYPES } from './datum/time.ts'
import { CompileError, internalError } from './error.ts'
import { booleanField, datumField, numberField } from './node-field.ts'
import type { Datum, TreeNode } from './node-tree.ts'
import { quoteLiteral } from './quote.ts'
import type { CompileRequest, TypeFacts } from './request.ts'

/** Built-in types that are read from text alone. Their oids are fixed (`pg_type.dat`). */
const BASE_TYPES: TextDecoders = {
  ...NUMBER_TYPES,
  ...TIME_TYPES,
  ...TEXT_TYPES,
  ...SYSTEM_TYPES,
  ...NETWORK_TYPES,
  ...GEOMETRY_TYPES,
  ...TEXT_SEARCH_TYPES,
  3802: jsonbText,
  4072: jsonpathText,
}

/**
 * A CONST node as SQL that reads back as the same datum, bit for bit, whatever the session's settings.
 * Errors: 0A000 for a type whose storage is not known here (types of extensions other than citext), if the request does not
 * tell the text.
 */
export function decodeConstant(
  constant: TreeNode,
  request: Pick<CompileRequest, 'types' | 'server' | 'literals'>,
): { readonly sql: string; readonly isNull: boolean } {
  const type = numberField(constant, 'consttype')
  const context = contextOf(request, type)
  const datum = datumField(constant, 'constvalue')
  if (booleanField(constant, 'constisnull') || datum === null) {
    return { sql: `NULL::${type === UNKNOWN ? 'unknown' : typeName(context.type(type))}`, isNull: true }
  }
  const known = textOf(type, datum, request.literals ?? [])
  if (known !== undefined) return { sql: literal(known, context.type(type)).sql, isNull: false }
  const stored = new DatumBytes(Uint8Array.from(datum.bytes)).slice(0, datum.length)
  try {
    const bytes = numberField(constant, 'constlen') === -1 ? stored.varlena(0).value : stored
    return { sql: context.decode(bytes, type).sql, isNull: false }
  } catch (error) {
    if (error instanceof CompileError) throw error
    throw internalError(`constant of type ${type} is malformed: ${String(error)}`)
  }
}

/** The text that the request tells. A char is signed on some machines: the tree prints bytes as the server's has them. */
function textOf(
  type: number,
  { length, bytes }: Datum,
  literals: NonNullable<CompileRequest['literals']>,
): string | undefined {
  const of = literals.filter((each) => each.type === type)
  if (of.length === 0) return undefined
  const value = `${length} [ ${bytes.join(' ')} ]`
  return of.find((each) => each.value.replace(/-\d+/g, (byte) => String(Number(byte) + 256)) === value)?.text
}

function contextOf(request: Pick<CompileRequest, 'types' | 'server'>, constantType: number): DatumContext {
  const context: DatumContext = {
    versionNum: request.server.versionNum,
    type(oid) {
      const facts = request.types[oid]
      if (facts === undefined) throw internalError(`no facts about type ${oid}`)
      return facts
    },
    decode: (bytes, type) => decodeValue(bytes, type, context),
    refuse: (type) => undecodable(context.type(constantType), type),
  }
  return context
}

const BOOL = 16
const CHAR = 18
const XML = 142
const UNKNOWN = 705
const MONEY = 790

function decodeValue(bytes: DatumBytes, oid: number, context: DatumContext): Decoded {
  if (oid === UNKNOWN) {
    const text = cString(bytes)
    return { text, sql: `${quoteLiteral(text)}::unknown` }
  }
  const type = context.type(oid)
  switch (oid) {
    case BOOL: {
      const text = bytes.u8(0) === 0 ? 'false' : 'true'
      return { text, sql: text }
    }
    case CHAR:
      return decodeChar(bytes.u8(0), type, context.versionNum)
    case XML:
      // xml_in obeys the setting xmloption; XMLPARSE says which it wants.
      return { text: null, sql: `XMLPARSE(CONTENT ${quoteLiteral(bytes.text(4))})` }
    case MONEY:
      return moneyConstant(bytes.i64(0))
  }
  const decoder = BASE_TYPES[oid]
  if (decoder !== undefined) return literal(decoder(bytes, context), type)
  switch (type.kind) {
    case 'b':
      if (type.element !== 0) return decodeArray(bytes, type, context)
      if (isCitext(type)) return literal(varlenaText(bytes, context), type)
      throw context.refuse(type)
    case 'd': {
      const { text, sql } = context.decode(bytes, type.base)
      return text === null ? { text, sql: `(${sql})::${typeName(type)}` } : literal(text, type)
    }
    case 'e': {
      const label = type.labels[bytes.u32(0)]
      if (label === undefined) throw internalError(`enum ${type.sql} has no label ${bytes.u32(0)}`)
      return literal(label, type)
    }
    case 'c':
      return decodeComposite(bytes, type, context)
    case 'r':
      return decodeRange(bytes, type, context)
    case 'm':
      return decodeMultirange(bytes, type, context)
    case 'p':
      throw context.refuse(type)
  }
}

/** "char" is one byte. From PostgreSQL 16 on its input reads bytes outside ASCII as octal. */
function decodeChar(byte: number, type: TypeFacts, versionNum: number): Decoded {
  if (byte < 0x80) return literal(byte === 0 ? '' : String.fromCharCode(byte), type)
  if (versionNum >= 160000) return literal(`\\${byte.toString(8)}`, type)
  return { text: null, sql: `'${byte - 256}'::integer::${typeName(type)}` }
}

/** Its functions are those of text: the only type of an extension whose storage is a promise. */
function isCitext(type: TypeFacts): boolean {
  return type.name === 'citext' && type.category === 'S' && type.length === -1
}
