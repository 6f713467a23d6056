/**
 * Statements that are fitted to what has changed. A statement for several sources has terms for each; of most only a few
 * have changed, and what the others contribute is empty: known at run time, and too late for the planner, who would order
 * joins of six tables for each of these terms, and take a table with nothing taken away for a union it knows nothing of.
 * So what depends on a source is marked, and the function that plans the statement anew leaves out what is not there.
 * A term of a join that reads tables as they were is said once for the table as it is and once for what changed in it, for
 * each table that changed: of a union of both the planner knows no values, and expects of every join with it one pair in 200
 * (measured, 6 tables of which 4 changed by 0.1 %: 12 s → 0.3 s).
 * A source is taken for unchanged as well when its changes add up to nothing in the columns that the query reads: its buffer
 * has the changes that other stream tables need, too (measured, TPC-H q8 with 0.1 % changed: of four sources with new rows
 * three had changed, 7 terms instead of 15).
 * It also tells the planner how many changes there are: a scan of a change buffer is taken for 1,000 rows each (what
 * generate_series is taken for), and a LIMIT brings that down to what was counted. The guard sees that it cuts nothing off.
 */
import { dollarQuote } from './names.ts'

/** Of the private use area; a query that has them itself is not marked. */
const [BEGIN, THEN, END, OR] = ['\ue000', '\ue001', '\ue002', '\ue003']
const MARKS = /[\ue000-\ue003]/

/** With more changed sources than this, what they were is read as a union: 2^5 − 1 = 31 terms at most. */
const SPLIT_LIMIT = 5

/** With more stages than this in a term, their rows are read as a union: 2^3 terms at most. */
const APART_LIMIT = 3

/** 200 times 200 (see `forPairs`). */
const PAIRS = 40_000

/** The array that says of each source whether it has the same rows again and again. */
export const REPEATED = 'pgstream_repeated'

/** The array that says of each column that is asked for how many values it may have among the changes. */
export const VALUES = 'pgstream_values'

/** The array that says of each source how many in 200 of its changes pass. */
export const PASSING = 'pgstream_passing'

/** Is there something in a text that would be taken for a mark? */
export function hasMarks(text: string): boolean {
  return MARKS.test(text)
}

/** `text` where all these sources have changed; where one has not, nothing. */
export function whenChanged(relations: readonly number[], text: string): string {
  return relations.length === 0 ? text : `${BEGIN}${relations.join(' ')}${THEN}${text}${END}`
}

/** `text` where the source has not changed; where it has, nothing. */
export function unlessChanged(relation: number, text: string): string {
  return `${BEGIN}!${relation}${THEN}${text}${END}`
}

/** One text where the source has the same rows again and again, another where it has not. */
export function whenRepeated(relation: number, repeated: string, once: string): string {
  return `${BEGIN}~${relation}${THEN}${repeated}${OR}${once}${END}`
}

/** `text` as often as in 200 changes of the source one passes, not counting one. */
export function forPassing(relation: number, text: string): string {
  return `${BEGIN}^${relation}${THEN}${text}${END}`
}

/** A column of a source, of which values are counted. */
export interface CountedColumn {
  readonly relation: number
  readonly attnum: number
}

/** `text` as often as one in 200 times 200 pairs is more than one for each value of the column that has more, not counting one. */
export function forPairs(columns: readonly CountedColumn[], text: string): string {
  return `${BEGIN}%${columns.map(({ relation, attnum }) => `${relation}.${attnum}`).join(' ')}${THEN}${text}${END}`
}

/** `text` where the FROM item `alias` of the term has what changed. */
export function whereChanged(alias: string, text: string): string {
  return `${BEGIN}?${alias}${THEN}${text}${END}`
}

/** A number that the changed rows of the source do not exceed: a quarter and 100 more than they are, twice as many at most. */
export function atMost(relation: number): string {
  return `${BEGIN}#${relation}${THEN}${END}`
}

/** How many new rows of the source were counted. */
export function counted(relation: number): string {
  return `${BEGIN}@${relation}${THEN}${END}`
}

/** The ways to read a source as it was before its changes. */
export interface Before {
  /** The source as it is now: all there is to read where it has not changed. */
  readonly after: string
  /** What changed, with its sign turned. */
  readonly changes: string
  /** Both in one. */
  readonly union: string
}

/** A FROM item of a term, see `term`. */
export function before(relation: number, alias: string, { after, changes, union }: Before): string {
  return `${BEGIN}=${relation} ${alias}${THEN}${after}${OR}${changes}${OR}${union}${END}`
}

/**
 * Those of the SELECTs that are there, one under the other; `otherwise` where none is. One that stood there always would be
 * planned for nothing, in each way to read its sources (measured, TPC-H q8: planning takes 210 ms → 103 ms).
 */
export function unionOf(queries: readonly string[], otherwise: string): string {
  return `${BEGIN}+${THEN}${[...queries, otherwise].join(OR)}${END}`
}

/** The rows of a stage, or of the one source that has changed: the stored ones and what changed, each in a term of its own. */
export function apart({ after, changes, union }: Before): string {
  return `${BEGIN}&${THEN}${after}${OR}${changes}${OR}${union}${END}`
}

/** A SELECT that is linear in its FROM items, to be said once for each way to read them. */
export function term(query: string): string {
  return hasMarks(query) ? `${BEGIN}*${THEN}${query}${END}` : query
}

/**
 * The text as an expression over the array `changed`, which has for each of `relations` how many of its rows have,
 * `news`, which has how many new rows there are, those that add up to nothing as well, and REPEATED.
 */
export function fittedText(
  marked: string,
  relations: readonly number[],
  changed: string,
  news: string,
  values: CountedColumn[] = [],
): string {
  let at = 0
  let ways = 0
  /** Of the terms around, the innermost last: the ways to read its FROM items, and which is which. */
  const terms: string[][] = []
  const names: Map<string, string>[] = []
  let apartInTerm = 0
  const placeOf = (relation: string) => `[${relations.indexOf(Number(relation)) + 1}]`
  const rows = (relation: string) => `${changed}${placeOf(relation)}`
  const pairsOf = (columns: string) => {
    const counts = columns.split(' ').map((each) => {
      const [relation, attnum] = each.split('.').map(Number)
      const known = values.findIndex((one) => one.relation === relation && one.attnum === attnum)
      const place = known < 0 ? values.push({ relation: relation ?? 0, attnum: attnum ?? 0 }) : known + 1
      return `${VALUES}[${place}]`
    })
    return `least(199, ${PAIRS} / greatest(${counts.join(', ')}, 1) - 1)::int`
  }
  const isThere = (relation: string) => `${rows(relation)} > 0`
  const sequence = (): string => {
    const parts: string[] = []
    while (at < marked.length && marked[at] !== END && marked[at] !== OR) {
      if (marked[at] === BEGIN) {
        const then = marked.indexOf(THEN, at)
        const condition = marked.slice(at + 1, then)
        at = then + 1
        parts.push(region(condition))
        at += 1
      } else {
        const next = marked.slice(at).search(MARKS)
        const end = next < 0 ? marked.length : at + next
        parts.push(dollarQuote(marked.slice(at, end)))
        at = end
      }
    }
    return parts.join(' || ') || "''"
  }
  const alternatives = (): string[] => {
    const texts: string[] = []
    while (marked[at] === OR) {
      at += 1
      texts.push(sequence())
    }
    return texts
  }
  const region = (condition: string): string => {
    if (condition === '*') {
      const own: string[] = []
      const outer = apartInTerm
      apartInTerm = 0
      terms.push(own)
      names.push(new Map())
      const inner = sequence()
      terms.pop()
      names.pop()
      apartInTerm = outer
      return own.length === 0
        ? inner
        : `(SELECT string_agg(${inner}, E'\\nUNION ALL\\n') FROM ${own.join(', ')})`
    }
    const inner = sequence()
    if (condition.startsWith('#')) {
      const count = `${news}${placeOf(condition.slice(1))}`
      return `${count} + least(${count}, 100 + ${count} / 4) + 1`
    }
    if (condition.startsWith('%')) return `repeat(${inner}, ${pairsOf(condition.slice(1))})`
    if (condition.startsWith('?')) {
      const name = names.findLast((each) => each.has(condition.slice(1)))?.get(condition.slice(1))
      return name === undefined ? "''" : `CASE WHEN ${name}.nth > 1 THEN ${inner} ELSE '' END`
    }
    if (condition.startsWith('^')) return `repeat(${inner}, ${PASSING}${placeOf(condition.slice(1))})`
    if (condition.startsWith('@')) return `${news}${placeOf(condition.slice(1))}`
    if (condition === '+') {
      const texts = [inner, ...alternatives()]
      const otherwise = texts.pop()
      const there = `array_remove(ARRAY[${texts.join(', ')}], '')`
      return `coalesce(nullif(array_to_string(${there}, E'\\nUNION ALL\\n'), ''), ${otherwise})`
    }
    if (condition.startsWith('~'))
      return `CASE WHEN ${REPEATED}${placeOf(condition.slice(1))} THEN ${inner} ELSE ${alternatives()[0]} END`
    if (condition === '&') {
      const [changes, union] = alternatives()
      const own = terms.at(-1)
      if (!own || ++apartInTerm > APART_LIMIT) return union ?? ''
      const name = `way_${++ways}`
      own.push(`unnest(ARRAY[${inner}, ${changes}]) AS ${name}`)
      return name
    }
    if (condition.startsWith('=')) {
      const [relation = '', alias = ''] = condition.slice(1).split(' ')
      const [changes, union] = alternatives()
      const after = inner
      const name = `way_${++ways}`
      names.at(-1)?.set(alias, name)
      const isMany = `cardinality(array_positions(${changed}, 0::bigint)) < ${relations.length - SPLIT_LIMIT}`
      const many = relations.length > SPLIT_LIMIT ? ` WHEN ${isMany} THEN ARRAY[${union}]` : ''
      terms
        .at(-1)
        ?.push(
          `unnest(CASE WHEN ${rows(relation)} = 0 THEN ARRAY[${after}]${many} ELSE ARRAY[${after}, ${changes}] END) WITH ORDINALITY AS ${name}(way, nth)`,
        )
      return `${name}.way`
    }
    const test = condition.startsWith('!')
      ? `${rows(condition.slice(1))} = 0`
      : condition.split(' ').map(isThere).join(' AND ')
    return `CASE WHEN ${test} THEN ${inner} ELSE '' END`
  }
  return sequence()
}
