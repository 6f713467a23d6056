-- What kind of trouble an SQLSTATE is, and what to do about it (errcodes.txt).
CREATE OR REPLACE FUNCTION pgstream._error_advice(state text, OUT error_type text, OUT remediation text)
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  CASE
    WHEN state = '42501' THEN
      error_type := 'rights';
      remediation := 'Grant the owner of the stream table what is denied (SELECT on the tables that the query reads), then resume_stream_table.';
    WHEN left(state, 2) = '23' THEN
      error_type := 'data';
      remediation := 'A constraint or a foreign key refuses a row: one on the stream table itself, one that refers to it, one of a table that a trigger on it writes, or a domain of the query. Correct the rows or drop the constraint; then resume_stream_table, which tries again at once.';
    WHEN left(state, 2) IN ('21', '22', '44', 'P0') THEN
      error_type := 'data';
      remediation := 'A row of a source cannot be computed, or a trigger on the stream table fails. Correct the row or the trigger, or make the query bear it (NULLIF, CASE), by alter_stream_table; then resume_stream_table.';
    WHEN left(state, 2) IN ('42', '0A', '3F', '2B') THEN
      error_type := 'definition';
      remediation := 'The query, a function that it calls or a trigger on the stream table does not fit the database. Put back what is missing and call resume_stream_table, or give it another query by alter_stream_table. Functions and triggers run under search_path = pg_catalog, pg_temp: they must name the schema of what they use, or have a SET search_path of their own.';
    WHEN state = '55P03' OR left(state, 2) = '40' THEN
      error_type := 'concurrency';
      remediation := 'It met another transaction and is tried again by itself. If it stays so, end the transaction that holds the lock: stream_tables_info.waiting_for names it (pg_terminate_backend, or COMMIT PREPARED, ROLLBACK PREPARED). If a function of the query raises it, correct the function: ten in a row count as failures.';
    WHEN left(state, 2) IN ('53', '54', '58') THEN
      error_type := 'resources';
      remediation := 'The server lacked disk, memory or connections, or a limit was passed. Make room, then resume_stream_table.';
    WHEN left(state, 2) IN ('57', '08') THEN
      error_type := 'interrupted';
      remediation := 'It was canceled, or the server or connection ended; it is tried again by itself. If statement_timeout ends it each time, give the role that runs the scheduler a longer one (for itself, pg-stream worker puts it aside). If a function of the query raises it, correct the function: ten in a row count as failures.';
    WHEN left(state, 2) IN ('55', '25') THEN
      error_type := 'state';
      remediation := 'Read the message: it says what is not as it must be. If somebody altered what pg_stream generated, repair_stream_table makes it anew.';
    ELSE
      error_type := 'internal';
      remediation := 'Try repair_stream_table. If it comes again, please report it with the definition (export_definition) and the server''s log.';
  END CASE;
END
$$;
