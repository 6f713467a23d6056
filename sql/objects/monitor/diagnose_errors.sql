-- Why a stream table is not refreshed, and what to do: what broke it, if something did, which other member holds its
-- group, then its failed and skipped refreshes since the last successful one, up to ten, newest first. The words of errors are for those who
-- may see them. No line: nothing is known to be wrong.
CREATE OR REPLACE FUNCTION pgstream.diagnose_errors(name text)
RETURNS TABLE (event_time timestamptz, error_type text, error_message text, remediation text, sqlstate text)
LANGUAGE sql STABLE
AS $$ SELECT * FROM pgstream._diagnose_errors(pgstream._stream_table_id(name)) $$;
