-- A value was too long for a btree index (SQLSTATE 54000): from its next plan on a stream table is made for such, with hashes
-- in place of unique indexes. False when it is already, or keeps none: then something else was too large.
CREATE OR REPLACE FUNCTION pgstream._allow_long_values(id bigint) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE pgstream.pgs_stream_tables s
  SET has_long_values = true, needs_reinit = s.is_populated,
    reinit_reason = CASE WHEN s.is_populated THEN 'a value is too long for an index' END
  WHERE s.pgs_id = id AND s.strategy = 'DIFFERENTIAL' AND NOT s.has_long_values;
  RETURN FOUND;
END
$$;
