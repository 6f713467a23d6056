/**
 * Settings by which PostgreSQL plans, drawn from a seed: what is right must be so under every plan. They hold in the session,
 * and in the place of those that generated functions bring along, which only make good plans likely.
 */
import type { SqlClient } from '../oracle/oracle.ts'

export interface Plans {
  /** What is SET in a session. */
  readonly settings: readonly (readonly [string, string])[]
  /** A compiler's reply whose functions bring the drawn settings along instead of their own. */
  rewritten(reply: string): string
}

const SWITCHES = [
  'enable_hashjoin',
  'enable_mergejoin',
  'enable_nestloop',
  'enable_hashagg',
  'enable_sort',
  'enable_incremental_sort',
  'enable_seqscan',
  'enable_indexscan',
  'enable_indexonlyscan',
  'enable_bitmapscan',
  'enable_material',
  'enable_memoize',
]

const CHOICES: readonly (readonly [string, readonly string[]])[] = [
  ['plan_cache_mode', ['auto', 'force_generic_plan', 'force_custom_plan']],
  ['work_mem', ['64kB', '4MB', '64MB']],
  ['hash_mem_multiplier', ['1', '2']],
  ['jit', ['off', 'on']],
  ['join_collapse_limit', ['1', '8', '100']],
  ['from_collapse_limit', ['1', '8', '100']],
  ['geqo_threshold', ['2', '12', '100']],
  ['random_page_cost', ['0', '1.1', '4', '100']],
  ['cpu_tuple_cost', ['0', '0.01', '10']],
  ['cpu_operator_cost', ['0', '0.0025', '10']],
  ['cursor_tuple_fraction', ['0', '0.1', '1']],
]

/** Every query that may run in parallel does; no cost keeps code from being compiled. */
const PARALLEL: readonly (readonly [string, string])[] = [
  ['parallel_setup_cost', '0'],
  ['parallel_tuple_cost', '0'],
  ['min_parallel_table_scan_size', '0'],
  ['min_parallel_index_scan_size', '0'],
]

export function drawPlans(seed: number): Plans {
  const pick = drawing(seed)
  const settings: (readonly [string, string])[] = [
    ...SWITCHES.map((name) => [name, pick(3) === 0 ? 'off' : 'on'] as const),
    ...CHOICES.map(([name, values]) => [name, values[pick(values.length)] ?? ''] as const),
    ...(pick(4) === 0 ? PARALLEL : []),
    ...(pick(8) === 0 ? [['jit_above_cost', '0'] as const] : []),
  ]
  const drawn = new Map(settings)
  return {
    settings,
    rewritten: (reply) =>
      reply.replace(/SET (\w+) = (?:'\w+'|[\w.]+)/g, (clause, name) =>
        drawn.has(name) ? `SET ${name} = '${drawn.get(name)}'` : clause,
      ),
  }
}

/** What tells the planner about tables, brought up to date now and then by somebody else. */
export async function tend(client: SqlClient, schema: string): Promise<void> {
  const { rows } = await client.query(
    `SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ') AS tables
     FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname IN ($1, 'pgstream_changes', 'pgstream_state') AND c.relkind = 'r'`,
    [schema],
  )
  const { tables } = (rows as { tables: string | null }[])[0] ?? { tables: null }
  if (!tables) return
  // In a lock's way: another time.
  await client.query(`VACUUM (ANALYZE, SKIP_LOCKED) ${tables}`).catch((error: { code?: string }) => {
    if (error.code !== '55P03') throw error
  })
}

/** mulberry32. */
function drawing(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }
}
