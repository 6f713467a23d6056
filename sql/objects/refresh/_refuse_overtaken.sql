-- After a statement of a plan has run: what it read by names is locked from then on. Has one of them come to mean something else
-- before, because DDL was committed after the plan was made, the statement may have read another table.
CREATE OR REPLACE FUNCTION pgstream._refuse_overtaken(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  names jsonb := (SELECT s.plan -> 'names' FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id);
BEGIN
  IF pgstream._names_differ(names, pgstream._names_now(names)) THEN
    RAISE EXCEPTION USING ERRCODE = 'PGS03', MESSAGE = 'something that the stream table reads was renamed while it was refreshed';
  END IF;
END
$$;
