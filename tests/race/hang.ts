import type pg from 'pg'

/** A race that hangs is over before anybody has looked: after so many ms it is said who waits for whom, unless stopped before. */
export function sayWhoWaits(client: pg.Client, after: number): () => void {
  const timer = setTimeout(async () => {
    const { rows } = await client.query(
      `SELECT pid, pg_blocking_pids(pid) AS blocked_by, state, wait_event_type, wait_event,
         clock_timestamp() - xact_start AS transaction, clock_timestamp() - query_start AS statement, left(query, 200) AS query
       FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
    console.error('not over yet:', rows)
  }, after)
  return () => clearTimeout(timer)
}
