import { expect, test } from 'vitest'
import { create, refresh, scenes } from '../concurrency/scene.ts'
import { expectExact } from '../oracle/oracle.ts'

/** What a new plan passes on to those that read the stream table: the difference of its rows. */
const scene = scenes()

const BASE = `CREATE TABLE b (id int PRIMARY KEY, g int NOT NULL, v int);
  INSERT INTO b SELECT i, i % 7, i FROM generate_series(1, 200) AS i`

test.each([['UNLOGGED and LOGGED again', 'ALTER TABLE b SET UNLOGGED', 'ALTER TABLE b SET LOGGED']])(
  '%s below one: its readers stay incremental',
  async (_, there, back) => {
    const { client } = await scene(BASE)
    await create(client, 'l1', 'SELECT g, count(*) AS n, sum(v) AS s FROM b GROUP BY g', { mode: 'AUTO' })
    await create(client, 'l2', 'SELECT n % 2 AS odd, sum(s) AS s FROM l1 GROUP BY n % 2')
    await create(client, 'l3', 'SELECT b.id, l1.n FROM b JOIN l1 ON l1.g = b.v', { mode: 'AUTO' })
    const others = {
      different: 'SELECT DISTINCT g FROM l1',
      outer_joined: 'SELECT x.g, y.n FROM l1 x LEFT JOIN l1 y ON y.g = x.n % 7',
      absent: 'SELECT id FROM b WHERE g NOT IN (SELECT g FROM l1 WHERE n > 29)',
      numbered: 'SELECT g, row_number() OVER (PARTITION BY n ORDER BY s) AS place FROM l1',
      copied: 'SELECT * FROM l1',
    }
    for (const [name, query] of Object.entries(others)) await create(client, name, query, { mode: 'AUTO' })
    const exact = async () => {
      for (const name of ['l1', 'l2', 'l3', ...Object.keys(others)]) {
        await refresh(client, name)
        await expectExact(client, name)
      }
    }
    let id = 1000
    for (const command of [there, back]) {
      await client.query(command)
      await client.query(
        `INSERT INTO b VALUES (${id++}, 1, 1); UPDATE pgstream._catalog_looks SET looked_at = NULL`,
      )
      expect(await refresh(client, 'l1')).toBe('REINITIALIZE')
      expect(await refresh(client, 'l2')).toBe('DIFFERENTIAL')
      await exact()
      await client.query(
        `UPDATE b SET v = v + 1 WHERE id = 5; UPDATE pgstream._catalog_looks SET looked_at = NULL`,
      )
      await refresh(client, 'l1')
      expect(await refresh(client, 'l2')).toBe('DIFFERENTIAL')
      await exact()
    }
  },
)
