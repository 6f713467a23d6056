import type { TypeRef, Volatility } from '../algebra/scalar.ts'
import { internalError } from '../catalog/error.ts'
import { quoteIdentifier, quoteQualified } from '../catalog/quote.ts'
import type { CompileRequest, FunctionFacts, OperatorFacts, TypeFacts } from '../catalog/request.ts'

/** Facts that the tree mentions must be in the request: their absence is a bug of the request's builder. */
export function typeFacts(request: CompileRequest, oid: number): TypeFacts {
  return found(request.types[oid], 'type', oid)
}

export function functionFacts(request: CompileRequest, oid: number): FunctionFacts {
  return found(request.functions[oid], 'function', oid)
}

export function operatorFacts(request: CompileRequest, oid: number): OperatorFacts {
  return found(request.operators[oid], 'operator', oid)
}

export function collationSql(request: CompileRequest, oid: number): string {
  const facts = found(request.collations[oid], 'collation', oid)
  return quoteQualified(facts.schema, facts.name)
}

function found<T>(facts: T | undefined, kind: string, oid: number): T {
  if (facts === undefined) throw internalError(`the compile request lacks ${kind} ${oid}`)
  return facts
}

export function functionVolatility(facts: FunctionFacts): Volatility {
  switch (facts.volatility) {
    case 'i':
      return 'immutable'
    case 's':
      return 'stable'
    case 'v':
      return 'volatile'
  }
}

/** `function lower(text)`, for messages. */
export function functionLabel(request: CompileRequest, facts: FunctionFacts): string {
  const types = facts.arguments.map((oid) => request.types[oid]?.name ?? 'any')
  return `function ${facts.name}(${types.join(', ')})`
}

/** The operator as it stands between its operands. */
export function operatorSql(facts: OperatorFacts): string {
  if (facts.schema === 'pg_catalog') return facts.name
  return `OPERATOR(${quoteIdentifier(facts.schema)}.${facts.name})`
}

/** Types whose name after `::` is not what `format_type(oid, NULL)` says: there `character` would mean `character(1)`. */
const CAST_NAMES: Readonly<Record<number, string>> = {
  1042: 'bpchar',
  1014: 'bpchar[]',
  1560: '"bit"',
  1561: '"bit"[]',
}

/** A type's name as the target of a cast that changes no length or precision. */
export function castTypeSql(request: CompileRequest, oid: number): string {
  return CAST_NAMES[oid] ?? typeFacts(request, oid).sql
}

/** A domain's base type, or the type itself. */
export function baseType(request: CompileRequest, oid: number): number {
  const facts = request.types[oid]
  return facts !== undefined && facts.kind === 'd' ? baseType(request, facts.base) : oid
}

/** The same with the modifier that the domain gives its base type. */
export function baseTypeRef(request: CompileRequest, type: TypeRef): TypeRef {
  const facts = request.types[type.oid]
  if (facts?.kind !== 'd') return type
  return baseTypeRef(request, { ...type, oid: facts.base, typmod: facts.baseTypmod })
}
