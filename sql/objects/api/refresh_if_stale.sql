-- Refreshes a stream table if its content is older than `max_age`, in your transaction; true when it did. For owners.
-- Who had to wait for others who recompute it finds it young enough afterwards, and does not do the same once more.
CREATE OR REPLACE FUNCTION pgstream.refresh_if_stale(name text, max_age interval) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
  id bigint := pgstream._stream_table_id(name);
  since pg_catalog.timestamptz;
BEGIN
  IF max_age IS NULL OR max_age OPERATOR(pg_catalog.<) interval '0' THEN
    RAISE EXCEPTION 'invalid max_age: %', coalesce(max_age::pg_catalog.text, 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give an interval, 0 or longer: interval ''5 minutes''.';
  END IF;
  PERFORM pgstream._check_owner(id);
  -- What nobody told of makes it older than it seems.
  IF pg_catalog.current_setting('transaction_read_only') OPERATOR(pg_catalog.=) 'off' THEN
    PERFORM pgstream._ask(id, 'look');
  END IF;
  -- No content is older, and a timestamp ends.
  since := pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) least(max_age, interval '1000 years');
  IF EXISTS (
    SELECT FROM pgstream._freshness() f
    WHERE f.pgs_id OPERATOR(pg_catalog.=) id AND f.data_timestamp OPERATOR(pg_catalog.>) since)
  THEN
    RETURN false;
  END IF;
  RETURN pgstream._ask(id, 'refresh', CASE WHEN max_age OPERATOR(pg_catalog.>) interval '0'
    THEN pg_catalog.jsonb_build_object('since', pg_catalog.date_part('epoch', since)::pg_catalog.text) END) IS DISTINCT FROM 'FRESH';
END
$$;
