/**
 * Statements that are fitted to what has changed. A statement for several sources has terms for each; of most only a few
 * have changed, and what the others contribute is empty: known at run time, and too late for the planner, who would order
 * joins of six tables for each of these terms, and take a table with nothing taken away for a union it knows nothing of.
 * So what depends on a source is marked, and the function that plans the statement anew leaves out what is not there.
 * It also tells the planner how many changes there are: a scan of a change buffer is taken for 1,000 rows each (what
 * generate_series is taken for), and a LIMIT brings that down to what was counted. The guard sees that it cuts nothing off.
 */
import { dollarQuote } from './names.ts'

/** Of the private use area; a query that has them itself is not marked. */
const [BEGIN, THEN, END] = ['\ue000', '\ue001', '\ue002']
const MARKS = /[\ue000-\ue002]/

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

/** A number that the changed rows of the source do not exceed, about twice as many as they are. */
export function atMost(relation: number): string {
  return `${BEGIN}#${relation}${THEN}${END}`
}

/** The text as an expression over the array `changed`, which has for each of `relations` how many of its rows have. */
export function fittedText(marked: string, relations: readonly number[], changed: string): string {
  let at = 0
  const rows = (relation: string) => `${changed}[${relations.indexOf(Number(relation)) + 1}]`
  const isThere = (relation: string) => `${rows(relation)} > 0`
  const sequence = (): string => {
    const parts: string[] = []
    while (at < marked.length && marked[at] !== END) {
      if (marked[at] === BEGIN) {
        const then = marked.indexOf(THEN, at)
        const condition = marked.slice(at + 1, then)
        at = then + 1
        const inner = sequence()
        at += 1
        const test = condition.startsWith('!')
          ? `${rows(condition.slice(1))} = 0`
          : condition.split(' ').map(isThere).join(' AND ')
        if (condition.startsWith('#')) parts.push(`2 * greatest(${rows(condition.slice(1))}, 1)`)
        else parts.push(`CASE WHEN ${test} THEN ${inner} ELSE '' END`)
      } else {
        const next = marked.slice(at).search(MARKS)
        const end = next < 0 ? marked.length : at + next
        parts.push(dollarQuote(marked.slice(at, end)))
        at = end
      }
    }
    return parts.join(' || ') || "''"
  }
  return sequence()
}
