import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { type CliProcess, runCli } from '../cli/cli-process.ts'
import { backendPid } from '../concurrency/scene.ts'
import { expectEqual, expectExact } from '../oracle/oracle.ts'
import { freshDatabase } from '../support/server.ts'
import { GRAPH, GROUPS, type GraphTable, MEETINGS, TICKS } from './graph-tables.ts'
import { CANCELED, random, SCHEMA, startLoad } from './workload.ts'

/** Longer by hand: PG_STREAM_RACE_SECONDS=300, and another seed for another order of events. */
const DURATION = 1_000 * Number(process.env.PG_STREAM_RACE_SECONDS ?? 16)
const SEED = Number(process.env.PG_STREAM_RACE_SEED ?? 1)
/** What the others may do to one who refreshes: a lost race, a deadlock, a lock that is not to be had. */
const LOST = new Set(['40001', '40P01', '55P03', CANCELED])

const codeOf = (error: unknown) => String((error as { code?: string }).code ?? '')
const isLost = (error: unknown) =>
  LOST.has(codeOf(error)) || (codeOf(error) === '55000' && /is suspended/.test(String(error)))
const wasKilled = (error: unknown) =>
  codeOf(error) === '57P01' || /terminated|not queryable|ECONNRESET/.test(String(error))

test(
  'groups of stream tables are of one moment at every snapshot, whoever refreshes and whoever is killed',
  async () => {
    const db = await freshDatabase()
    await db.client.query(SCHEMA + TICKS)
    for (const { name, query, schedule, mode, group } of GRAPH)
      await db.client.query('SELECT pgstream.create_stream_table($1, $2, $3, $4, consistency_group => $5)', [
        name,
        query,
        schedule,
        mode ?? 'DIFFERENTIAL',
        group ?? null,
      ])

    const pick = random(SEED + 2000)
    const any = <T>(items: readonly T[]): T => {
      const item = items[pick(items.length)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    }
    const load = startLoad(
      await Promise.all(Array.from({ length: 8 }, () => db.connect())),
      DURATION,
      Math.min(8_000, DURATION / 2),
      SEED,
      (writer) => `UPDATE ticks SET n = n + 1 WHERE writer = ${writer + 1}`,
    )
    let writing = true
    load.done.finally(() => {
      writing = false
    })
    const counts = {
      reads: 0,
      moments: 0,
      exact: 0,
      lost: 0,
      deadlocks: 0,
      manual: 0,
      kills: 0,
      killed: 0,
      created: 0,
      suspended: 0,
    }

    /** One after the other until the writers are through; a session that was killed is replaced. */
    const victims = new Set<pg.Client>()
    const loop = async (step: (client: pg.Client) => Promise<void>, mortal = false) => {
      let client: pg.Client | undefined
      while (writing) {
        client ??= await db.connect()
        if (mortal) victims.add(client)
        try {
          await step(client)
        } catch (error) {
          if (mortal && wasKilled(error)) {
            victims.delete(client)
            client = undefined
            counts.killed += 1
            continue
          }
          if (!isLost(error)) throw error
          counts.lost += 1
          if (codeOf(error) === '40P01') counts.deadlocks += 1
          await client.query('ROLLBACK').catch(() => {})
        }
      }
      if (client) victims.delete(client)
    }
    const refresh = (client: pg.Client, { name }: GraphTable) =>
      client.query('SELECT pgstream.refresh_stream_table($1)', [name])

    const workers: CliProcess[] = []
    const startWorker = () => workers.push(runCli(['worker', db.url, '--concurrency', '2']))
    startWorker()
    startWorker()

    const seen = new Map<string, Set<string>>()
    await Promise.all([
      load.done,
      // The observers.
      ...[0, 1].map(() =>
        loop(async (client) => {
          await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
          for (const group of GROUPS) {
            const shown = await momentsOf(client, group)
            expect([...new Set(shown.values())], JSON.stringify([...shown], undefined, 1)).toHaveLength(1)
            for (const moment of shown.values())
              seen.set(group.join(), (seen.get(group.join()) ?? new Set()).add(moment))
            // Not all at once: writers and refreshers have moved on, the snapshot has not.
            await sleep(pick(5))
          }
          for (const name of MEETINGS) await expectEqual(client, name, { image: true })
          await client.query('COMMIT')
          counts.reads += 1
          await sleep(pick(20))
        }),
      ),
      // The oracle: refreshed and compared at one snapshot.
      loop(async (client) => {
        const { name } = any(GRAPH)
        await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
        if (pick(2) === 0) await sleep(pick(20))
        await expectExact(client, name, { within: true, image: true })
        await client.query('COMMIT')
        counts.exact += 1
        await sleep(pick(60))
      }),
      // People, one statement each.
      loop(async (client) => {
        await refresh(client, any(GRAPH))
        counts.manual += 1
        await sleep(pick(100))
      }, true),
      // In transactions with writes of their own.
      loop(async (client) => {
        await client.query(
          `BEGIN ISOLATION LEVEL ${any(['READ COMMITTED', 'REPEATABLE READ'])}; SET LOCAL lock_timeout = '200ms'`,
        )
        await client.query(`INSERT INTO notes VALUES (${pick(20)}, 'own')`)
        await refresh(client, any(GRAPH))
        await client.query(`DELETE FROM notes WHERE ctid IN (SELECT ctid FROM notes WHERE v = 'own' LIMIT 1)`)
        await sleep(pick(30))
        await client.query(any(['COMMIT', 'ROLLBACK']))
        counts.manual += 1
        await sleep(pick(300))
      }, true),
      // Two more workers, as a person or a job would be one.
      ...[0, 1].map(() =>
        loop(async (client) => {
          await client.query('CALL pgstream.run_scheduler(0.3)')
        }, true),
      ),
      // Those that nobody is together with are suspended and resumed.
      loop(async (client) => {
        const name = any(['active', 'link', 'twice', 'day_most'])
        await client.query(`SET lock_timeout = '500ms'`)
        await client.query(`SELECT pgstream.alter_stream_table($1, status => 'SUSPENDED')`, [name])
        await sleep(pick(400))
        for (;;) {
          try {
            await client.query('SELECT pgstream.resume_stream_table($1)', [name])
            break
          } catch (error) {
            if (!isLost(error)) throw error
          }
        }
        counts.suspended += 1
        await sleep(pick(1_500))
      }),
      // One that makes one group of two, and goes.
      loop(async (client) => {
        await client.query(`SET lock_timeout = '3s'`)
        await client.query(
          `SELECT pgstream.create_stream_table('passing', 'SELECT a.k, a.v, b.v AS w FROM dearest AS a JOIN active_most AS b ON b.k = a.k', '1s')`,
        )
        await sleep(pick(800))
        for (;;) {
          try {
            await client.query(`SELECT pgstream.drop_stream_table('passing')`)
            break
          } catch (error) {
            if (!isLost(error)) throw error
          }
        }
        counts.created += 1
        await sleep(pick(1_000))
      }),
      // Death.
      loop(async (client) => {
        await sleep(300 + pick(700))
        const kind = pick(4)
        if (kind === 0) {
          const worker = workers.splice(pick(workers.length), 1)[0]
          worker?.child.kill('SIGKILL')
          await worker?.ended
          startWorker()
        } else if (kind === 1) {
          await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'pg_stream worker' AND state = 'active'
          ORDER BY random() LIMIT 1`)
        } else if (victims.size > 0) {
          await client.query('SELECT pg_terminate_backend($1)', [backendPid(any([...victims]))])
        }
        counts.kills += 1
      }),
    ])

    // Workers alone bring everything to the end.
    const names = GRAPH.map(({ name }) => name)
    for (const name of ['active', 'link', 'twice', 'day_most'])
      await db.client.query('SELECT pgstream.resume_stream_table($1)', [name])
    for (let round = 0; (await inexact(db.client, names)).length > 0 && round < 600; round++) await sleep(100)
    expect(await inexact(db.client, names)).toEqual([])
    for (const { child } of workers) child.kill('SIGTERM')
    await Promise.all(workers.map(({ ended }) => ended))
    for (const name of names) await expectEqual(db.client, name, { image: true })
    for (const name of names) await expectExact(db.client, name, { image: true })

    const failed = await db.client.query(
      `SELECT s.pgs_name, h.error_message, h.reason, t.message
     FROM pgstream.pgs_refresh_history AS h JOIN pgstream.pgs_stream_tables AS s USING (pgs_id)
     LEFT JOIN pgstream._error_texts AS t USING (refresh_id) WHERE h.status = 'FAILED'`,
    )
    expect(failed.rows).toEqual([])
    // No two refreshes of one at the same time.
    const overlaps = await db.client.query(
      `SELECT * FROM (
       SELECT s.pgs_name, h.start_time, lag(h.end_time) OVER (PARTITION BY h.pgs_id ORDER BY h.start_time) AS ended
       FROM pgstream.pgs_refresh_history AS h JOIN pgstream.pgs_stream_tables AS s USING (pgs_id) WHERE h.status = 'COMPLETED') AS h
     WHERE ended > start_time`,
    )
    expect(overlaps.rows).toEqual([])
    const actions = await db.client.query(
      `SELECT initiated_by, action, status, reason, count(*)::int AS n FROM pgstream.pgs_refresh_history GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3`,
    )
    for (const each of seen.values()) counts.moments += each.size
    console.info(`graph race: ${load.committed()} transactions`, counts)
    console.info(actions.rows.map((row) => Object.values(row).join(' ')).join('\n'))
    expect(load.committed()).toBeGreaterThan(100)
    expect(counts.reads).toBeGreaterThan(10)
    for (const [group, moments] of seen) expect(moments.size, group).toBeGreaterThan(2)
    await db.close()
  },
  DURATION + 180_000,
)

/** The ticks of all writers that each member shows; two of one moment show the same. */
async function momentsOf(client: pg.Client, group: readonly string[]): Promise<Map<string, string>> {
  const shown = new Map<string, string>()
  for (const { name, ticks } of GRAPH.filter((each) => group.includes(each.name)))
    for (const column of ticks) {
      const { rows } = await client.query(
        `SELECT string_agg(-k || ':' || ${column}, ' ' ORDER BY k DESC) AS moment FROM ${name} WHERE k < 0`,
      )
      shown.set(`${name}.${column}`, rows[0].moment)
    }
  return shown
}

async function inexact(client: pg.Client, names: readonly string[]): Promise<string[]> {
  const { rows } = await client.query(
    'SELECT n FROM unnest($1::text[]) AS n WHERE EXISTS (SELECT FROM pgstream.verify_stream_table(n))',
    [names],
  )
  return rows.map(({ n }) => n)
}
