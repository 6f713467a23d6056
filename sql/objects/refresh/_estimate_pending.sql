-- About how many new rows a change buffer holds: counted in a sample of its pages, as counting all costs a tenth of what
-- a large refresh costs; those that are packed say themselves how many they are.
CREATE OR REPLACE FUNCTION pgstream._estimate_pending(source oid, frontier pgstream.frontiers) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  pages bigint := greatest(1, (pg_relation_size((pgstream._buffer_name(source) || '_small')::regclass)
    + pg_relation_size((pgstream._buffer_name(source) || '_bulk')::regclass)) / current_setting('block_size')::int);
  percent double precision := least(100, 100.0 * 16 / pages);
  sampled bigint;
  packed bigint;
  is_new CONSTANT text := '(b.xid >= $1 OR b.xid = ANY ($2)) AND (b.xid <> $3 OR b.seq > $4)';
BEGIN
  EXECUTE format(
    'SELECT (SELECT count(*) FROM %1$s AS b TABLESAMPLE SYSTEM (%2$s) WHERE b.part <> ''p'' AND %3$s), '
    '(SELECT coalesce(sum(b.n), 0)::bigint FROM %1$s AS b WHERE b.part = ''p'' AND %3$s)',
    pgstream._buffer_name(source), percent::numeric(10, 4), is_new)
  INTO sampled, packed
  USING pg_snapshot_xmax(frontier.snapshot)::text::bigint, pgstream._frontier_ids(frontier.snapshot, frontier.own_xid),
    frontier.own_xid, frontier.own_seq;
  RETURN (sampled * 100 / percent)::bigint + packed;
END
$$;
