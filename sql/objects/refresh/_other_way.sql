-- How a refresh that failed may be done after all: with the 'names' of now, when DDL was committed while it compiled or ran, which
-- is no failure; for 'long values', when one did not fit an index; 'anew', when it failed for the data of a delta; NULL when it cannot.
CREATE OR REPLACE FUNCTION pgstream._other_way(id bigint, state text) RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
  IF pgstream._is_of_names(state) AND pgstream._was_renamed(id) THEN
    RETURN 'names';
  END IF;
  -- Under REPEATABLE READ the plan cannot be exchanged: who records the failure notes it.
  IF state = '54000' AND current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable') AND pgstream._allow_long_values(id) THEN
    RETURN 'long values';
  END IF;
  -- Not for the data's sake: what passes by itself, what the server lacks, what does not fit the definition. A function may
  -- have been denied something for the sake of one row; a source is denied whatever the rows.
  IF state = 'P0004' OR left(state, 2) IN ('08', '0A', '25', '26', '3F', '40', '42', '53', '54', '55', '57', '58', 'XX')
    AND (state <> '42501' OR (SELECT r.denied_source FROM pgstream._refresh_rights r WHERE r.pgs_id = id) IS NOT NULL) THEN
    RETURN NULL;
  END IF;
  RETURN (SELECT 'anew' FROM pgstream.pgs_stream_tables s
    WHERE s.pgs_id = id AND s.is_populated AND s.strategy = 'DIFFERENTIAL' AND NOT s.needs_reinit);
END
$$;
