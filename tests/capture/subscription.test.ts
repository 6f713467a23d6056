import { expect, test } from 'vitest'
import { freshDatabase } from '../support/server.ts'
import { probe } from './probe.ts'

test('what an apply worker writes is captured: row triggers on the target of a subscription', async (context) => {
  const target = await freshDatabase()
  const origin = await freshDatabase({ pgStream: false })
  try {
    const { rows } = await origin.client.query('SHOW wal_level')
    if (rows[0].wal_level !== 'logical') return context.skip()
    const slot = `slot_${target.name}`
    const table = 'CREATE TABLE t (id int PRIMARY KEY, v text, other int)'
    await origin.client.query(`${table}; INSERT INTO t VALUES (1, 'first'); CREATE PUBLICATION p FOR TABLE t`)
    await origin.client.query(`SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`)
    await target.client.query(table)
    const t = await probe(target.client, 't', ['id', 'v'])
    const url = new URL(origin.url)
    await target.client.query(`CREATE SUBSCRIPTION s CONNECTION 'host=${url.hostname} port=${url.port} user=${url.username} dbname=${origin.name}'
      PUBLICATION p WITH (create_slot = false, slot_name = '${slot}')`)
    try {
      expect(
        (await target.client.query('SELECT trigger_level FROM pgstream.pgs_change_tracking')).rows,
      ).toEqual([{ trigger_level: 'ROW' }])
      const arrived = (condition: string) =>
        expect
          .poll(async () => (await target.client.query(`SELECT ${condition} AS ok FROM t`)).rows[0]?.ok, {
            timeout: 20_000,
          })
          .toBe(true)
      await arrived('count(*) = 1')
      await origin.client.query(`INSERT INTO t SELECT i, 'v' || i FROM generate_series(2, 50) AS i; UPDATE t SET v = 'new' WHERE id < 10;
        UPDATE t SET other = 1; DELETE FROM t WHERE id > 45`)
      await arrived('count(*) = 45 AND bool_and(other = 1)')
      await target.client.query(`UPDATE t SET v = 'local' WHERE id = 20; UPDATE t SET other = 2`)
      expect(await t.mismatches()).toEqual([])
    } finally {
      await target.client.query(
        'ALTER SUBSCRIPTION s DISABLE; ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s',
      )
      await expect
        .poll(
          () =>
            origin.client.query(`SELECT pg_drop_replication_slot('${slot}')`).then(
              () => true,
              () => false,
            ),
          { timeout: 20_000 },
        )
        .toBe(true)
    }
    expect(
      (await target.client.query('SELECT trigger_level FROM pgstream.pgs_change_tracking')).rows,
    ).toEqual([{ trigger_level: 'STATEMENT' }])
    await target.client.query(`DELETE FROM t WHERE id = 3; INSERT INTO t VALUES (1000, 'x')`)
    expect(await t.mismatches()).toEqual([])
  } finally {
    await target.close()
    await origin.close()
  }
})
