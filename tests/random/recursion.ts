/** Random recursions: ways through one or two relations, which end because they are counted or because rows are few. */
import { condition } from './expression.ts'
import type { ConditionGenes } from './genes.ts'
import { type OutputColumn, pick, type Relation, value } from './scope.ts'
import { typeNamed } from './types.ts'

export interface RecursionGenes {
  readonly base: number
  readonly step: number
  readonly columns: number
  readonly on: number
  readonly all: boolean
  readonly shape: number
  readonly where: ConditionGenes | null
  readonly also: ConditionGenes | null
}

/** PostgreSQL cannot hash them. */
const WITHOUT_HASH = ['bits', 'money']

/** The text after the name in WITH RECURSIVE, with its columns; null where no two columns meet. */
export function recursion(
  genes: RecursionGenes,
  relations: readonly Relation[],
  name: string,
): { readonly sql: string; readonly columns: readonly OutputColumn[] } | null {
  const base = pick(relations, genes.base)
  const stored = relations.filter(({ isStored }) => isStored)
  const step = pick(stored, genes.step)
  const usable = ({ columns }: Relation) =>
    columns.filter(({ type, rounds }) => type.comparable && !rounds && !WITHOUT_HASH.includes(type.name))
  // A way from `a` to `b` of the base; `b` meets `from` of the step, which goes on to its `to`.
  const steps = usable(step).flatMap((from) =>
    usable(step)
      .filter((to) => to.type === from.type)
      .map((to) => ({ from, to })),
  )
  const found = usable(base).flatMap((b) =>
    steps.filter(({ from }) => from.type === b.type).map((each) => ({ b, ...each })),
  )
  if (found.length === 0) return null
  const { b, from, to } = pick(found, genes.columns)
  const a = pick(usable(base), genes.on)
  const isCounted = genes.all || genes.shape % 2 === 0
  const inner = (relation: Relation, alias: string) =>
    relation.columns.map((column) => value(`${alias}.${column.name}`, column.type, column))
  const where = genes.where ? ` WHERE ${condition(genes.where, inner(base, 'x'))}` : ''
  const also = genes.also ? ` AND ${condition(genes.also, inner(step, 'y'))}` : ''
  const kinds = genes.shape % 8
  const isOuter = isCounted && kinds === 6
  const exists =
    kinds === 4 && base.isStored
      ? ` AND NOT EXISTS (SELECT FROM ${base.name} AS z WHERE z.${b.name} = y.${to.name})`
      : ''
  // What the step reads may be groups of it: of values of one image each, because one is shown.
  const isGrouped =
    kinds === 5 && !genes.also && [from, to].every(({ type, open }) => !type.manyImages && !open)
  const read = isGrouped
    ? `(SELECT g.${from.name}, g.${to.name}, count(*) FROM ${step.name} AS g GROUP BY 1, 2 HAVING count(*) < 3) AS y(f, t)`
    : `${step.name} AS y`
  const [meets, shown] = isGrouped ? ['f', 't'] : [from.name, to.name]
  const cycle =
    genes.all && kinds === 2 && !b.type.name.endsWith('_array') ? ' CYCLE dst SET met USING way' : ''
  // Without effect below UNION.
  const distinct = !genes.all && genes.shape % 3 === 1 ? 'DISTINCT ' : ''
  const width = isCounted ? 'src, dst, n' : 'src, dst'
  const sql = `${name}(${width}) AS (
  SELECT x.${a.name}, x.${b.name}${isCounted ? ', 1' : ''} FROM ${base.name} AS x${where}
  UNION${genes.all ? ' ALL' : ''}
  SELECT ${distinct}${name}.src, y.${shown}${isCounted ? `, ${name}.n + 1` : ''} FROM ${name} ${isOuter ? 'LEFT ' : ''}JOIN ${read} ON y.${meets} = ${name}.dst${also}${exists}${isCounted ? ` WHERE ${name}.n < 3` : ''}
)${cycle}`
  const open = (type: OutputColumn['type']) => type.manyImages
  const columns = [
    { name: 'src', type: a.type, open: open(a.type), rounds: false },
    { name: 'dst', type: b.type, open: open(b.type), rounds: false },
    ...(isCounted ? [{ name: 'n', type: typeNamed('int4'), open: false, rounds: false }] : []),
    ...(cycle ? [{ name: 'met', type: typeNamed('bool'), open: false, rounds: false }] : []),
  ]
  return { sql, columns }
}
