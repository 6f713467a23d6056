/**
 * What no refresh mode can keep: a result that is not a function of the tables (volatile functions, TABLESAMPLE), that is
 * not about rows (row locks, system columns), or that ends with the session (temporary tables). Found in the whole tree,
 * views included, before anything else is judged.
 */
import { CompileError, SQLSTATE, type SqlState } from '../catalog/error.ts'
import { isNode, parseViewQuery, type TreeNode, type TreeValue } from '../catalog/node-tree.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { calledArguments } from './default-arguments.ts'
import { functionLabel } from './facts.ts'

export function refuseUnmaintainable(query: TreeNode, request: CompileRequest): void {
  if (request.columns.length === 0)
    throw refusal(
      SQLSTATE.invalidTableDefinition,
      'no columns',
      'a stream table needs at least one column',
      'Name what to select.',
    )
  visit(query, request)
  for (const relation of Object.values(request.relations)) {
    if (relation.persistence === 't')
      throw refusal(
        SQLSTATE.invalidTableDefinition,
        'temporary table',
        `temporary table "${relation.name}" cannot be a source of a stream table`,
        'A stream table outlives the session; use a permanent table.',
      )
    if (relation.tree !== null) visit(parseViewQuery(relation.tree), request)
  }
}

function visit(value: TreeValue, request: CompileRequest): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly TreeValue[]) visit(item, request)
  } else if (isNode(value)) {
    judge(value, request)
    const { args, ...fields } = value.fields
    visit(
      value.tag === 'FUNCEXPR'
        ? calledArguments(value, request.functions[Number(fields.funcid)])
        : (args ?? null),
      request,
    )
    for (const field of Object.values(fields)) visit(field, request)
  }
}

function judge(node: TreeNode, request: CompileRequest): void {
  const has = (name: string) => node.fields[name] !== undefined && node.fields[name] !== null
  switch (node.tag) {
    case 'QUERY':
      if (has('rowMarks') || node.fields.hasForUpdate === 'true')
        throw refusal(
          SQLSTATE.featureNotSupported,
          'row locking',
          'FOR UPDATE and FOR SHARE are not allowed in a stream table query',
          'Remove the locking clause: a stream table only reads its sources.',
        )
      if (node.fields.hasModifyingCTE === 'true')
        throw refusal(
          SQLSTATE.featureNotSupported,
          'data-modifying WITH',
          'a stream table query must not change data',
          'Remove INSERT, UPDATE, DELETE and MERGE from WITH.',
        )
      return
    // `RTE` up to PostgreSQL 15.
    case 'RTE':
    case 'RANGETBLENTRY':
      if (has('tablesample'))
        throw refusal(
          SQLSTATE.featureNotSupported,
          'TABLESAMPLE',
          'TABLESAMPLE is not allowed in a stream table query',
          'A sample is another one at each reading; select rows by a condition on their columns.',
        )
      return
    case 'VAR':
      if (Number(node.fields.varattno) < 0)
        throw refusal(
          SQLSTATE.featureNotSupported,
          'system columns',
          `system column "${SYSTEM_COLUMNS[Number(node.fields.varattno)] ?? 'system'}" is not allowed in a stream table query`,
          'System columns change without the row changing; use columns of the table.',
        )
      return
    default:
      for (const field of FUNCTION_FIELDS) judgeFunction(Number(node.fields[field] ?? 0), request)
  }
}

const FUNCTION_FIELDS = ['funcid', 'opfuncid', 'aggfnoid', 'winfnoid']

/** sysattr.h */
const SYSTEM_COLUMNS: Readonly<Record<number, string>> = {
  [-1]: 'ctid',
  [-2]: 'xmin',
  [-3]: 'cmin',
  [-4]: 'xmax',
  [-5]: 'cmax',
  [-6]: 'tableoid',
}

function judgeFunction(oid: number, request: CompileRequest): void {
  const facts = oid === 0 ? undefined : request.functions[oid]
  if (facts?.volatility !== 'v') return
  const label = functionLabel(request, facts)
  // More often because nothing else was said than because it is.
  if (facts.schema !== 'pg_catalog')
    throw refusal(
      SQLSTATE.featureNotSupported,
      label,
      `${label} is volatile and not allowed in a stream table query`,
      'A function is volatile unless it says otherwise: ALTER FUNCTION … IMMUTABLE, if its value depends on its arguments only. If not, compute it when the row is written, or when the stream table is read.',
    )
  throw refusal(
    SQLSTATE.featureNotSupported,
    label,
    `${label} is volatile and not allowed in a stream table query`,
    'Its value changes from call to call, so no stored result is right; compute it when the row is written, or when the stream table is read.',
  )
}

function refusal(sqlstate: SqlState, construct: string, message: string, hint: string): CompileError {
  return new CompileError('user', sqlstate, construct, message, { hint })
}
