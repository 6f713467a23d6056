/**
 * From which columns of which tables does each column of the result come? Read off the analysed tree itself, not the
 * algebra, so that it is known for queries that are recomputed, too. Views, subqueries, WITH and set operations are
 * followed down to tables.
 */
import { internalError } from '../catalog/error.ts'
import {
  booleanField,
  listField,
  nodeField,
  nodeListField,
  numberField,
  optionalNode,
  stringField,
} from '../catalog/node-field.ts'
import { isNode, parseViewQuery, type TreeNode, type TreeValue } from '../catalog/node-tree.ts'
import type { CompileRequest } from '../catalog/request.ts'

/** `copied`: the value is the source's; `computed`: an expression over it; `rows`: it decides which rows there are. */
export type LineageKind = 'copied' | 'computed' | 'rows'

export interface LineageEntry {
  /** Position in the result, from 1; 0 for `rows`. */
  readonly column: number
  readonly relation: number
  /** 0: the row as a whole. */
  readonly attnum: number
  readonly kind: LineageKind
}

/** Ordered by column, relation and attnum; one entry for each, `copied` before `computed`. */
export function lineage(query: TreeNode, request: CompileRequest): readonly LineageEntry[] {
  const walk = new LineageWalk(request)
  const scope = walk.scopeOf(query, null)
  const entries = new Map<string, LineageEntry>()
  const add = (column: number, found: Origin, kind: LineageKind) => {
    const key = `${column} ${found.relation} ${found.attnum}`
    const known = entries.get(key)
    if (!known || (kind === 'copied' && known.kind === 'computed'))
      entries.set(key, { column, relation: found.relation, attnum: found.attnum, kind })
  }
  visibleTargets(query).forEach((_, i) => {
    for (const origin of walk.output(scope, i + 1)) add(i + 1, origin, origin.copied ? 'copied' : 'computed')
  })
  for (const origin of walk.rows(scope)) add(0, origin, 'rows')
  return [...entries.values()].sort(
    (a, b) => a.column - b.column || a.relation - b.relation || a.attnum - b.attnum,
  )
}

/** A column of a table, and whether its value comes through untouched. */
interface Origin {
  readonly relation: number
  readonly attnum: number
  readonly copied: boolean
}

/** A query and the queries around it. */
interface QueryScope {
  readonly query: TreeNode
  readonly outer: QueryScope | null
  /** Of entries that are queries themselves, by number. */
  readonly inner: Map<number, QueryScope>
}

/** RTEKind (parsenodes.h). */
const RELATION = 0
const SUBQUERY = 1
const JOIN = 2
const VALUES = 5
const CTE = 6
const GROUP = 9

class LineageWalk {
  private readonly request: CompileRequest
  /** Columns of queries that are being followed: a recursive WITH comes back to itself. */
  private readonly open = new Set<string>()
  private readonly numbers = new Map<QueryScope, number>()
  /** By WITH query: it is one thing, however often it is read. */
  private readonly ctes = new Map<TreeNode, QueryScope>()

  constructor(request: CompileRequest) {
    this.request = request
  }

  scopeOf(query: TreeNode, outer: QueryScope | null): QueryScope {
    const scope = { query, outer, inner: new Map<number, QueryScope>() }
    this.numbers.set(scope, this.numbers.size)
    return scope
  }

  /** What output column `attnum` of a query comes from. */
  output(scope: QueryScope, attnum: number): readonly Origin[] {
    const key = `${this.numbers.get(scope)} ${attnum}`
    if (this.open.has(key)) return []
    this.open.add(key)
    try {
      const operation = optionalNode(scope.query, 'setOperations')
      if (operation)
        return leaves(operation).flatMap((entry) => {
          const branch = this.innerScope(scope, entry)
          return branch ? this.output(branch, attnum) : []
        })
      const target = visibleTargets(scope.query)[attnum - 1]
      return target ? this.expression(nodeField(target, 'expr'), scope) : []
    } finally {
      this.open.delete(key)
    }
  }

  /** What decides which rows a query has: conditions, groups, order under a limit, and the same of what it reads. */
  rows(scope: QueryScope): readonly Origin[] {
    const key = `${this.numbers.get(scope)} rows`
    if (this.open.has(key)) return []
    this.open.add(key)
    try {
      const { query } = scope
      const limited =
        optionalNode(query, 'limitCount') !== null || optionalNode(query, 'limitOffset') !== null
      const clauses = [
        'groupClause',
        'distinctClause',
        ...(limited || booleanField(query, 'hasDistinctOn') ? ['sortClause'] : []),
      ]
      const named = new Set(
        clauses.flatMap((clause) =>
          nodeListField(query, clause).map((each) => numberField(each, 'tleSortGroupRef')),
        ),
      )
      const expressions = [
        query.fields.jointree ?? null,
        query.fields.havingQual ?? null,
        ...nodeListField(query, 'targetList')
          .filter((target) => named.has(numberField(target, 'ressortgroupref')))
          .map((target) => nodeField(target, 'expr')),
      ]
      const own = expressions.flatMap((each) => this.expression(each, scope))
      const operation = optionalNode(query, 'setOperations')
      const compared =
        operation && !isUnionAll(operation)
          ? visibleTargets(query).flatMap((_, i) => this.output(scope, i + 1))
          : []
      const below = [...fromEntries(nodeField(query, 'jointree')), ...(operation ? leaves(operation) : [])]
      const inner = below.flatMap((entry) => this.innerScope(scope, entry) ?? [])
      return [...own, ...compared, ...inner.flatMap((each) => this.rows(each))]
    } finally {
      this.open.delete(key)
    }
  }

  /** Every column in an expression; `copied` when the expression is one. */
  private expression(value: TreeValue, scope: QueryScope): readonly Origin[] {
    if (Array.isArray(value))
      return (value as readonly TreeValue[]).flatMap((each) => computed(this.expression(each, scope)))
    if (!isNode(value)) return []
    if (value.tag === 'VAR') return this.column(value, scope)
    if (value.tag === 'QUERY') {
      const inner = this.scopeOf(value, scope)
      const outputs = visibleTargets(value).flatMap((_, i) => this.output(inner, i + 1))
      return computed([...outputs, ...this.rows(inner)])
    }
    if (value.tag === 'WINDOWFUNC')
      return computed([
        ...Object.values(value.fields).flatMap((field) => this.expression(field, scope)),
        ...this.window(numberField(value, 'winref'), scope),
      ])
    // Only names the type: the value is the same.
    if (value.tag === 'RELABELTYPE') return this.expression(nodeField(value, 'arg'), scope)
    return computed(Object.values(value.fields).flatMap((field) => this.expression(field, scope)))
  }

  /** What the partitions, the order and the frame of a window come from. */
  private window(winref: number, scope: QueryScope): readonly Origin[] {
    const clause = nodeListField(scope.query, 'windowClause').find(
      (each) => numberField(each, 'winref') === winref,
    )
    if (!clause) return []
    const named = ['partitionClause', 'orderClause'].flatMap((list) =>
      nodeListField(clause, list).map((each) => numberField(each, 'tleSortGroupRef')),
    )
    const targets = nodeListField(scope.query, 'targetList')
      .filter((target) => named.includes(numberField(target, 'ressortgroupref')))
      .map((target) => nodeField(target, 'expr'))
    const bounds = [clause.fields.startOffset ?? null, clause.fields.endOffset ?? null]
    return [...targets, ...bounds].flatMap((each) => this.expression(each, scope))
  }

  private column(variable: TreeNode, scope: QueryScope): readonly Origin[] {
    let owner: QueryScope | null = scope
    for (let level = numberField(variable, 'varlevelsup'); level > 0 && owner; level--) owner = owner.outer
    if (!owner) throw internalError('a column of no query around it')
    return this.entryColumn(owner, numberField(variable, 'varno'), numberField(variable, 'varattno'))
  }

  private entryColumn(scope: QueryScope, number: number, attnum: number): readonly Origin[] {
    const entry = nodeListField(scope.query, 'rtable')[number - 1]
    if (!entry) throw internalError(`there is no range table entry ${number}`)
    const kind = numberField(entry, 'rtekind')
    if (kind === RELATION && !this.viewOf(entry))
      return [{ relation: numberField(entry, 'relid'), attnum: Math.max(attnum, 0), copied: attnum > 0 }]
    if (kind === JOIN || kind === GROUP) {
      const expressions = nodeListField(entry, kind === JOIN ? 'joinaliasvars' : 'groupexprs')
      if (attnum > 0) return this.expression(expressions[attnum - 1] ?? null, scope)
      return computed(expressions.flatMap((each) => this.expression(each, scope)))
    }
    const inner = this.innerScope(scope, number)
    if (inner) {
      if (attnum > 0) return this.output(inner, attnum)
      return computed(visibleTargets(inner.query).flatMap((_, i) => this.output(inner, i + 1)))
    }
    if (kind === VALUES)
      return computed(
        listField(entry, 'values_lists').flatMap((row) =>
          this.expression(
            Array.isArray(row) ? ((row as readonly TreeValue[])[attnum - 1] ?? null) : null,
            scope,
          ),
        ),
      )
    // A function in FROM and the like: each of its columns comes from all of its arguments.
    return computed(
      Object.entries(entry.fields).flatMap(([name, field]) =>
        name === 'functions' || name === 'tablefunc' ? this.expression(field, scope) : [],
      ),
    )
  }

  /** The query that an entry stands for. */
  private innerScope(scope: QueryScope, number: number): QueryScope | null {
    const known = scope.inner.get(number)
    if (known) return known
    const entry = nodeListField(scope.query, 'rtable')[number - 1]
    const inner = entry ? this.queryOf(entry, scope) : null
    if (inner) scope.inner.set(number, inner)
    return inner
  }

  private queryOf(entry: TreeNode, scope: QueryScope): QueryScope | null {
    switch (numberField(entry, 'rtekind')) {
      case RELATION: {
        const tree = this.viewOf(entry)
        return tree ? this.scopeOf(parseViewQuery(tree), null) : null
      }
      case SUBQUERY:
        return this.scopeOf(nodeField(entry, 'subquery'), scope)
      case CTE: {
        let owner: QueryScope | null = scope
        for (let level = numberField(entry, 'ctelevelsup'); level > 0 && owner; level--) owner = owner.outer
        const name = stringField(entry, 'ctename')
        const cte = owner
          ? nodeListField(owner.query, 'cteList').find((each) => stringField(each, 'ctename') === name)
          : undefined
        if (!cte) return null
        const known = this.ctes.get(cte)
        if (known) return known
        const made = this.scopeOf(nodeField(cte, 'ctequery'), owner)
        this.ctes.set(cte, made)
        return made
      }
      default:
        return null
    }
  }

  /** The tree of a view; null for a table. */
  private viewOf(entry: TreeNode): string | null {
    return this.request.relations[numberField(entry, 'relid')]?.tree ?? null
  }
}

function computed(origins: readonly Origin[]): readonly Origin[] {
  return origins.map((origin) => ({ ...origin, copied: false }))
}

function visibleTargets(query: TreeNode): readonly TreeNode[] {
  return nodeListField(query, 'targetList').filter((target) => !booleanField(target, 'resjunk'))
}

/** The entries that FROM reads; the range table has others (before PostgreSQL 16 a view's OLD and NEW). */
function fromEntries(item: TreeNode): readonly number[] {
  if (item.tag === 'RANGETBLREF') return [numberField(item, 'rtindex')]
  if (item.tag === 'JOINEXPR')
    return [...fromEntries(nodeField(item, 'larg')), ...fromEntries(nodeField(item, 'rarg'))]
  return item.tag === 'FROMEXPR' ? nodeListField(item, 'fromlist').flatMap(fromEntries) : []
}

/** The entries that a tree of set operations combines. */
function leaves(operation: TreeNode): readonly number[] {
  if (operation.tag === 'RANGETBLREF') return [numberField(operation, 'rtindex')]
  return [...leaves(nodeField(operation, 'larg')), ...leaves(nodeField(operation, 'rarg'))]
}

/** SetOperation (parsenodes.h): 1 is UNION. */
function isUnionAll(operation: TreeNode): boolean {
  if (operation.tag === 'RANGETBLREF') return true
  return (
    numberField(operation, 'op') === 1 &&
    booleanField(operation, 'all') &&
    isUnionAll(nodeField(operation, 'larg')) &&
    isUnionAll(nodeField(operation, 'rarg'))
  )
}
