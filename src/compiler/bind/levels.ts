/** Expressions moved to another depth of queries in queries. */
import { isNode, type TreeNode, type TreeValue } from '../catalog/node-tree.ts'

/** What counts the queries up to the one that is meant: of columns, aggregates and WITH queries. */
const LEVELS = ['varlevelsup', 'agglevelsup', 'ctelevelsup']

/** The expression as it reads `by` levels further in; what belongs to a query inside it stays. */
export function raised(node: TreeNode, by: number, inside = 0): TreeNode {
  if (by === 0) return node
  const deeper = node.tag === 'QUERY' ? inside + 1 : inside
  const made = withFields(node, (field) => raisedValue(field, by, deeper))
  const fields = { ...made.fields }
  for (const name of LEVELS) {
    const level = fields[name]
    if (typeof level === 'string' && Number(level) >= inside) fields[name] = String(Number(level) + by)
  }
  return { tag: made.tag, fields }
}

function raisedValue(value: TreeValue, by: number, inside: number): TreeValue {
  if (Array.isArray(value))
    return (value as readonly TreeValue[]).map((each) => raisedValue(each, by, inside))
  return isNode(value) ? raised(value, by, inside) : value
}

export function withFields(node: TreeNode, change: (value: TreeValue) => TreeValue): TreeNode {
  return {
    tag: node.tag,
    fields: Object.fromEntries(Object.entries(node.fields).map(([name, field]) => [name, change(field)])),
  }
}
