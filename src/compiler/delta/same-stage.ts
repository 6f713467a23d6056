/**
 * Are two operators the same but for the ids of their columns? A WITH query is bound anew for each reference, so that each has
 * columns of its own; what it keeps and computes is one thing.
 */
import { ID_FIELDS, type Node } from '../algebra/node.ts'

export function isSameStage(a: Node, b: Node): boolean {
  const names = new Map<number, number>()
  const taken = new Map<number, number>()
  const sameId = (x: number, y: number): boolean => {
    if (names.has(y) || taken.has(x)) return names.get(y) === x && taken.get(x) === y
    names.set(y, x)
    taken.set(x, y)
    return true
  }
  const same = (x: unknown, y: unknown, field: string): boolean => {
    if (typeof x === 'number' && typeof y === 'number') {
      // A recursion that is not numbered yet goes by the id of its first column, with a minus.
      const isId = ID_FIELDS.has(field) || (field === 'stage' && x < 0 && y < 0)
      return isId ? Math.sign(x) === Math.sign(y) && sameId(Math.abs(x), Math.abs(y)) : x === y
    }
    if (typeof x !== 'object' || typeof y !== 'object' || x === null || y === null) return x === y
    if (Array.isArray(x) || Array.isArray(y))
      return (
        Array.isArray(x) &&
        Array.isArray(y) &&
        x.length === y.length &&
        x.every((each, i) => same(each, y[i], field))
      )
    const [left, right] = [fieldsOf(x), fieldsOf(y)]
    return (
      left.size === right.size &&
      [...left].every(([name, value]) => right.has(name) && same(value, right.get(name), name))
    )
  }
  return same(a, b, '')
}

/** What a stage calls its columns itself does not matter to who reads it. */
function fieldsOf(value: object): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(value).filter(([name, field]) => field !== undefined && name !== 'stored'))
}
