import type pg from 'pg'

/**
 * What an expert would write for these tables and nothing else, as fast as we know: capture by statement triggers into
 * unindexed buffers, a frontier that is a snapshot, one statement per refresh, plans cached for small changes and made
 * anew for large ones. It knows what no compiler can assume: that the keys are NOT NULL, that numeric sums need no image
 * comparison, that nobody refreshes within the transaction that wrote, and that no column changes under it.
 */
export async function createHandWrittenJoinAggregate(client: pg.Client): Promise<void> {
  await client.query(`
    CREATE SCHEMA hand;
    CREATE TABLE hand.orders_log (xid xid8 NOT NULL DEFAULT pg_current_xact_id(), w smallint NOT NULL, cust int, amount numeric);
    CREATE TABLE hand.customers_log (xid xid8 NOT NULL DEFAULT pg_current_xact_id(), w smallint NOT NULL, id int, region text);
    ${captureTriggers('orders', ['cust', 'amount'])}
    ${captureTriggers('customers', ['id', 'region'])}
    CREATE TABLE hand.result (region text PRIMARY KEY, total numeric, cnt bigint NOT NULL);
    CREATE TABLE hand.frontier (snapshot pg_snapshot NOT NULL);
    INSERT INTO hand.frontier SELECT pg_current_snapshot();
    INSERT INTO hand.result
    SELECT c.region, sum(o.amount), count(*) FROM orders o JOIN customers c ON c.id = o.cust GROUP BY c.region;
    ${refreshFunction(
      `
      orders_delta AS MATERIALIZED (SELECT w, cust, amount FROM hand.orders_log WHERE ${IS_NEW}),
      customers_delta AS MATERIALIZED (SELECT w, id, region FROM hand.customers_log WHERE ${IS_NEW}),
      delta AS (
        SELECT c.region, o.amount, o.w FROM orders_delta o JOIN customers c ON c.id = o.cust
        UNION ALL
        SELECT c.region, o.amount, c.w FROM customers_delta c JOIN orders o ON o.cust = c.id
        UNION ALL
        SELECT c.region, o.amount, -c.w * o.w FROM customers_delta c JOIN orders_delta o ON o.cust = c.id
      ),
      grouped AS (SELECT region, sum(amount * w) AS total, sum(w) AS cnt FROM delta GROUP BY region)`,
      ['orders_log', 'customers_log'],
    )}`)
  await client.query('ANALYZE hand.result')
}

/** The same for one table: sums over few groups. */
export async function createHandWrittenAggregate(client: pg.Client, source: string): Promise<void> {
  await client.query(`
    CREATE SCHEMA hand;
    CREATE TABLE hand.${source}_log (xid xid8 NOT NULL DEFAULT pg_current_xact_id(), w smallint NOT NULL, region text, amount numeric);
    ${captureTriggers(source, ['region', 'amount'])}
    CREATE TABLE hand.result (region text PRIMARY KEY, total numeric, cnt bigint NOT NULL);
    CREATE TABLE hand.frontier (snapshot pg_snapshot NOT NULL);
    INSERT INTO hand.frontier SELECT pg_current_snapshot();
    INSERT INTO hand.result SELECT region, sum(amount), count(*) FROM ${source} GROUP BY region;
    ${refreshFunction(
      `grouped AS (SELECT region, sum(amount * w) AS total, sum(w) AS cnt FROM hand.${source}_log WHERE ${IS_NEW} GROUP BY region)`,
      [`${source}_log`],
    )}`)
  await client.query('ANALYZE hand.result')
}

export const REFRESH_HAND = 'SELECT hand.refresh()'

/** Rows that a frontier has not seen; $1 is the frontier. */
const IS_NEW = 'xid >= pg_snapshot_xmin($1) AND NOT pg_visible_in_snapshot(xid, $1)'

function captureTriggers(table: string, columns: readonly string[], name = table): string {
  const list = columns.join(', ')
  const log = `hand.${name}_log (w, ${list})`
  const trigger = (event: string, transition: string, body: string) => `
    CREATE FUNCTION hand.${name}_${event}() RETURNS trigger LANGUAGE plpgsql AS
      $$BEGIN INSERT INTO ${log} ${body}; RETURN NULL; END$$;
    CREATE TRIGGER hand_${name}_${event} AFTER ${event} ON ${table} REFERENCING ${transition}
      FOR EACH STATEMENT EXECUTE FUNCTION hand.${name}_${event}();`
  return (
    trigger('insert', 'NEW TABLE AS n', `SELECT 1, ${list} FROM n`) +
    trigger('delete', 'OLD TABLE AS o', `SELECT -1, ${list} FROM o`) +
    trigger(
      'update',
      'OLD TABLE AS o NEW TABLE AS n',
      `SELECT -1, ${list} FROM o UNION ALL SELECT 1, ${list} FROM n`,
    )
  )
}

function refreshFunction(ctes: string, logs: readonly string[]): string {
  const statement = `
    WITH taken AS MATERIALIZED (SELECT pg_current_snapshot() AS snapshot),
    ${ctes},
    merged AS (
      MERGE INTO hand.result AS r USING grouped AS g ON r.region = g.region
      WHEN MATCHED AND r.cnt + g.cnt = 0 THEN DELETE
      WHEN MATCHED AND (g.total <> 0 OR g.cnt <> 0) THEN UPDATE SET total = r.total + g.total, cnt = r.cnt + g.cnt
      WHEN NOT MATCHED AND g.cnt > 0 THEN INSERT VALUES (g.region, g.total, g.cnt)
      RETURNING 1)
    SELECT taken.snapshot FROM taken WHERE (SELECT count(*) FROM merged) >= 0`
  const large = logs
    .map(
      (log) =>
        `(SELECT count(*) FROM (SELECT FROM hand.${log} WHERE ${IS_NEW.replaceAll('$1', 'seen')} LIMIT 1001) AS l) > 1000`,
    )
    .join(' OR ')
  return `
    CREATE FUNCTION hand.refresh_small(seen pg_snapshot) RETURNS pg_snapshot LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off AS $$
    DECLARE
      now_seen pg_snapshot;
    BEGIN
      ${statement.replaceAll('$1', 'seen').replace('SELECT taken.snapshot', 'SELECT taken.snapshot INTO now_seen')};
      RETURN now_seen;
    END$$;
    CREATE FUNCTION hand.refresh() RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
      seen pg_snapshot;
      now_seen pg_snapshot;
    BEGIN
      SELECT snapshot INTO seen FROM hand.frontier FOR UPDATE;
      IF ${large} THEN
        EXECUTE $sql$${statement}$sql$ INTO now_seen USING seen;
      ELSE
        now_seen := hand.refresh_small(seen);
      END IF;
      UPDATE hand.frontier SET snapshot = now_seen;
    END$$;`
}

/** The expert's clean-up, outside the refresh as ours is. */
export async function cleanHandWritten(client: pg.Client, logs: readonly string[]): Promise<void> {
  for (const log of logs) await client.query(`TRUNCATE hand.${log}`)
}

/** A copy of a table: the log has nothing but keys, and their rows are fetched from the source when it is refreshed. */
export async function createHandWrittenScan(client: pg.Client): Promise<void> {
  const columns = ['region', 'category', 'amount', 'score']
  const assignments = columns.map((name) => `${name} = EXCLUDED.${name}`).join(', ')
  await client.query(`
    CREATE TABLE hand.scan_log (xid xid8 NOT NULL DEFAULT pg_current_xact_id(), w smallint NOT NULL, id int);
    ${captureTriggers('src', ['id'], 'scan')}
    CREATE TABLE hand.scan AS SELECT id, ${columns.join(', ')} FROM src;
    ALTER TABLE hand.scan ADD PRIMARY KEY (id);
    CREATE TABLE hand.scan_frontier AS SELECT pg_current_snapshot() AS snapshot;
    CREATE FUNCTION hand.refresh_scan() RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
      seen pg_snapshot;
      now_seen pg_snapshot;
    BEGIN
      SELECT snapshot INTO seen FROM hand.scan_frontier FOR UPDATE;
      EXECUTE $sql$
        WITH taken AS MATERIALIZED (SELECT pg_current_snapshot() AS snapshot),
        keys AS MATERIALIZED (SELECT DISTINCT id FROM hand.scan_log WHERE ${IS_NEW}),
        removed AS (
          DELETE FROM hand.scan AS s USING keys AS k
          WHERE s.id = k.id AND NOT EXISTS (SELECT FROM src WHERE src.id = k.id) RETURNING 1),
        written AS (
          INSERT INTO hand.scan SELECT src.id, ${columns.map((name) => `src.${name}`).join(', ')} FROM src JOIN keys AS k ON k.id = src.id
          ON CONFLICT (id) DO UPDATE SET ${assignments} RETURNING 1)
        SELECT snapshot FROM taken WHERE (SELECT count(*) FROM removed) + (SELECT count(*) FROM written) >= 0
      $sql$ INTO now_seen USING seen;
      UPDATE hand.scan_frontier SET snapshot = now_seen;
    END$$;`)
  await client.query('ANALYZE hand.scan')
}

export const REFRESH_HAND_SCAN = 'SELECT hand.refresh_scan()'
