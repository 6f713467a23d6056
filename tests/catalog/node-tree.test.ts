import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CompileError } from '../../src/compiler/catalog/error.ts'
import {
  bitmapField,
  booleanField,
  charField,
  datumField,
  hasField,
  intListField,
  listField,
  nodeField,
  nodeListField,
  numberField,
  oidListField,
  optionalNode,
  optionalString,
  stringField,
  stringListField,
} from '../../src/compiler/catalog/node-field.ts'
import { isNode, parseNodeTree, parseViewQuery, type TreeNode } from '../../src/compiler/catalog/node-tree.ts'
import { withClient } from '../support/server.ts'

const plain = { pgStream: false }

describe('lexical rules', () => {
  const parse = (text: string) => parseNodeTree(text)

  test('nodes, lists, nulls', () => {
    expect(parse('{A :b <> :c (1 -2 <>) :d {E} :f ({G :h 1} {G :h 2})}')).toEqual({
      tag: 'A',
      fields: {
        b: null,
        c: ['1', '-2', null],
        d: { tag: 'E', fields: {} },
        f: [
          { tag: 'G', fields: { h: '1' } },
          { tag: 'G', fields: { h: '2' } },
        ],
      },
    })
  })

  test('number lists', () => {
    const tree = parse('{A :i (i 1 -2) :o (o 4294967295) :b (b) :x (x 7) :s (b101 b1)}') as TreeNode
    expect(intListField(tree, 'i')).toEqual([1, -2])
    expect(oidListField(tree, 'o')).toEqual([4294967295])
    expect(bitmapField(tree, 'b')).toEqual([])
    expect(tree.fields.x).toEqual({ list: 'x', numbers: [7] })
    expect(stringListField(tree, 's')).toEqual(['b101', 'b1'])
  })

  test('strings, escapes and names that look like something else', () => {
    const tree = parse(
      '{A :a ("x" "a\\ b\\(c\\)" "\\"q"" "" "back\\\\slash" ":y") :b :c :c \\<> :d \\5 :e "" :f \\"g :g [ :h a\\\nb}',
    ) as TreeNode
    expect(stringListField(tree, 'a')).toEqual(['x', 'a b(c)', '"q"', '', 'back\\slash', ':y'])
    const names = ['b', 'c', 'd', 'e', 'f', 'g', 'h'].map((field) => stringField(tree, field))
    expect(names).toEqual([':c', '<>', '5', '', '"g', '[', 'a\nb'])
  })

  test('datums', () => {
    const tree = parse('{CONST :constvalue 4 [ -1 127 -128 0 ]}') as TreeNode
    expect(datumField(tree, 'constvalue')).toEqual({ length: 4, bytes: [255, 127, 128, 0] })
    expect(datumField(parse('{CONST :constvalue <>}') as TreeNode, 'constvalue')).toBeNull()
    expect(datumField(parse('{CONST :constvalue 0 [ ]}') as TreeNode, 'constvalue')).toEqual({
      length: 0,
      bytes: [],
    })
  })

  test.each(['', '{A :b', '{A b}', '(1 2', '{A} {B}', '{CONST :constvalue 4 [ x ]}', '{A :b )}', '(i x)'])(
    'malformed: %s',
    (text) => expect(() => parse(text)).toThrow(/malformed node tree at character \d+/),
  )
})

describe('accessors', () => {
  const tree = parseNodeTree('{A :n 1.5 :t true :f false :z <> :s x :l (1 2) :k {B} :c a}') as TreeNode

  test('values', () => {
    expect(numberField(tree, 'n')).toBe(1.5)
    expect([booleanField(tree, 't'), booleanField(tree, 'f')]).toEqual([true, false])
    expect([optionalString(tree, 'z'), optionalString(tree, 's')]).toEqual([null, 'x'])
    expect([charField(tree, 'z'), charField(tree, 'c')]).toEqual(['', 'a'])
    expect([optionalNode(tree, 'z'), optionalNode(tree, 'k')?.tag]).toEqual([null, 'B'])
    expect([listField(tree, 'z'), nodeListField(tree, 'z'), intListField(tree, 'z')]).toEqual([[], [], []])
    expect(listField(tree, 'l')).toEqual(['1', '2'])
    expect([hasField(tree, 'z'), hasField(tree, 'absent')]).toEqual([true, false])
  })

  test('a field that this version does not have', () => {
    expect(numberField(tree, 'absent', 7)).toBe(7)
    expect(booleanField(tree, 'absent', false)).toBe(false)
    expect(optionalNode(tree, 'absent', null)).toBeNull()
    expect(optionalString(tree, 'absent', null)).toBeNull()
    expect(nodeListField(tree, 'absent', [])).toEqual([])
    expect(bitmapField(tree, 'absent', [])).toEqual([])
  })

  test.each([
    [() => numberField(tree, 's'), 'field "s" of node A is not a number'],
    [() => booleanField(tree, 'n'), 'field "n" of node A is not a boolean'],
    [() => stringField(tree, 'z'), 'field "z" of node A is not a string'],
    [() => nodeField(tree, 'z'), 'field "z" of node A is not a node'],
    [() => nodeListField(tree, 'l'), 'field "l" of node A is not a list of nodes'],
    [() => intListField(tree, 'l'), 'field "l" of node A is not a list of integers'],
    [() => datumField(tree, 's'), 'field "s" of node A is not a datum'],
    [() => nodeField(tree, 'absent'), 'node A has no field "absent"'],
  ])('misunderstandings name node and field (%#)', (access, message) => {
    expect(access).toThrow(message)
    expect(access).toThrow(CompileError)
  })
})

describe('on a server', () => {
  test('every view of the catalog, at 20 MB/s or better', () =>
    withClient(async (client) => {
      const { rows } = await client.query<{ tree: string }>(
        `SELECT ev_action::text AS tree FROM pg_rewrite WHERE ev_type = '1'`,
      )
      expect(rows.length).toBeGreaterThan(100)
      for (const { tree } of rows) expect(parseViewQuery(tree).tag).toBe('QUERY')
      const size = rows.reduce((sum, { tree }) => sum + tree.length, 0)
      const start = performance.now()
      for (const { tree } of rows) parseViewQuery(tree)
      expect((performance.now() - start) / (size / 1e6)).toBeLessThan(50)
    }, plain))

  test('names of any kind come back as they were', () =>
    withClient(async (client) => {
      const name = fc
        .oneof(
          fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
          fc
            .array(
              fc.constantFrom(
                '\\',
                '"',
                ' ',
                '(',
                ')',
                '{',
                '}',
                '<',
                '>',
                ':',
                '[',
                '-',
                '5',
                '\n',
                '\t',
                'b',
                'é',
              ),
              {
                minLength: 1,
                maxLength: 8,
              },
            )
            .map((parts) => parts.join('')),
          fc.constantFrom('<>', 'true', '""', '-1', '+.5', 'i', 'o', 'b', ':x', '{', '\\'),
        )
        .filter((text) => Buffer.byteLength(text) < 64)
      const names = fc.uniqueArray(name, { minLength: 1, maxLength: 40 })
      const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
      await fc.assert(
        fc.asyncProperty(names, name, async (columns, alias) => {
          const list = columns.map(quoted).join(', ')
          await client.query('DROP VIEW IF EXISTS pg_temp.named')
          await client.query(
            `CREATE TEMP VIEW named AS SELECT ${list}
             FROM (VALUES (${columns.map(() => 1).join(', ')})) AS ${quoted(alias)} (${list})`,
          )
          const { rows } = await client.query<{ tree: string }>(
            `SELECT ev_action::text AS tree FROM pg_rewrite WHERE ev_class = 'pg_temp.named'::regclass`,
          )
          const query = parseViewQuery(rows[0]?.tree ?? '')
          expect(nodeListField(query, 'targetList').map((entry) => stringField(entry, 'resname'))).toEqual(
            columns,
          )
          // Before PostgreSQL 16 the range table of a view begins with OLD and NEW.
          const values = nodeListField(query, 'rtable').findLast(
            (entry) => optionalNode(entry, 'alias') !== null,
          )
          if (!isNode(values)) throw new Error('no range table entry with an alias')
          const eref = nodeField(values, 'eref')
          expect(stringField(eref, 'aliasname')).toBe(alias)
          expect(stringListField(eref, 'colnames')).toEqual(columns)
        }),
        { numRuns: 50 },
      )
    }, plain))
})
