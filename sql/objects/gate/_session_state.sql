-- The settings that decide how what comes after the code of others is understood and run. A function can set them beyond
-- its end, and past every SET clause around it; whoever called it compares, and raises an error, which takes them back.
-- Everything is qualified: the search_path may be the caller's worst.
CREATE OR REPLACE FUNCTION pgstream._session_state() RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  RETURN pg_catalog.concat_ws('|', pg_catalog.current_setting('search_path'),
    pg_catalog.current_setting('default_transaction_read_only'), pg_catalog.current_setting('transaction_read_only'),
    pg_catalog.current_setting('default_transaction_isolation'), pg_catalog.current_setting('default_transaction_deferrable'),
    pg_catalog.current_setting('statement_timeout'), pg_catalog.current_setting('lock_timeout'),
    pg_catalog.current_setting('idle_in_transaction_session_timeout'), pg_catalog.current_setting('idle_session_timeout'),
    coalesce(pg_catalog.current_setting('transaction_timeout', true), ''), pg_catalog.current_setting('row_security'),
    pg_catalog.current_setting('check_function_bodies'), pg_catalog.current_setting('synchronous_commit'),
    pg_catalog.current_setting('client_min_messages'), pg_catalog.current_setting('client_encoding'),
    coalesce(pg_catalog.current_setting('pg_stream.internal', true), ''), coalesce(pg_catalog.current_setting('pg_stream.refreshing', true), ''),
    coalesce(pg_catalog.current_setting('pg_stream.enabled', true), ''), coalesce(pg_catalog.current_setting('pg_stream.max_consecutive_errors', true), ''),
    coalesce(pg_catalog.current_setting('pg_stream.min_schedule_seconds', true), ''), coalesce(pg_catalog.current_setting('pg_stream.history_retention_days', true), ''),
    coalesce(pg_catalog.current_setting('pg_stream.block_source_ddl', true), ''), coalesce(pg_catalog.current_setting('pg_stream.buffer_alert_threshold', true), ''));
END
$$;
