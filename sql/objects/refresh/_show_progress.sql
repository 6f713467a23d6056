-- Shows others that this transaction is refreshing a stream table, and how (pg_stat_progress_refresh). What it writes nobody
-- sees before it commits; its locks everybody does: one, shared, that keeps nobody out, by the number of the stream table and
-- a class for each way. Advisory locks are anybody's to take: who holds one of these keeps it from being shown, no more.
CREATE OR REPLACE FUNCTION pgstream._show_progress(id bigint, action text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM pg_catalog.pg_try_advisory_xact_lock_shared(pgstream._progress_class(action), (id OPERATOR(pg_catalog.%) 2147483647)::integer);
END
$$;
