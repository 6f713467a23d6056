/** Where others would be cut short, or every error ends the session, we take as long as it takes. */
const UNHURRIED: Readonly<Record<string, string>> = {
  statement_timeout: '0',
  lock_timeout: '0',
  transaction_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  exit_on_error: 'off',
}

/** A transaction of ours writes, and sees what others have just done. */
export const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE, NOT DEFERRABLE'

/**
 * Sets what a database or a role has for its people, and what the URL says nothing of, to what suits us (settings that the
 * server does not know are left out); for the transaction or for the session.
 */
export function ownSettings(
  further: Readonly<Record<string, string>>,
  until: 'transaction' | 'session',
): string {
  const values = Object.entries({ ...UNHURRIED, ...further }).map(
    ([name, value]) => `('${name}', '${value}')`,
  )
  return `SELECT pg_catalog.set_config(own.name, own.value, ${until === 'transaction'})
  FROM (VALUES ${values.join(', ')}) AS own(name, value)
  JOIN pg_catalog.pg_settings AS s ON s.name OPERATOR(pg_catalog.=) own.name AND s.source OPERATOR(pg_catalog.<>) 'client'`
}
