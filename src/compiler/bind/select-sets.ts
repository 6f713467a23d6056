/**
 * Set-returning functions in the select list. For each row those of one depth run in step, NULL standing for what ends
 * sooner; one inside another runs before it (nodeProjectSet.c, split_pathtarget_at_srfs in tlist.c).
 */
import { ref, sameScalar } from '../algebra/build.ts'
import type { Column, ColumnIds, Node } from '../algebra/node.ts'
import { type Expression, type Scalar, scalarArguments, type TypeRef } from '../algebra/scalar.ts'
import { FULL_HINT, unsupported } from '../catalog/error.ts'
import { rowsExpression } from './from-function.ts'
import type { Scope } from './scope.ts'

interface Call {
  readonly call: Expression
  /** Of an anonymous record the fields that are read, by number; otherwise its value, under 0. */
  readonly fields: Map<number, Column>
  readonly depth: number
}

export class SelectSets {
  readonly #calls: Call[] = []
  readonly #ids: ColumnIds

  constructor(ids: ColumnIds) {
    this.#ids = ids
  }

  /** For scopes in which sets may stand; `over` is what the arguments become before anything else. */
  rows(over: (scalar: Scalar) => Scalar = (scalar) => scalar): NonNullable<Scope['rows']> {
    return (bound, field) => {
      const call = { ...bound, args: bound.args.map(over) }
      return ref(this.#column(call, field?.number ?? 0, field?.type ?? call.type))
    }
  }

  /** The column of a call that is known already. */
  find(call: Expression, number: number): Column | undefined {
    return this.#calls.find((each) => sameScalar(each.call, call))?.fields.get(number)
  }

  has(id: number): boolean {
    return this.#columns().some((column) => column.id === id)
  }

  /** The input with the columns of all calls. */
  over(input: Node): Node {
    const depths = [...new Set(this.#calls.map(({ depth }) => depth))].sort((a, b) => a - b)
    return depths.reduce(
      (node, depth) =>
        expanded(
          node,
          this.#calls.filter((call) => call.depth === depth),
        ),
      input,
    )
  }

  #columns(): readonly Column[] {
    return this.#calls.flatMap(({ fields }) => [...fields.values()])
  }

  #column(call: Expression, number: number, type: TypeRef): Column {
    let known = this.#calls.find((each) => sameScalar(each.call, call))
    if (!known) {
      known = { call, fields: new Map(), depth: this.#depthOf(call) }
      this.#calls.push(known)
    }
    const column = known.fields.get(number) ?? this.#ids.make('set', type, true)
    known.fields.set(number, column)
    return column
  }

  /** One more than that of any set inside. */
  #depthOf(call: Expression): number {
    const depths = (scalar: Scalar): readonly number[] =>
      scalar.kind === 'column'
        ? this.#calls.flatMap(({ fields, depth }) =>
            [...fields.values()].some(({ id }) => id === scalar.id) ? [depth] : [],
          )
        : scalarArguments(scalar).flatMap(depths)
    return 1 + Math.max(0, ...call.args.flatMap(depths))
  }
}

function expanded(input: Node, calls: readonly Call[]): Node {
  const records = calls.filter(({ fields }) => [...fields.keys()].some((number) => number > 0))
  const args = calls.map(({ call }) => call)
  const between = args.slice(1).map(() => ', ')
  const shared = { op: 'expand', input, ordinality: null, isOne: false, outer: null } as const
  const construct = 'a set-returning function'
  if (records.length === 0) {
    // As the server itself runs them: a select list.
    const item = rowsExpression(construct, ['(SELECT ', ...between, ')'], args)
    return { ...shared, item, made: calls.map(({ fields }) => fields.get(0) ?? null) }
  }
  const [record, ...more] = records
  if (!record || more.length > 0 || record.fields.has(0))
    throw unsupported('several functions that return sets of records in one select list', FULL_HINT)
  // How many columns an anonymous record has is not known here: it comes last.
  const rest = calls.filter((each) => each !== record)
  const item = rowsExpression(
    construct,
    ['ROWS FROM (', ...between, ')'],
    [...rest, record].map(({ call }) => call),
  )
  const width = Math.max(...record.fields.keys())
  const fields = Array.from({ length: width }, (_, i) => record.fields.get(i + 1) ?? null)
  return { ...shared, item, made: [...rest.map(({ fields: own }) => own.get(0) ?? null), ...fields] }
}
