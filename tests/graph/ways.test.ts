/** Which stream tables are refreshed together, in random graphs, against what the words say; and in dense ones, where there are more ways than anybody can count. */
import type pg from 'pg'
import { expect, test } from 'vitest'
import { scenes } from '../concurrency/scene.ts'

const scene = scenes()

/** What each stream table reads: numbers below 0 are ordinary tables. Sources have smaller numbers than their readers. */
type Graph = readonly (readonly number[])[]

/** The groups of `pgstream.graph` for made-up definitions, as the place of each one's first member. Leaves nothing behind. */
async function groups(client: pg.Client, graph: Graph): Promise<number[]> {
  await client.query('BEGIN')
  try {
    await client.query(
      `INSERT INTO pgstream.pgs_stream_tables (pgs_relid, pgs_schema, pgs_name, defining_query, defining_search_path, tree, columns,
         definition, refresh_mode)
       SELECT 2000000000 + i, 'made_up', i, '', '', '', '[]', '', 'AUTO' FROM generate_series(0, $1 - 1) AS i ORDER BY i`,
      [graph.length],
    )
    await client.query(
      `INSERT INTO pgstream.pgs_dependencies (pgs_id, source_relid, columns)
       SELECT s.pgs_id, 2000000000 + e.source, '{1}' FROM unnest($1::int[], $2::int[]) AS e(reader, source)
       JOIN pgstream.pgs_stream_tables s ON s.pgs_relid = 2000000000 + e.reader`,
      [graph.flatMap((sources, reader) => sources.map(() => reader)), graph.flat()],
    )
    await client.query('INSERT INTO pgstream.graph_changes DEFAULT VALUES')
    await client.query('SELECT pgstream._follow_graph()')
    const { rows } = await client.query(
      `SELECT (min(s.pgs_relid::bigint) OVER (PARTITION BY g.group_id) - 2000000000)::int AS first
       FROM pgstream.graph g JOIN pgstream.pgs_stream_tables s USING (pgs_id) WHERE s.pgs_schema = 'made_up' ORDER BY s.pgs_relid`,
    )
    return rows.map((row) => row.first)
  } finally {
    await client.query('ROLLBACK')
  }
}

/** The same by the words: two inputs lead down to one relation, and no single stream table is on every way. */
function expected(graph: Graph): number[] {
  const group = graph.map((_, node) => node)
  const join = (one: number, other: number) => {
    const [most, least] = [
      Math.max(group[one] ?? 0, group[other] ?? 0),
      Math.min(group[one] ?? 0, group[other] ?? 0),
    ]
    let joined = false
    for (const [node, of] of group.entries())
      if (of === most && most !== least) {
        group[node] = least
        joined = true
      }
    return joined
  }
  const below = (from: number, without?: number): Set<number> => {
    const found = new Set<number>()
    const walk = (node: number) => {
      for (const source of graph[node] ?? [])
        if (source !== without && !found.has(source)) {
          found.add(source)
          walk(source)
        }
    }
    walk(from)
    return found
  }
  const reach = graph.map((_, node) => below(node))
  const reads = (node: number, relation: number) => reach[node]?.has(relation) ?? false
  for (const [top, sources] of graph.entries())
    for (const relation of below(top)) {
      if (sources.filter((source) => source === relation || reads(source, relation)).length < 2) continue
      const inside = graph.flatMap((_, node) => (reads(top, node) && reads(node, relation) ? [node] : []))
      if (inside.every((node) => below(top, node).has(relation))) for (const node of inside) join(top, node)
    }
  // No way leads out of a group and back.
  const leadsTo = (of: number): Set<number> => {
    const found = new Set<number>()
    const walk = (from: number) => {
      for (const [reader, sources] of graph.entries()) {
        const to = group[reader] ?? 0
        if (to !== from && !found.has(to) && sources.some((source) => group[source] === from)) {
          found.add(to)
          walk(to)
        }
      }
    }
    walk(of)
    return found
  }
  for (let joined = true; joined; ) {
    joined = false
    for (const one of new Set(group))
      for (const other of leadsTo(one)) if (leadsTo(other).has(one)) joined = join(one, other) || joined
  }
  return group
}

/** Mulberry32. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

test('random graphs', async () => {
  const { client } = await scene()
  for (let seed = 1; seed <= 120; seed++) {
    const random = randomNumbers(seed)
    const upTo = (n: number) => Math.floor(random() * n)
    const [bases, most, reachesDown] = [1 + upTo(4), 1 + upTo(3), 1 + upTo(8)]
    const graph = Array.from({ length: 4 + upTo(12) }, (_, node) => [
      ...new Set(
        Array.from({ length: 1 + upTo(most) }, () =>
          node === 0 || random() < 0.25 ? -1 - upTo(bases) : node - 1 - upTo(Math.min(node, reachesDown)),
        ),
      ),
    ])
    expect(await groups(client, graph), `seed ${seed}: ${JSON.stringify(graph)}`).toEqual(expected(graph))
  }
})

test.each([
  ['a chain', [[-1], [0], [1], [2]], [0, 1, 2, 3]],
  ['a diamond', [[-1], [-1], [0, 1]], [0, 0, 0]],
  ['a diamond below a chain', [[-1], [-1], [0, 1], [2], [3]], [0, 0, 0, 3, 4]],
  ['two diamonds that touch', [[-1], [-1], [0, 1], [2], [2], [3, 4]], [0, 0, 0, 3, 3, 3]],
  ['a shorter way', [[-1], [0], [1, -1]], [0, 0, 0]],
  ['two relations side by side', [[-1], [-2], [0, 1]], [0, 1, 2]],
] as const)('%s', async (_, graph, wanted) => {
  const { client } = await scene()
  expect(await groups(client, graph)).toEqual(wanted)
})

test('15 layers of 15, each over all of the one below', async () => {
  const { client } = await scene()
  await client.query(`SET statement_timeout = '60s'`)
  const graph = Array.from({ length: 225 }, (_, node) => {
    const layer = Math.floor(node / 15)
    return layer === 0 ? [-1] : Array.from({ length: 15 }, (_, i) => (layer - 1) * 15 + i)
  })
  expect(new Set(await groups(client, graph))).toEqual(new Set([0]))
})
