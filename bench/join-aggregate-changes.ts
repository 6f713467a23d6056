import { CUSTOMERS } from './join-aggregate-schema.ts'

export interface Change {
  readonly what: string
  readonly rows: number
  /** Other rows in every round. */
  sql(round: number): string
}

/** Inserts at the one end of orders, deletes at the other, updates near the middle: over all rounds its size stays. */
export function changes(sizes: readonly number[]): readonly Change[] {
  return sizes.flatMap((rows) => [
    { what: 'INSERT orders', rows, sql: (round) => insertOrders(rows, round) },
    { what: 'UPDATE orders', rows, sql: (round) => updateOrders(rows, round) },
    { what: 'DELETE orders', rows, sql: () => deleteOrders(rows) },
    ...(rows === 1
      ? [
          { what: 'INSERT customers', rows, sql: insertCustomer },
          { what: 'DELETE customers', rows, sql: deleteCustomer },
        ]
      : []),
    ...(rows <= CUSTOMERS
      ? [{ what: 'UPDATE customers', rows, sql: (round: number) => updateCustomers(rows, round) }]
      : []),
    {
      what: 'INSERT orders, UPDATE customers',
      rows,
      sql: (round) =>
        `BEGIN; ${insertOrders(rows, round)}; ${updateCustomers(Math.max(1, rows / 100), round)}; COMMIT`,
    },
  ])
}

function insertOrders(rows: number, round: number): string {
  return `INSERT INTO orders (cust, amount, status)
    SELECT 1 + ((i::bigint * 7919 + ${round}) % ${CUSTOMERS})::int, (i % 1000) / 10.0, 'active' FROM generate_series(1, ${rows}) AS i`
}

function updateOrders(rows: number, round: number): string {
  const back = (1 + (round % 4)) * rows
  return `UPDATE orders SET amount = amount + 1
    WHERE id > (SELECT max(id) FROM orders) - ${back} AND id <= (SELECT max(id) FROM orders) - ${back - rows}`
}

function deleteOrders(rows: number): string {
  return `DELETE FROM orders WHERE id IN (SELECT id FROM orders ORDER BY id LIMIT ${rows})`
}

function insertCustomer(round: number): string {
  return `INSERT INTO customers VALUES (${CUSTOMERS + 1 + round}, 'r' || ${round % 1000})`
}

function deleteCustomer(round: number): string {
  return `DELETE FROM customers WHERE id = (SELECT id FROM customers WHERE id >= ${(round * 61) % CUSTOMERS} ORDER BY id LIMIT 1)`
}

function updateCustomers(rows: number, round: number): string {
  return `UPDATE customers SET region = 'r' || ((id + ${round}) % 1000)
    WHERE id IN (SELECT id FROM customers WHERE id >= ${(round * 97) % (CUSTOMERS + 1 - Math.min(rows, CUSTOMERS))} ORDER BY id LIMIT ${rows})`
}
