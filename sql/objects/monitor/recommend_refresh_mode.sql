-- Which refresh mode suits a stream table, from its query and from what its refreshes have cost; `confidence` is high,
-- medium or low. Changes nothing.
CREATE OR REPLACE FUNCTION pgstream.recommend_refresh_mode(name text)
RETURNS TABLE (stream_table text, current_mode text, effective_mode text, recommended_mode text, confidence text, reason text, signals jsonb)
LANGUAGE plpgsql
SET pg_stream.internal = 'on'
AS $$
#variable_conflict use_column
DECLARE
  id bigint := pgstream._stream_table_id(name);
  target record;
  refusal text;
BEGIN
  SELECT s.refresh_mode, s.definition INTO target
  FROM pgstream.pgs_stream_tables s WHERE s.pgs_id OPERATOR(pg_catalog.=) id;
  -- Of a query that is recomputed by wish nobody has asked yet.
  IF target.refresh_mode OPERATOR(pg_catalog.=) 'FULL' THEN
    refusal := pgstream._why_recomputed(target.definition, 'pg_catalog, pg_temp');
  END IF;
  RETURN QUERY SELECT * FROM pgstream._recommend_refresh_mode(id, refusal);
END
$$;
