/** What `explain_st` shows of a plan: the algebra, what each operator costs, where state is kept, the SQL itself. */
import { isPartitionNode, type Node } from '../algebra/node.ts'
import type { OperatorClass } from '../algebra/operator.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Project } from '../algebra/operators/project.ts'
import type { CompileRequest } from '../catalog/request.ts'
import type { StagedQuery } from '../delta/stage.ts'
import type { Emitted } from '../emit/index.ts'
import type { ExplainEntry } from '../emit/plan.ts'
import { scanBelow } from '../emit/redo.ts'
import { runningOf } from '../emit/running.ts'
import { slicingOf } from '../emit/slices.ts'
import { describe } from './describe.ts'

export function explainDifferential(
  request: CompileRequest,
  query: Project,
  staged: StagedQuery,
  emitted: Emitted,
): readonly ExplainEntry[] {
  const { plan, definition } = emitted
  const entries: ExplainEntry[] = [
    { property: 'strategy', value: 'DIFFERENTIAL' },
    {
      property: 'key',
      value: plan.key === null ? 'none: a bag, found by row hash' : plan.key.join(', ') || 'at most one row',
    },
    { property: 'algebra', value: describe(query) },
    ...operators(query).map((node) => ({
      property: `operator ${node.op}`,
      value:
        isPartitionNode(node) && slicingOf(request, node)
          ? 'per partition: the rows that a changed row may reach are computed anew'
          : isPartitionNode(node) && scanBelow(node.input) && runningOf(request, node)
            ? 'per partition: the rows from the first change on are computed anew'
            : COST[operatorOf(node).class],
    })),
  ]
  for (const stage of staged.stages) {
    const fused = stage === definition?.storage.fused
    const table = definition?.storage.states.get(stage.number)
    entries.push({
      property: `state of stage ${stage.number}`,
      value: fused ? 'the stream table itself' : (table?.sql ?? ''),
    })
    if (stage.kind !== 'group') continue
    if (table?.aside)
      entries.push({
        property: `kept aside of stage ${stage.number}`,
        value: `${table.aside.sql}: ${table.aside.implied.map(({ column }) => column.name).join(', ')} of the groups in which ${table.aside.implied.length === 1 ? 'it does' : 'they do'} not follow from the stream table`,
      })
    const asked = stage.node.rule.accumulators.filter((accumulator) => accumulator.recompute)
    if (asked.length > 0)
      entries.push({
        property: `recomputation in stage ${stage.number}`,
        value: `${asked.map(({ column }) => column.name).join(', ')}: read again from the sources for a touched group when the change alone does not tell the value`,
      })
  }
  for (const { sql, columns, expressions = [], relation, purpose, isTurned } of emitted.missing) {
    const names = [
      ...columns.map(
        (attnum) => request.relations[relation]?.columns.find((each) => each.attnum === attnum)?.name,
      ),
      ...new Set(expressions.flat().map((each) => each.sql)),
    ]
    const without = names.length > 0 ? WITHOUT_INDEX[purpose] : WITHOUT_COLUMN[purpose]
    const table =
      names.length > 0
        ? `${sql} (${names.join(', ')}${isTurned ? ' DESC NULLS LAST' : ''}): without it `
        : `${sql}: `
    entries.push({ property: 'missing index', value: `${table}${without(names.length)}` })
  }
  return [...entries, ...statements(emitted)]
}

type Purpose = Emitted['missing'][number]['purpose']

/** What happens without an index on so many columns. */
const WITHOUT_INDEX: Readonly<Record<Purpose, (columns: number) => string>> = {
  join: () => 'the table is read whole when another source changes',
  group: () => 'the table is read whole when a group must be computed anew',
  time: () => 'the table is read whole whenever time has passed',
  bound: () => 'all rows are compared again when what they are compared with changes',
  order: (columns) => `${columns > 1 ? 'a group is' : 'the table is'} read whole for its first rows`,
  near: () =>
    'all rows of a touched partition are computed anew, instead of those near the change or behind it',
}

/** Where there is no column that an index could be on. */
const WITHOUT_COLUMN: Readonly<Record<Purpose, (columns: number) => string>> = {
  ...WITHOUT_INDEX,
  join: () => 'joined without an equality, so it is read whole when another source changes',
  group: () => 'no index can find the rows of a group, so it is read whole when one must be computed anew',
  bound: () =>
    'no index finds what is compared, so all rows are compared again when what they are compared with changes',
}

function statements(emitted: Emitted): ExplainEntry[] {
  return [...emitted.statements].map(([property, statement]) => ({
    property,
    value: statement.sql,
    function: statement.function,
  }))
}

export function explainFull(emitted: Emitted): readonly ExplainEntry[] {
  return [
    { property: 'strategy', value: 'FULL' },
    ...emitted.plan.reasons.map(({ message, detail, hint }) => ({
      property: 'reason',
      value: [`${message}.`, detail, hint].filter((part) => part !== '').join(' '),
    })),
    { property: 'key', value: 'none: a bag, found by row hash' },
    ...statements(emitted),
  ]
}

const COST: Readonly<Record<OperatorClass, string>> = {
  leaf: 'reads the change buffer',
  linear: 'linear: work per changed row',
  multilinear: 'multilinear: one probe into each other input per changed row',
  threshold:
    'threshold: one probe into each other input per changed row, one more where a match came or went',
  bound: 'bound: work per changed row, and per row between the bound that was and the one that is',
  group: 'per group: one look-up per touched group',
  partition: 'per partition: the rows of every touched partition are computed anew',
  recursion: 'recursive: what follows from a changed row, and what else it follows from',
  term: '',
}

function operators(node: Node): Node[] {
  const operator = operatorOf(node)
  const below = operator.inputs(node).flatMap(operators)
  // A recursion reads itself.
  return operator.class === 'term' ? below : [node, ...below]
}
