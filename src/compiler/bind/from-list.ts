/** The items of FROM that are joined with each other, gathered from left to right: a function sees those before it. */
import type { Node } from '../algebra/node.ts'
import type { Expand } from '../algebra/operators/expand.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import { type Scalar, scalarColumns } from '../algebra/scalar.ts'
import type { RowsItem } from './from-function.ts'
import type { Context } from './subquery/context.ts'
import { isLateral, lateralJoin } from './subquery/lateral.ts'
import type { Sublinks } from './subquery/sublinks.ts'

export class FromList {
  #inputs: Node[] = []
  readonly #predicate: Scalar[] = []
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /** Conditions of inner joins among the items, which have yet to be asked. */
  get predicate(): readonly Scalar[] {
    return this.#predicate
  }

  add(node: Node): void {
    const before: Node = { op: 'join', inputs: this.#inputs, predicate: [] }
    this.#inputs = isLateral(before, node)
      ? [lateralJoin(before, node, [], this.#context)]
      : [...this.#inputs, node]
  }

  where(predicate: readonly Scalar[]): void {
    this.#predicate.push(...predicate)
  }

  /**
   * An item that is made of the rows of those that it reads, which are joined first; it may read queries around as well. `left`: the left side of LEFT JOIN,
   * with its condition. Subqueries in either become columns of the rows that they read.
   */
  expand(
    rows: RowsItem,
    left: { readonly node: Node; readonly on: readonly Scalar[] } | null,
    sublinks: Sublinks,
  ): void {
    // The left side may read the items before it, too.
    if (left) this.add(left.node)
    const side = left ? this.#inputs.at(-1) : undefined
    const made = new Set(rows.made.flatMap((column) => (column ? [column.id] : [])))
    const scalars = [rows.item, ...(left?.on ?? [])]
    const read = new Set(sublinks.columnsRead(scalars))
    for (const scalar of scalars) scalarColumns(scalar, read)
    const wanted = [...read].filter((id) => !made.has(id))
    const owners = this.#inputs.filter((input) => input === side || owns(input, wanted))
    const [only, ...others] = owners
    const joined: Node = only && others.length === 0 ? only : { op: 'join', inputs: owners, predicate: [] }
    const input = sublinks.attached(joined, scalars)
    const expansion: Expand = { op: 'expand', input, ...rows, outer: left?.on ?? null }
    const last = owners.at(-1)
    this.#inputs = this.#inputs.flatMap((each) => {
      if (each === last) return [expansion]
      return owners.includes(each) ? [] : [each]
    })
    if (last === undefined) this.#inputs.push(expansion)
  }

  node(): Node {
    return { op: 'join', inputs: this.#inputs, predicate: [] }
  }
}

function owns(input: Node, ids: readonly number[]): boolean {
  return operatorOf(input)
    .columns(input)
    .some((column) => ids.includes(column.id))
}
