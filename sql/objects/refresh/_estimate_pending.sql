-- About how many new rows a change buffer holds: counted in a sample of its pages. Counting all costs a tenth of what a
-- large refresh costs.
CREATE OR REPLACE FUNCTION pgstream._estimate_pending(source oid, frontier pgstream.frontiers) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  pages bigint := greatest(1, pgstream._buffer_size(source) / current_setting('block_size')::int);
  percent double precision := least(100, 100.0 * 16 / pages);
  sampled bigint;
BEGIN
  EXECUTE format(
    'SELECT count(*) FROM %s AS b TABLESAMPLE SYSTEM (%s) WHERE (b.xid >= $1 OR b.xid = ANY ($2)) AND (b.xid <> $3 OR b.seq > $4)',
    pgstream._buffer_name(source), percent::numeric(10, 4))
  INTO sampled
  USING pg_snapshot_xmax(frontier.snapshot)::text::bigint, pgstream._frontier_ids(frontier.snapshot, frontier.own_xid),
    frontier.own_xid, frontier.own_seq;
  RETURN (sampled * 100 / percent)::bigint;
END
$$;
