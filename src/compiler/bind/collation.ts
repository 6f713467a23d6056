import { type Scalar, scalarArguments } from '../algebra/scalar.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { expression } from './binding.ts'
import { collationSql } from './facts.ts'

const DEFAULT_COLLATION = 100

/** The construct under which a COLLATE clause goes. */
export const COLLATE = 'COLLATE'

/**
 * Arguments such that the server, reading them, derives the collation that its analysis of the query decided on.
 * That is so without help as long as columns keep their collations. It is not where a column of a subquery, whose
 * collation is implicit, was replaced by its expression with a COLLATE clause, which is explicit and wins.
 */
export function collatedArguments(
  request: CompileRequest,
  args: readonly Scalar[],
  inputCollation: number,
): readonly Scalar[] {
  if (inputCollation === 0 || derive(args) === inputCollation) return args
  return args.map((arg) => (arg.type.collation === 0 ? arg : collate(request, arg, inputCollation)))
}

export function collate(request: CompileRequest, arg: Scalar, collation: number): Scalar {
  return expression({
    construct: COLLATE,
    parts: ['', ` COLLATE ${collationSql(request, collation)}`],
    args: [arg],
    type: { ...arg.type, collation },
    closed: false,
    strict: true,
  })
}

/** What `parse_collate.c` makes of the arguments of one node; undefined for a conflict. */
function derive(args: readonly Scalar[]): number | undefined {
  const explicit = new Set(args.filter(isExplicit).map((arg) => arg.type.collation))
  if (explicit.size > 0) return explicit.size === 1 ? [...explicit][0] : undefined
  const implicit = new Set(args.map((arg) => arg.type.collation).filter((collation) => collation !== 0))
  // Any other collation beats the default one.
  if (implicit.size > 1) implicit.delete(DEFAULT_COLLATION)
  return implicit.size === 1 ? [...implicit][0] : undefined
}

function isExplicit(scalar: Scalar): boolean {
  if (scalar.type.collation === 0) return false
  if (scalar.kind === 'expression' && scalar.construct === COLLATE) return true
  return scalarArguments(scalar).some(isExplicit)
}
