import { type Ordering, orderingParts } from '../algebra/ordering.ts'
import type { Expression, Scalar, TypeRef, Volatility } from '../algebra/scalar.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import type { CompileRequest } from '../catalog/request.ts'
import type { Scope } from './scope.ts'

/** The state of one descent into an expression. */
export interface Binding {
  readonly scope: Scope
  readonly request: CompileRequest
  bind(node: TreeNode): Scalar
  /** The same, but CASETESTEXPR stands for `value`. */
  testing(value: Scalar): Binding
  readonly caseTest: Scalar | null
}

/** Binds the nodes of one tag. */
export type Rule = (node: TreeNode, binding: Binding) => Scalar

export interface ExpressionParts {
  readonly construct: string
  readonly parts: readonly string[]
  readonly args: readonly Scalar[]
  readonly type: TypeRef
  readonly closed?: boolean
  readonly volatility?: Volatility
  readonly isMarkedStable?: boolean
  readonly strict?: boolean
}

/** Most expressions are closed, immutable and not strict. */
export function expression({
  construct,
  parts,
  args,
  type,
  closed = true,
  volatility = 'immutable',
  isMarkedStable = false,
  strict = false,
}: ExpressionParts): Expression {
  const marked = isMarkedStable ? ({ isMarkedStable } as const) : {}
  return { kind: 'expression', construct, parts, args, closed, type, volatility, ...marked, strict }
}

/** The parts of `head arg, arg, … tail`. */
export function listParts(head: string, count: number, tail: string): string[] {
  if (count === 0) return [head + tail]
  const parts = [head]
  for (let i = 1; i < count; i++) parts.push(', ')
  parts.push(tail)
  return parts
}

/** Collects text and holes in the order of printing. */
export class Template {
  readonly parts: string[] = ['']
  readonly args: Scalar[] = []

  text(text: string): this {
    this.parts[this.parts.length - 1] += text
    return this
  }

  hole(arg: Scalar): this {
    this.args.push(arg)
    this.parts.push('')
    return this
  }

  /** The expression that was collected; what the compiler writes itself answers whatever its arguments are. */
  made(type: TypeRef): Expression {
    return expression({ construct: 'rule', parts: this.parts, args: this.args, type, closed: false })
  }

  /** What stands after ORDER BY. */
  orderings(order: readonly Ordering[]): this {
    for (const [i, ordering] of order.entries()) {
      const [before, after] = orderingParts(ordering)
      this.text(i > 0 ? `, ${before}` : before)
        .hole(ordering.value)
        .text(after)
    }
    return this
  }

  list(args: readonly Scalar[]): this {
    for (const [i, arg] of args.entries()) {
      if (i > 0) this.text(', ')
      this.hole(arg)
    }
    return this
  }
}
