import { unsupported } from '../catalog/error.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { castTypeSql, typeFacts } from './facts.ts'

/**
 * A type with its modifier, for the few places where the syntax has room for a type and no function does the work:
 * casts of arrays, RETURNING of SQL/JSON. Modifiers of built-in types only: what one means is the type's own secret.
 */
export function modifiedTypeSql(request: CompileRequest, oid: number, typmod: number): string {
  if (typmod === -1) return castTypeSql(request, oid)
  const { element, sql } = typeFacts(request, oid)
  if (element !== 0) return `${modifiedTypeSql(request, element, typmod)}[]`
  const known = knownModifier(oid, typmod)
  if (known === undefined)
    throw unsupported(`modifier of type ${sql}`, 'Cast to the type without a modifier.')
  return known
}

/** The same for a built-in type, undefined for any other. */
export function knownModifier(oid: number, typmod: number): string | undefined {
  return typmod === -1 ? undefined : MODIFIERS[oid]?.(typmod)
}

const MODIFIERS: Readonly<Record<number, (typmod: number) => string | undefined>> = {
  1042: (typmod) => `character(${typmod - 4})`,
  1043: (typmod) => `character varying(${typmod - 4})`,
  1560: (typmod) => `bit(${typmod})`,
  1562: (typmod) => `bit varying(${typmod})`,
  1700: (typmod) => `numeric(${((typmod - 4) >> 16) & 0xffff},${(((typmod - 4) & 0x7ff) ^ 1024) - 1024})`,
  1083: (typmod) => `time(${typmod}) without time zone`,
  1266: (typmod) => `time(${typmod}) with time zone`,
  1114: (typmod) => `timestamp(${typmod}) without time zone`,
  1184: (typmod) => `timestamp(${typmod}) with time zone`,
  1186: intervalSql,
}

/** Field masks of `timestamp.h`: the bits of MONTH 1, YEAR 2, DAY 3, HOUR 10, MINUTE 11, SECOND 12. */
const INTERVAL_FIELDS: Readonly<Record<number, string>> = {
  4: ' year',
  2: ' month',
  8: ' day',
  1024: ' hour',
  2048: ' minute',
  4096: ' second',
  6: ' year to month',
  1032: ' day to hour',
  3080: ' day to minute',
  7176: ' day to second',
  3072: ' hour to minute',
  7168: ' hour to second',
  6144: ' minute to second',
  32767: '',
}

function intervalSql(typmod: number): string | undefined {
  const fields = INTERVAL_FIELDS[(typmod >> 16) & 0x7fff]
  if (fields === undefined)
    throw unsupported('modifier of type interval', 'Cast to the type without a modifier.')
  const precision = typmod & 0xffff
  return `interval${fields}${precision === 0xffff ? '' : `(${precision})`}`
}
