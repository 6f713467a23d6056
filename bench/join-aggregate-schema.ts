import type pg from 'pg'
import { createStreamTable } from './database.ts'

export const JOIN_AGGREGATE =
  'SELECT c.region, sum(o.amount) AS total, count(*) AS cnt FROM orders o JOIN customers c ON c.id = o.cust GROUP BY c.region'

export const CUSTOMERS = 10_000

/**
 * Amounts as money is declared, or without a scale: these are quotients, one in a hundred of another scale than the others, so that
 * every region has some of both.
 */
export type AmountType = 'numeric(12, 2)' | 'numeric'

/** Orders over 10,000 customers in 1,000 regions, every customer with the same number of orders, spread over the table. */
export async function createOrders(
  client: pg.Client,
  orders: number,
  amount: AmountType = 'numeric(12, 2)',
): Promise<void> {
  await client.query(`
    CREATE TABLE customers (id int PRIMARY KEY, region text NOT NULL);
    INSERT INTO customers SELECT i, 'r' || (i % 1000) FROM generate_series(1, ${CUSTOMERS}) AS i;
    CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, cust int NOT NULL, amount ${amount} NOT NULL, status text);
    INSERT INTO orders (cust, amount, status)
    SELECT 1 + ((i::bigint * 7919) % ${CUSTOMERS})::int, (i % 1000) / 10.0, 'active' FROM generate_series(1, ${orders}) AS i;
    CREATE INDEX ON orders (cust);`)
  await client.query('VACUUM ANALYZE orders, customers')
}

export async function createContestants(client: pg.Client): Promise<void> {
  await createStreamTable(client, 'stream', JOIN_AGGREGATE)
  await client.query(`CREATE MATERIALIZED VIEW matview AS ${JOIN_AGGREGATE}`)
  await client.query('CREATE UNIQUE INDEX ON matview (region)')
}
