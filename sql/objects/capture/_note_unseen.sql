-- Notes that rows of a source came or went for every reader which no trigger saw. For a refresh that began before: its snapshot
-- tells whether this counts for it, the mark of the readers alone does not.
CREATE OR REPLACE FUNCTION pgstream._note_unseen(source oid, reason text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO pgstream.truncations (source_relid, xid, seq, reason)
  VALUES (source, pg_current_xact_id()::text::bigint, nextval('pgstream.change_seq'), reason);
  PERFORM nextval(pgstream._counter_name(source)::regclass);
END
$$;
