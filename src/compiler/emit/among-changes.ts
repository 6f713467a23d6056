/**
 * How many changed rows meet each other. Of what changed the planner has no statistics: it takes two columns for equal in one pair
 * of 200 (DEFAULT_NUM_DISTINCT in selfuncs.c), and where 60,000 changed lines meet 15,000 changed orders it expects 75 lines of
 * each, and of the next join 75 times as many again, until it reads whole tables for what are a few rows (TPC-H q21, 1 % changed).
 * How many values a column has is known of its table, and there are no more of them than changed rows. So an equality of two such
 * columns is said again, as something the planner takes for true as often as that makes it (`forPairs` in fitted.ts).
 */
import type { Scan } from '../algebra/operators/scan.ts'
import type { ColumnId, Scalar } from '../algebra/scalar.ts'
import { type CountedColumn, forPairs, whereChanged } from './fitted.ts'
import { operand, type Select } from './select-text.ts'

interface ChangedColumn extends CountedColumn {
  /** Of a FROM item that has what changed in some ways to read it only: its alias. */
  readonly way: string | null
}

/** The columns of a statement that are those of changed rows, by how they are printed. */
export class ChangedColumns {
  readonly #isFitted: boolean
  readonly #known = new Map<string, ChangedColumn>()

  constructor(isFitted: boolean) {
    this.#isFitted = isFitted
  }

  /** These are of what changed in a source; with `way`, where that FROM item has this. */
  note(scan: Scan, { columns }: Select, way: string | null = null): void {
    if (!this.#isFitted) return
    for (const { id, attnum } of scan.columns) {
      const text = columns.get(id)
      if (text !== undefined) this.#known.set(text, { relation: scan.relation, attnum, way })
    }
  }

  /** The columns of one SELECT are those of another by other names. */
  pass(from: Select, to: Select): void {
    for (const [id, text] of to.columns) {
      const known = this.#known.get(from.columns.get(id) ?? '')
      if (known) this.#known.set(text, known)
    }
  }

  /** The conditions to be said beside those by which changed rows meet. */
  met(predicate: readonly Scalar[], select: Select): readonly string[] {
    if (this.#known.size === 0) return []
    return predicate.flatMap((each) => {
      if (each.kind !== 'operator' || !each.equality || each.isRepeated) return []
      const columns = each.args.map((arg) =>
        arg.kind === 'column' ? this.#changed(arg.id, select) : undefined,
      )
      const [left, right] = columns
      if (!left || !right || left === right) return []
      const often = `'{1${forPairs([left, right], ',1')}}'::int[]`
      const text = `CASE WHEN ${operand(each, select)} THEN 1 ELSE 0 END = ANY (${often})`
      const ways = [...new Set([left.way, right.way])].filter((way) => way !== null)
      if (ways.length === 0) return [text]
      return [`true${ways.reduce((said, way) => whereChanged(way, said), ` AND ${text}`)}`]
    })
  }

  #changed(id: ColumnId, { columns }: Select): ChangedColumn | undefined {
    return this.#known.get(columns.get(id) ?? '')
  }
}
