import type { Volatility } from '../algebra/scalar.ts'
import type { CompileRequest } from '../catalog/request.ts'

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
 * can be renamed: that is DDL. Other types, those of extensions among them, are not known and so stable.
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
      if (facts.element === 0) return 'stable'
      parts.push(facts.element)
      break
    case 'p':
      return 'stable'
  }
  return parts.every((part) => ioVolatility(request, part, direction) === 'immutable')
    ? 'immutable'
    : 'stable'
}

const DATE_TIME: ReadonlySet<number> = new Set([1082, 1114, 1184])

/** The conversion of a value to JSON, as `to_json_is_immutable` has it: dates and what is made of parts are not. */
export function jsonVolatility(request: CompileRequest, oid: number): Volatility {
  if (DATE_TIME.has(oid)) return 'stable'
  const facts = request.types[oid]
  if (facts === undefined || facts.kind === 'c' || facts.element !== 0) {
    return IMMUTABLE_BOTH.has(oid) ? 'immutable' : 'stable'
  }
  return ioVolatility(request, oid, 'output')
}
