/** Names in generated SQL: readable, unique by construction, the same for the same request. */
import type { Column } from '../algebra/node.ts'
import type { TypeRef } from '../algebra/scalar.ts'
import { internalError } from '../catalog/error.ts'
import { quoteIdentifier, quoteQualified } from '../catalog/quote.ts'
import type { CompileRequest } from '../catalog/request.ts'

/** `region_7`: the id keeps names apart, so that no column of the user's can meet one of ours (`weight`, `tid`). */
export function columnName(column: Column): string {
  const readable = /^[a-z_][a-z0-9_]{0,40}$/.test(column.name) ? column.name : 'c'
  return `${readable}_${column.id}`
}

export function bufferName(relation: number): string {
  return `pgstream_changes.changes_${relation}`
}

/** A captured column in its change buffer: named by number, so that a rename of the source never touches the buffer. */
export function bufferColumn(attnum: number): string {
  return quoteIdentifier(`c${attnum}`)
}

/** Its arrays, where up to 1,000 rows are packed into one. */
export function packedColumn(attnum: number): string {
  return quoteIdentifier(`p${attnum}`)
}

export function deltaName(relation: number): string {
  return `delta_${relation}`
}

export function targetName(request: CompileRequest): string {
  return `${quoteIdentifier(request.target.schema)}.${quoteIdentifier(request.target.name)}`
}

export function stateTableName(request: CompileRequest, stage: number): string {
  return `pgstream_state.state_${request.target.id}_${stage}`
}

export function functionName(request: CompileRequest, variant: string): string {
  return `pgstream_state.refresh_${request.target.id}_${variant}`
}

/**
 * A column's type in DDL; `limited` is its name with a modifier. `character` and `bit` without a length mean length 1 in the grammar; their qualified names
 * do not (gram.y: only the keyword forms get a default modifier).
 */
export function columnType(request: CompileRequest, type: TypeRef, limited?: string): string {
  const facts = request.types[type.oid]
  if (!facts) throw internalError(`no facts about type ${type.oid}`)
  const qualified = facts.schema === 'pg_catalog' ? UNLIMITED[facts.name] : undefined
  return (limited ?? qualified ?? facts.sql) + collateClause(request, type.collation)
}

const UNLIMITED: Readonly<Record<string, string>> = {
  bpchar: 'pg_catalog.bpchar',
  bit: 'pg_catalog."bit"',
  _bpchar: 'pg_catalog.bpchar[]',
  _bit: 'pg_catalog."bit"[]',
}

/** `DEFAULT_COLLATION_OID` needs no clause. */
export const DEFAULT_COLLATION = 100

export function collateClause(request: CompileRequest, collation: number): string {
  if (collation === 0 || collation === DEFAULT_COLLATION) return ''
  const facts = request.collations[collation]
  return facts ? ` COLLATE ${quoteQualified(facts.schema, facts.name)}` : ''
}

/** A body in dollar quotes whose tag does not occur in it. */
export function dollarQuote(body: string): string {
  let tag = 'sql'
  while (body.includes(`$${tag}$`)) tag += '_'
  return `$${tag}$${body}$${tag}$`
}
