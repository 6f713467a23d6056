/** What aggregates are over no rows, where a query without groups has a row nevertheless. */
import { ref, sql } from '../../algebra/build.ts'
import type { Column, ColumnIds, Node } from '../../algebra/node.ts'
import type { AggregateCall } from '../../algebra/operators/aggregate.ts'
import { operatorOf } from '../../algebra/operators/index.ts'
import { BOOLEAN, type Constant, type Scalar } from '../../algebra/scalar.ts'
import { internalError } from '../../catalog/error.ts'
import type { CompileRequest } from '../../catalog/request.ts'
import { expression } from '../binding.ts'
import { nullOf } from '../outer-join.ts'

const WITHIN_GROUP = ' WITHIN GROUP ('

/** Aggregates of pg_catalog that are a number over no rows; any other is NULL (pg_aggregate.dat, orderedsetaggs.c). */
const NUMBERS: ReadonlyMap<string, '0' | '1'> = new Map([
  ['count', '0'],
  ['regr_count', '0'],
  ['rank', '1'],
  ['dense_rank', '1'],
  ['percent_rank', '0'],
  ['cume_dist', '1'],
])

/** An aggregate of a schema of its own may be anything over no rows. */
function isOwn({ name, written }: AggregateCall): boolean {
  return written !== null && !written.parts[0]?.startsWith(`${name}(`)
}

/** A column that is NULL where there is no group, if one of the calls asks for it. */
export function markFor(calls: readonly AggregateCall[], ids: ColumnIds): Column | null {
  return calls.some(isOwn) ? ids.make('present', BOOLEAN, false) : null
}

export function marked(grouped: Node, mark: Column | null): Node {
  if (!mark) return grouped
  const passed = operatorOf(grouped)
    .columns(grouped)
    .map((column) => ({ column, value: ref(column) }))
  return { op: 'project', input: grouped, outputs: [...passed, { column: mark, value: PRESENT }] }
}

const PRESENT: Constant = { kind: 'constant', sql: 'true', isNull: false, type: BOOLEAN }

/**
 * What `value`, the column of a call that is NULL where there is no group, is to a query whose group without rows is a row
 * nevertheless. Null: the column itself.
 */
export function overNoRows(
  call: AggregateCall,
  value: Scalar,
  mark: Column | null,
  request: CompileRequest,
): Scalar | null {
  const { column, name } = call
  if (mark && isOwn(call)) {
    const empty = emptyCall(call, request)
    const [first = '', ...rest] = empty.parts
    const last = rest.pop()
    return expression({
      construct: `aggregate ${name}`,
      parts:
        last === undefined
          ? ['CASE WHEN ', ` IS NULL THEN ${first} ELSE `, ' END']
          : ['CASE WHEN ', ` IS NULL THEN ${first}`, ...rest, `${last} ELSE `, ' END'],
      args: [ref(mark), ...empty.args, value],
      type: column.type,
    })
  }
  const number = isOwn(call) ? undefined : NUMBERS.get(name)
  if (!number) return null
  return number === '0' ? sql(column.type)`coalesce(${value}, 0)` : sql(column.type)`coalesce(${value}, 1)`
}

/**
 * The call over no rows: asked of PostgreSQL itself. What stands before WITHIN GROUP counts without rows, too: it is the same
 * for all of them, of the queries around or a constant.
 */
function emptyCall(
  { name, written }: AggregateCall,
  request: CompileRequest,
): { readonly parts: readonly string[]; readonly args: readonly Scalar[] } {
  if (!written) throw internalError(`aggregate ${name} is not written`)
  const within = written.parts.findIndex((part) => part.includes(WITHIN_GROUP))
  const parts: string[] = []
  const args: Scalar[] = []
  let text = '(SELECT '
  for (const [i, part] of written.parts.entries()) {
    text += part
    const arg = written.args[i]
    if (!arg) continue
    if (i < within) {
      parts.push(text)
      args.push(arg)
      text = ''
    } else text += nullOf(arg.type, request).sql
  }
  return { parts: [...parts, `${text} WHERE false)`], args }
}
