/** Keys that travel from the refresh statement into a function as arrays, one for each column of the key. */
import type { Column } from '../algebra/node.ts'
import { isArray } from '../catalog/array-type.ts'
import { isComposite } from '../catalog/composite.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { collateClause, columnName, columnType, DEFAULT_COLLATION } from './names.ts'

export interface AskedKeys {
  /** The function's parameters; for a key of no columns one that says whether anything is asked. */
  readonly args: readonly { readonly name: string; readonly type: string }[]
  /** The function's arguments, read from a FROM clause whose item `t` has the keys under their derived names. */
  from(clause: string): readonly string[]
  /** Inside the function: the keys as the FROM item `g`, none for a key of no columns. */
  readonly rows: readonly string[]
  /** A column of `g`, as the key's own type and collation. */
  key(column: Column, i: number): string
}

export function askedKeys(request: CompileRequest, keys: readonly Column[]): AskedKeys {
  const plainType = (column: Column) => columnType(request, { ...column.type, collation: 0 })
  const args = keys.map((column, i) => ({
    name: `k${i + 1}`,
    type: travelsAsText(request, column) ? 'text[]' : `${plainType(column)}[]`,
  }))
  const names = args.map(({ name }) => name)
  const isWhole = keys.length === 0
  // One collation among the arguments becomes that of all parameters (parse_collate.c), so that none may be left unsaid then.
  const isMixed = keys.some(({ type }) => collateClause(request, type.collation) !== '')
  const collate = ({ type }: Column) =>
    isMixed && type.collation === DEFAULT_COLLATION
      ? ' COLLATE pg_catalog."default"'
      : collateClause(request, type.collation)
  return {
    args: isWhole ? [{ name: 'asked', type: 'boolean' }] : args,
    from: (clause) =>
      isWhole
        ? [`(SELECT true FROM ${clause})`]
        : keys.map((column) => {
            const key = `t.${columnName(column)}`
            const item = travelsAsText(request, column) ? `${key}::text` : key
            return `(SELECT array_agg(${item}) FROM ${clause})`
          }),
    rows: isWhole ? [] : [`unnest(${names.map((_, i) => `$${i + 1}`).join(', ')}) AS g(${names.join(', ')})`],
    key: (column, i) => {
      const cast = travelsAsText(request, column) ? `::${plainType(column)}` : ''
      return `(g.k${i + 1}${cast}${collate(column)})`
    },
  }
}

/** An array of arrays would be one array of more dimensions, and unnest takes rows apart. */
function travelsAsText(request: CompileRequest, column: Column): boolean {
  return isArray(request, column.type.oid) || isComposite(request, column.type.oid)
}
