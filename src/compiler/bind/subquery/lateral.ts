/** FROM items that read the items before them. */
import { ref } from '../../algebra/build.ts'
import type { Node } from '../../algebra/node.ts'
import { operatorOf } from '../../algebra/operators/index.ts'
import type { Scalar } from '../../algebra/scalar.ts'
import { leftJoin } from '../outer-join.ts'
import { dependsOn, idsOf } from './columns.ts'
import type { Context } from './context.ts'
import { overDomain, totalOverDomain } from './domain.ts'
import { type Pulling, pull } from './pull.ts'

export function isLateral(left: Node, right: Node): boolean {
  return dependsOn(right, idsOf(left))
}

/** `left JOIN LATERAL right ON predicate`. */
export function lateralJoin(left: Node, right: Node, predicate: readonly Scalar[], context: Context): Node {
  const { ids, request } = context
  const made = overRows(right, left)
  if (made) return predicate.length === 0 ? made : { op: 'filter', input: made, predicate }
  const pulled = pull(right, pullingOver(left, context))
  if (!pulled) {
    const evaluated = overDomain(right, left, ids, request)
    return {
      op: 'join',
      inputs: [left, evaluated.node],
      predicate: [...evaluated.predicate, ...predicate],
    }
  }
  const { node, isTotal, values, conditions } = pulled
  const joined: Node = isTotal
    ? leftJoin(left, node, pulled.predicate, request)
    : { op: 'join', inputs: [left, node], predicate: pulled.predicate }
  const columns = [left, right].flatMap((each) => operatorOf(each).columns(each))
  const kept: Node = conditions.length === 0 ? joined : { op: 'filter', input: joined, predicate: conditions }
  const shown: Node =
    values.size === 0
      ? kept
      : {
          op: 'project',
          input: kept,
          outputs: columns.map((column) => computed(column, values.get(column.id))),
        }
  return predicate.length === 0 ? shown : { op: 'filter', input: shown, predicate }
}

function pullingOver(left: Node, context: Context): Pulling {
  return { ...context, outer: idsOf(left), total: (node) => totalOverDomain(node, left, context) }
}

/** A subquery that reads no table, only functions of the rows on the left: they are made of these rows themselves. */
function overRows(right: Node, left: Node): Node | null {
  switch (right.op) {
    case 'expand': {
      const input = isOneRow(right.input) ? left : overRows(right.input, left)
      return input && { ...right, input }
    }
    case 'filter': {
      const input = overRows(right.input, left)
      return input && { ...right, input }
    }
    case 'join': {
      const [only, ...others] = right.inputs
      const input = only && others.length === 0 ? overRows(only, left) : null
      return (
        input && (right.predicate.length === 0 ? input : { op: 'filter', input, predicate: right.predicate })
      )
    }
    case 'project': {
      const input = overRows(right.input, left)
      const passed = columnsOf(left).map((column) => ({ column, value: ref(column) }))
      return input && { ...right, input, outputs: [...passed, ...right.outputs] }
    }
    default:
      return null
  }
}

function isOneRow(node: Node): boolean {
  return node.op === 'join' && node.inputs.length === 0 && node.predicate.length === 0
}

/** A column that is computed anew has a value of its own; any other is passed on. */
function computed(column: ReturnType<typeof columnsOf>[number], value: Scalar | undefined) {
  return { column, value: value ?? ref(column) }
}

function columnsOf(node: Node) {
  return operatorOf(node).columns(node)
}

/** `left LEFT JOIN LATERAL right ON predicate`. */
export function lateralLeftJoin(
  left: Node,
  right: Node,
  predicate: readonly Scalar[],
  context: Context,
): Node {
  const { ids, request } = context
  const pulled = pull(right, pullingOver(left, context))
  const isAlways = pulled?.isTotal && pulled.conditions.length === 0 && predicate.length === 0
  if (isAlways) return lateralJoin(left, right, [], context)
  if (pulled && !pulled.isTotal && pulled.values.size === 0)
    return leftJoin(left, pulled.node, [...pulled.predicate, ...predicate], request)
  const evaluated = overDomain(right, left, ids, request)
  return leftJoin(left, evaluated.node, [...evaluated.predicate, ...predicate], request)
}
