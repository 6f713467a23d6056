import type { Expression, Scalar, TypeRef } from '../algebra/scalar.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import type { CompileRequest } from '../catalog/request.ts'

/** What an expression sees of the query level it stands in. */
export interface Scope {
  readonly request: CompileRequest
  /**
   * VAR: by varno, varattno, varlevelsup. A whole row has attribute 0, a system column a negative one.
   * Returns the scalar that it stands for.
   */
  resolve(node: TreeNode): Scalar
  /**
   * AGGREF, GROUPINGFUNC, WINDOWFUNC, SUBLINK: what only the relational binder understands. Throws where the
   * construct is not allowed.
   */
  external(node: TreeNode): Scalar
  /** Types of the column definition list of the call in FROM that is bound: only a function that returns records has one. */
  readonly defined?: readonly number[]
  /**
   * What a call of a set-returning function stands for; absent where none may stand. `field`: of its rows one column is
   * read, which the call, returning an anonymous record, does not name.
   */
  rows?(call: Expression, field: { readonly number: number; readonly type: TypeRef } | null): Scalar
}

/** The scope of a SELECT, which subqueries in it see as the one around them. */
export interface QueryScope extends Scope {
  /** VAR of this level, whatever level it counts from. */
  own(node: TreeNode): Scalar
}
