-- Takes a stream table out of SUSPENDED or ERROR. One that lost a source or a column is defined again, with its owner's rights,
-- from the text that names what it read (pgs_stream_tables.definition).
CREATE OR REPLACE FUNCTION pgstream._resume(id bigint) RETURNS void
LANGUAGE plpgsql
SET pg_stream.internal = 'on'
AS $$
DECLARE
  target record;
BEGIN
  PERFORM pgstream._ask(id, 'recheck');
  SELECT s.broken_reason, s.refresh_mode INTO target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id OPERATOR(pg_catalog.=) id;
  IF target.broken_reason IS NOT NULL THEN
    PERFORM pgstream._define_again(id, target.refresh_mode);
  END IF;
  PERFORM pgstream._ask(id, 'status', '{"status": "ACTIVE"}');
END
$$;
