/** The items of FROM that are joined with each other, gathered from left to right: a function sees those before it. */
import type { Node } from '../algebra/node.ts'
import type { Expand } from '../algebra/operators/expand.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import { type Scalar, scalarColumns } from '../algebra/scalar.ts'
import { unsupported } from '../catalog/error.ts'
import type { RowsItem } from './from-function.ts'

export class FromList {
  #inputs: Node[] = []
  readonly #predicate: Scalar[] = []

  add(node: Node): void {
    this.#inputs.push(node)
  }

  where(predicate: readonly Scalar[]): void {
    this.#predicate.push(...predicate)
  }

  /**
   * An item that is made of the rows of those that it reads, which are joined first. `left`: the left side of LEFT JOIN,
   * with its condition.
   */
  expand(rows: RowsItem, left: { readonly node: Node; readonly on: readonly Scalar[] } | null): void {
    if (left) this.#inputs.push(left.node)
    const made = new Set(rows.made.flatMap((column) => (column ? [column.id] : [])))
    const read = new Set<number>()
    for (const scalar of [rows.item, ...(left?.on ?? [])]) scalarColumns(scalar, read)
    const wanted = [...read].filter((id) => !made.has(id))
    const owners = this.#inputs.filter((input) => input === left?.node || owns(input, wanted))
    const [only, ...others] = owners
    const input: Node = only && others.length === 0 ? only : { op: 'join', inputs: owners, predicate: [] }
    const given = operatorOf(input).columns(input)
    if (!wanted.every((id) => given.some((column) => column.id === id)))
      throw unsupported(
        'a function over columns of the left side within the right side of an outer join',
        HINT,
      )
    const expansion: Expand = { op: 'expand', input, ...rows, outer: left?.on ?? null }
    const last = owners.at(-1)
    this.#inputs = this.#inputs.flatMap((each) => {
      if (each === last) return [expansion]
      return owners.includes(each) ? [] : [each]
    })
    if (last === undefined) this.#inputs.push(expansion)
  }

  node(predicate: readonly Scalar[] = []): Node {
    return { op: 'join', inputs: this.#inputs, predicate: [...predicate, ...this.#predicate] }
  }
}

const HINT = 'Use refresh mode FULL or AUTO, which recomputes the query at each refresh.'

function owns(input: Node, ids: readonly number[]): boolean {
  return operatorOf(input)
    .columns(input)
    .some((column) => ids.includes(column.id))
}
