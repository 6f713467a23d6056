import type pg from 'pg'
import { insertOrders, sizes } from './generate.ts'
import { SEGMENTS } from './words.ts'

/** Says how far the refresh functions of a database have come: each row is inserted once and deleted once. */
export class RefreshFunctions {
  readonly #client: pg.Client
  readonly #scale: number
  #inserted = 0
  #deleted = 0
  #updated = 0

  constructor(client: pg.Client, scale: number) {
    this.#client = client
    this.#scale = scale
  }

  /** RF1: new orders with their lines. */
  async insertOrders(orders: number): Promise<void> {
    const from = this.#inserted + 1
    this.#inserted += orders
    await this.#client.query(insertOrders(this.#scale, { from, to: this.#inserted, isNew: true }))
  }

  /** RF2: the oldest orders go, with their lines. */
  async deleteOrders(orders: number): Promise<void> {
    const from = this.#deleted + 1
    this.#deleted += orders
    const keys = `SELECT (n - 1) / 8 * 32 + (n - 1) % 8 + 1 FROM generate_series(${from}::bigint, ${this.#deleted}) AS n`
    await this.#client.query(`
      BEGIN;
      DELETE FROM lineitem WHERE l_orderkey IN (${keys});
      DELETE FROM orders WHERE o_orderkey IN (${keys});
      COMMIT`)
  }

  /** RF3, which is not in the specification: customers, parts, prices and stocks change. */
  async updateMasterData(rows: number): Promise<void> {
    const { customer, part, supplier } = sizes(this.#scale)
    const round = this.#updated++
    // Spread over the table, each time others.
    const keys = (count: number, of: number) =>
      `SELECT 1 + (n * 7919 + ${round} * 104729) % ${of} FROM generate_series(1::bigint, ${Math.min(count, of)}) AS n`
    const few = Math.ceil(rows / 10)
    await this.#client.query(`
      BEGIN;
      UPDATE customer SET c_acctbal = c_acctbal + ${round % 2 === 0 ? 1500 : -1400.01},
        c_mktsegment = ('{${SEGMENTS}}'::text[])[1 + (c_custkey + ${round}) % 5]
      WHERE c_custkey IN (${keys(rows, customer)});
      UPDATE part SET p_retailprice = p_retailprice * 1.01, p_size = 1 + (p_size + ${round}) % 50
      WHERE p_partkey IN (${keys(rows, part)});
      UPDATE partsupp SET ps_supplycost = 1 + (ps_supplycost * 1.7)::numeric(15, 2) % 999,
        ps_availqty = 1 + (ps_availqty * 7) % 9999
      WHERE ps_partkey IN (${keys(few, part)});
      UPDATE supplier SET s_acctbal = -s_acctbal, s_nationkey = (s_nationkey + 1) % 25
      WHERE s_suppkey IN (${keys(Math.ceil(few / 10), supplier)});
      COMMIT`)
  }
}
