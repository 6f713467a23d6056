/** Joins that merge columns: USING and NATURAL, in any nesting. What they merge is renamed to meet. */
import type { JoinGenes } from './genes.ts'
import { type OutputColumn, pick, type Value, value } from './scope.ts'

/** A part of FROM while it is put together. */
export interface Joined {
  readonly sql: string
  /** What may be named, with the alias it is of. */
  readonly scope: readonly Value[]
  /** What `*` shows: a merged column once. */
  readonly columns: readonly OutputColumn[]
  /** Has an alias for all of it. */
  readonly hides?: true
}

/** An item of FROM; what reads the row to its left cannot be joined from the right. */
export interface Item extends Joined {
  readonly reads?: true
  /** Absent for one whose columns cannot be renamed. */
  readonly alias?: string
}

export function item(sql: string, alias: string, columns: readonly OutputColumn[]): Item {
  return { sql, alias, columns, scope: scopeOf(alias, columns) }
}

export function scopeOf(alias: string, columns: readonly OutputColumn[]): readonly Value[] {
  return columns.map((column) => value(`${alias}.${column.name}`, column.type, column))
}

/** A join in parentheses under an alias, which hides what it is of; of columns with one name, none can be named. */
export function underAlias({ sql, columns }: Joined, alias: string): Joined {
  return {
    sql: `(${sql}) AS ${alias}`,
    hides: true,
    columns,
    scope: scopeOf(alias, columns.filter(isSingle)),
  }
}

/** Null where no two columns may be merged. */
export function mergingJoin(
  left: Joined,
  right: Item,
  genes: JoinGenes,
  kind: string,
  alias: string,
): Joined | null {
  const isNatural = genes.merge % 8 === 7
  if (!right.alias || !right.columns.every(isSingle)) return null
  const wanted = left.columns.filter(isSingle).filter(isMergeable)
  const pairs = wanted.flatMap((l) =>
    right.columns.filter((r) => r.type === l.type && isMergeable(r)).map((r) => ({ l, r })),
  )
  if (pairs.length === 0) return null
  const first = pick(pairs, genes.left)
  const others = pairs.filter(({ l, r }) => l !== first.l && r !== first.r)
  const met = others.length > 0 && genes.kind % 3 === 0 ? [first, pick(others, genes.right)] : [first]
  const renamed = right.columns.map((column, i) => {
    const same = met.find(({ r }) => r === column)
    if (same) return { ...column, name: same.l.name }
    const isTaken = left.columns.some(({ name }) => name === column.name)
    return isTaken && (isNatural || met.some(({ l }) => l.name === column.name))
      ? { ...column, name: `m${i}` }
      : column
  })
  if (!renamed.every(isSingle)) return null
  const list = renamed.map(({ name }) => name).join(', ')
  const merged = met.map(({ l, r }) => ({ ...l, open: l.open || r.open }))
  const names = merged.map(({ name }) => name)
  const rest = [...left.columns, ...renamed].filter(({ name }) => !names.includes(name))
  const columns = [...merged, ...rest]
  if (isNatural) {
    // NATURAL merges whatever else has one name on both sides: that is renamed above, unless it is taken once more.
    if (rest.some(({ name }) => /^m\d$/.test(name) && left.columns.some((each) => each.name === name)))
      return null
    return underAlias({ sql: `${left.sql} NATURAL ${kind} ${right.sql}(${list})`, scope: [], columns }, alias)
  }
  return {
    sql: `${left.sql}\n${kind} ${right.sql}(${list}) USING (${names.join(', ')}) AS ${alias}`,
    columns,
    scope: [...left.scope, ...scopeOf(right.alias, renamed), ...scopeOf(alias, merged)],
  }
}

function isSingle({ name }: OutputColumn, _: number, all: readonly OutputColumn[]): boolean {
  return all.filter((each) => each.name === name).length === 1
}

function isMergeable({ type, rounds }: OutputColumn): boolean {
  return type.comparable && !rounds
}
