import type { Scalar, TypeRef, Volatility } from '../algebra/scalar.ts'
import type { CompileRequest, FunctionFacts } from '../catalog/request.ts'
import { functionVolatility } from './facts.ts'
import { isOfAnyLocale } from './format-calls.ts'
import { isOfAnyZone } from './time-span.ts'

/**
 * Built-in types whose input and output functions are immutable (`pg_proc.provolatile`), by their fixed oids: bool bytea
 * "char" name int8 int2 int4 text oid tid xid cid json unknown point lseg path box polygon line cidr float4 float8 circle
 * macaddr8 macaddr inet bpchar varchar bit varbit numeric uuid pg_lsn tsvector tsquery jsonb jsonpath xid8.
 */
const IMMUTABLE_BOTH: ReadonlySet<number> = new Set([
  16, 17, 18, 19, 20, 21, 23, 25, 26, 27, 28, 29, 114, 705, 600, 601, 602, 603, 604, 628, 650, 700, 701, 718,
  774, 829, 869, 1042, 1043, 1560, 1562, 1700, 2950, 3220, 3614, 3615, 3802, 4072, 5069,
])

/** Output alone is immutable: xml time timetz. */
const IMMUTABLE_OUTPUT: ReadonlySet<number> = new Set([142, 1083, 1266])

/**
 * Does the conversion of a type from or to text depend on nothing but the value? Types made of others are as their
 * parts are (`array_out` is marked stable only because it cannot know). An enum counts as immutable though its labels
 * can be renamed: that is DDL. Of base types that others made it is what their functions say.
 */
export function ioVolatility(
  request: CompileRequest,
  oid: number,
  direction: 'input' | 'output',
): Volatility {
  if (IMMUTABLE_BOTH.has(oid) || (direction === 'output' && IMMUTABLE_OUTPUT.has(oid))) return 'immutable'
  const facts = request.types[oid]
  if (facts === undefined) return 'stable'
  const parts: number[] = []
  switch (facts.kind) {
    case 'e':
      return 'immutable'
    case 'd':
      parts.push(facts.base)
      break
    case 'c':
      for (const attribute of facts.attributes) if (attribute !== null) parts.push(attribute.type)
      break
    case 'r':
    case 'm':
      parts.push(facts.subtype)
      break
    case 'b':
      if (facts.element === 0)
        return (direction === 'input' ? facts.inputVolatility : facts.outputVolatility) === 'i'
          ? 'immutable'
          : 'stable'
      parts.push(facts.element)
      break
    case 'p':
      return 'stable'
  }
  return parts.every((part) => ioVolatility(request, part, direction) === 'immutable')
    ? 'immutable'
    : 'stable'
}

/** Does the server take that conversion for immutable? Not of an enum, nor of what is made of other types. */
export function isMarkedImmutable(
  request: CompileRequest,
  oid: number,
  direction: 'input' | 'output',
): boolean {
  const facts = request.types[oid]
  if (direction === 'output' && facts?.kind === 'd') return isMarkedImmutable(request, facts.base, direction)
  const isOwn =
    IMMUTABLE_BOTH.has(oid) || IMMUTABLE_OUTPUT.has(oid) || (facts?.kind === 'b' && facts.element === 0)
  return isOwn && ioVolatility(request, oid, direction) === 'immutable'
}

/** The same for a value of which more may be known than its type. */
export function outputVolatility(request: CompileRequest, { oid, fields }: TypeRef): Volatility {
  return fields
    ? worst(fields.map((each) => outputVolatility(request, each)))
    : ioVolatility(request, oid, 'output')
}

/** date timestamp: JSON has one way to write them (`JsonEncodeDateTime`), whatever DateStyle is. */
const DATE_TIME: ReadonlySet<number> = new Set([1082, 1114])

/** The conversion of a value to JSON: a row and an array are as their parts (`to_json_is_immutable` does not look). */
export function jsonVolatility(request: CompileRequest, { oid, fields }: TypeRef): Volatility {
  if (DATE_TIME.has(oid)) return 'immutable'
  const facts = request.types[oid]
  const plain = (type: number): TypeRef => ({ oid: type, typmod: -1, collation: 0 })
  const parts =
    fields ??
    (facts?.kind === 'c'
      ? facts.attributes.flatMap((attribute) => (attribute ? [plain(attribute.type)] : []))
      : facts?.kind === 'd'
        ? [plain(facts.base)]
        : facts && facts.element !== 0
          ? [plain(facts.element)]
          : null)
  return parts
    ? worst(parts.map((part) => jsonVolatility(request, part)))
    : ioVolatility(request, oid, 'output')
}

/** Functions of pg_catalog that are marked stable for what the output functions of their arguments might be. */
const WRITES: ReadonlySet<string> = new Set([
  'concat',
  'concat_ws',
  'format',
  'textanycat',
  'anytextcat',
  'quote_literal',
  'quote_nullable',
  'array_to_string',
])
const WRITES_JSON: ReadonlySet<string> = new Set([
  'to_json',
  'to_jsonb',
  'row_to_json',
  'array_to_json',
  'json_build_object',
  'jsonb_build_object',
  'json_build_array',
  'jsonb_build_array',
])

/** Marked stable for what the input functions of the columns that they fill might be: of a definition list. */
const READS_LIST: ReadonlySet<string> = new Set([
  'json_to_record',
  'jsonb_to_record',
  'json_to_recordset',
  'jsonb_to_recordset',
])
/** Of the type of the first argument. */
const READS_ROW: ReadonlySet<string> = new Set([
  'json_populate_record',
  'jsonb_populate_record',
  'json_populate_recordset',
  'jsonb_populate_recordset',
])

/**
 * What the server says of a function, looked at more closely where it depends on the types of the arguments, or of its
 * column definition list (`defined`).
 */
export function callVolatility(
  facts: FunctionFacts,
  args: readonly Scalar[],
  request: CompileRequest,
  defined: readonly number[] = [],
): Volatility {
  if (facts.schema !== 'pg_catalog' || facts.volatility !== 's') return functionVolatility(facts)
  if (isOfAnyZone(facts, args) || isOfAnyLocale(facts, args)) return 'immutable'
  if (WRITES.has(facts.name)) return worst(args.map(({ type }) => outputVolatility(request, type)))
  const [row] = args
  const filled = READS_LIST.has(facts.name) ? defined : READS_ROW.has(facts.name) && row ? [row.type.oid] : []
  if (filled.length > 0) return worst(filled.map((oid) => ioVolatility(request, oid, 'input')))
  return WRITES_JSON.has(facts.name)
    ? worst(args.map(({ type }) => jsonVolatility(request, type)))
    : functionVolatility(facts)
}

function worst(all: readonly Volatility[]): Volatility {
  return all.every((each) => each === 'immutable') ? 'immutable' : 'stable'
}
