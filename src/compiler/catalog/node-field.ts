import { internalError } from './error.ts'
import { type Datum, isNode, type NumberList, type TreeNode, type TreeValue } from './node-tree.ts'

/**
 * Typed access to the fields of a node. A field that is absent or of another shape is our misunderstanding of the
 * server's tree, hence an internal error that names node and field. `fallback` is what to take when this version of
 * the server does not have the field at all.
 */
function read<T>(
  node: TreeNode,
  name: string,
  expected: string,
  fallback: T | undefined,
  convert: (value: TreeValue) => T | undefined,
): T {
  const value = node.fields[name]
  if (value === undefined) {
    if (fallback !== undefined) return fallback
    throw internalError(`node ${node.tag} has no field "${name}"`)
  }
  const converted = convert(value)
  if (converted === undefined) throw internalError(`field "${name}" of node ${node.tag} is not ${expected}`)
  return converted
}

/** For the rare field whose shape depends on the data. */
export function hasField(node: TreeNode, name: string): boolean {
  return node.fields[name] !== undefined
}

export function nodeField(node: TreeNode, name: string): TreeNode {
  return read(node, name, 'a node', undefined, (value) => (isNode(value) ? value : undefined))
}

export function optionalNode(node: TreeNode, name: string, fallback?: null): TreeNode | null {
  return read<TreeNode | null>(node, name, 'a node or null', fallback, (value) =>
    value === null || isNode(value) ? value : undefined,
  )
}

/** Any list, its elements unjudged; the empty list prints as null. */
export function listField(
  node: TreeNode,
  name: string,
  fallback?: readonly TreeValue[],
): readonly TreeValue[] {
  return read<readonly TreeValue[]>(node, name, 'a list', fallback, (value) => {
    if (value === null) return []
    return isTreeList(value) ? value : undefined
  })
}

export function nodeListField(
  node: TreeNode,
  name: string,
  fallback?: readonly TreeNode[],
): readonly TreeNode[] {
  return read<readonly TreeNode[]>(node, name, 'a list of nodes', fallback, (value) => {
    if (value === null) return []
    return isTreeList(value) && value.every(isNode) ? (value as readonly TreeNode[]) : undefined
  })
}

export function stringListField(
  node: TreeNode,
  name: string,
  fallback?: readonly string[],
): readonly string[] {
  return read<readonly string[]>(node, name, 'a list of strings', fallback, (value) => {
    if (value === null) return []
    return isTreeList(value) && value.every((item) => typeof item === 'string')
      ? (value as readonly string[])
      : undefined
  })
}

export function intListField(node: TreeNode, name: string, fallback?: readonly number[]): readonly number[] {
  return numbers(node, name, 'i', 'a list of integers', fallback)
}

export function oidListField(node: TreeNode, name: string, fallback?: readonly number[]): readonly number[] {
  return numbers(node, name, 'o', 'a list of oids', fallback)
}

/** The members of a bitmap set, ascending. */
export function bitmapField(node: TreeNode, name: string, fallback?: readonly number[]): readonly number[] {
  return numbers(node, name, 'b', 'a bitmap set', fallback)
}

function numbers(
  node: TreeNode,
  name: string,
  list: NumberList['list'],
  expected: string,
  fallback: readonly number[] | undefined,
): readonly number[] {
  return read(node, name, expected, fallback, (value) => {
    if (value === null) return []
    return typeof value === 'object' && 'list' in value && value.list === list ? value.numbers : undefined
  })
}

/** Integers, oids, enumerations and floats alike. */
export function numberField(node: TreeNode, name: string, fallback?: number): number {
  return read(node, name, 'a number', fallback, (value) => {
    if (typeof value !== 'string' || value === '') return undefined
    const number = Number(value)
    return Number.isNaN(number) ? undefined : number
  })
}

export function booleanField(node: TreeNode, name: string, fallback?: boolean): boolean {
  return read(node, name, 'a boolean', fallback, (value) => {
    if (value === 'true') return true
    return value === 'false' ? false : undefined
  })
}

export function stringField(node: TreeNode, name: string, fallback?: string): string {
  return read(node, name, 'a string', fallback, (value) => (typeof value === 'string' ? value : undefined))
}

export function optionalString(node: TreeNode, name: string, fallback?: null): string | null {
  return read<string | null>(node, name, 'a string or null', fallback, (value) =>
    value === null || typeof value === 'string' ? value : undefined,
  )
}

/** One byte; the zero byte, which prints as null, is ''. */
export function charField(node: TreeNode, name: string, fallback?: string): string {
  return read(node, name, 'a character', fallback, (value) => {
    if (value === null) return ''
    return typeof value === 'string' ? value : undefined
  })
}

/** null for a NULL constant. */
export function datumField(node: TreeNode, name: string): Datum | null {
  return read<Datum | null>(node, name, 'a datum', undefined, (value) =>
    value === null || (typeof value === 'object' && 'bytes' in value) ? value : undefined,
  )
}

function isTreeList(value: TreeValue): value is readonly TreeValue[] {
  return Array.isArray(value)
}
