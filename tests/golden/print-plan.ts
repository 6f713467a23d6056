/** A query through every stage of the compiler, as text. */
import type { Node } from '../../src/compiler/algebra/node.ts'
import { bind } from '../../src/compiler/bind/index.ts'
import type { CompileRequest } from '../../src/compiler/catalog/request.ts'
import {
  type Changed,
  differentiate,
  differentiateInput,
  scansOf,
} from '../../src/compiler/delta/differentiate.ts'
import { cutIntoStages } from '../../src/compiler/delta/stage.ts'
import type { Plan } from '../../src/compiler/emit/plan.ts'
import { printRowSubquery } from '../../src/compiler/emit/text/row-subquery.ts'
import { describe } from '../../src/compiler/explain/describe.ts'
import { normalize } from '../../src/compiler/normalize/index.ts'

export function printPlan(query: string, request: CompileRequest, plan: Plan): string {
  const sections: (readonly [string, string])[] = [['query', query]]
  if (plan.strategy === 'DIFFERENTIAL') sections.push(...algebra(request))
  for (const { property, value } of plan.explain) sections.push([property, value])
  sections.push(['tables', plan.install.tables.join(';\n')], ['indexes', plan.install.indexes.join(';\n')])
  return sections.map(([title, text]) => `=== ${title}\n${text}\n`).join('\n')
}

function algebra(request: CompileRequest): (readonly [string, string])[] {
  const bound = bind(request, printRowSubquery)
  const query = normalize(bound)
  const { stages, root } = cutIntoStages(query)
  const relations = [...new Set(scansOf(query).map(({ relation }) => relation))].sort((a, b) => a - b)
  const name = (oid: number) => request.relations[oid]?.name ?? String(oid)
  const changes = relations.map((relation) => ({ label: name(relation), of: [relation] }))
  if (relations.length > 1) changes.push({ label: 'several sources', of: relations })
  const deltas = changes.flatMap(({ label, of }) => {
    const changedStages = new Set<number>()
    const changed: Changed = {
      relation: (oid) => of.includes(oid),
      stage: (number) => changedStages.has(number),
    }
    const parts: (readonly [string, string])[] = []
    const add = (what: string, term: Node | null): boolean => {
      if (term) parts.push([`delta of ${what} (${label})`, describe(term)])
      return term !== null
    }
    for (const stage of stages)
      if (add(`stage ${stage.number}`, differentiateInput(stage, changed))) changedStages.add(stage.number)
    add('the result', differentiate(root, changed))
    return parts
  })
  return [['algebra as bound', describe(bound)], ...deltas]
}
