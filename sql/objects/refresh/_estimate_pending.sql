-- About how many new rows a change buffer holds: counted in a sample of its pages, as counting all costs a tenth of what
-- a large refresh costs; those that are packed say themselves how many they are. Each part by itself, and none that is empty:
-- most of what this takes is planning.
CREATE OR REPLACE FUNCTION pgstream._estimate_pending(source oid, frontier pgstream.frontiers) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  part text;
  pages bigint;
  percent numeric;
  found_here bigint;
  result bigint := 0;
BEGIN
  FOREACH part IN ARRAY ARRAY['small', 'bulk', 'packed'] LOOP
    pages := pg_relation_size((pgstream._buffer_name(source) || '_' || part)::regclass) / current_setting('block_size')::int;
    CONTINUE WHEN pages = 0;
    percent := greatest(0.0001, least(100, 100.0 * 16 / pages))::numeric(10, 4);
    EXECUTE format(
      'SELECT %s FROM %s_%s AS b%s WHERE (b.xid >= $1 OR b.xid = ANY ($2)) AND (b.xid <> $3 OR b.seq > $4)',
      CASE part WHEN 'packed' THEN 'coalesce(sum(b.n), 0)::bigint' ELSE 'count(*)' END, pgstream._buffer_name(source), part,
      CASE WHEN part <> 'packed' AND percent < 100 THEN format(' TABLESAMPLE SYSTEM (%s)', percent) END)
    INTO found_here
    USING pg_snapshot_xmax(frontier.snapshot)::text::bigint, pgstream._frontier_ids(frontier.snapshot, frontier.own_xid),
      frontier.own_xid, frontier.own_seq;
    result := result + CASE part WHEN 'packed' THEN found_here ELSE (found_here * 100 / percent)::bigint END;
  END LOOP;
  RETURN result;
END
$$;
