import { expect, test } from 'vitest'
import { freshPGlite } from '../support/pglite.ts'

test('observation and operation in PGlite', async () => {
  const db = await freshPGlite()
  const rows = async (query: string) => (await db.query<Record<string, unknown>>(query)).rows
  try {
    await db.exec(
      `CREATE TABLE t (id int PRIMARY KEY, g text, n numeric); INSERT INTO t SELECT i, 'g' || i % 3, i FROM generate_series(1, 30) AS i`,
    )
    await db.exec(`SELECT * FROM pgstream.bulk_create('[{"name": "top", "query": "SELECT g FROM sums WHERE n > 5"},
      {"name": "sums", "query": "SELECT g, sum(n) AS n FROM t GROUP BY g", "schedule": "1m"}]')`)
    await db.pgStream.tick()
    const well = await rows(`SELECT check_name, detail FROM pgstream.health_check() WHERE severity <> 'OK'`)
    expect(well).toEqual([])
    expect(await rows('SELECT status FROM pgstream.quick_health')).toEqual([{ status: 'OK' }])
    expect(
      (await rows('SELECT tree_line FROM pgstream.dependency_tree()')).map((row) => row.tree_line),
    ).toEqual(['public.top [AUTO, ACTIVE]', '└── public.sums [AUTO, ACTIVE]', '    └── public.t'])
    const heard: string[] = []
    await db.listen('changed', (payload) => heard.push(payload))
    await db.exec(`SELECT pgstream.subscribe('sums', 'changed'); INSERT INTO t VALUES (100, 'new', 1)`)
    expect(await rows('SELECT stream_table, pending_rows FROM pgstream.change_buffer_sizes()')).toEqual([
      { stream_table: 'public.sums', pending_rows: 1 },
      { stream_table: 'public.top', pending_rows: 0 },
    ])
    expect(await rows(`SELECT pgstream.refresh_if_stale('sums', interval '0') AS done`)).toEqual([
      { done: true },
    ])
    expect(heard.map((each) => JSON.parse(each).inserted)).toEqual([1])
    await db.exec(
      `SELECT pgstream.pause_all(); SELECT pgstream.resume_all(); SELECT pgstream.repair_stream_table('sums')`,
    )
    expect(await rows(`SELECT * FROM pgstream.verify_stream_table('sums')`)).toEqual([])
    expect(
      await rows(
        `SELECT pgstream.create_or_replace_stream_table('sums', 'SELECT g, sum(n) AS n FROM t GROUP BY g', '1m') AS done`,
      ),
    ).toEqual([{ done: 'unchanged' }])
    for (const call of [
      'explain_dag()',
      `explain_dag('dot')`,
      `list_sources('top')`,
      `stream_table_lineage('top')`,
      `diagnose_errors('top')`,
      'refresh_timeline()',
      'check_cdc_health()',
      'trigger_inventory()',
      'slot_health()',
      `recommend_indexes('top')`,
      `recommend_refresh_mode('top')`,
    ])
      expect(await rows(`SELECT * FROM pgstream.${call}`), call).toBeDefined()
  } finally {
    await db.close()
  }
}, 60_000)
