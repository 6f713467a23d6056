-- Reads a stream table's definition again (the text that names what is meant today, not the user's), under the settings
-- of its creation and with its owner's rights, and defines it anew in that mode; NULL: as what was restored. The SET
-- clauses only see to it that the caller's settings are back afterwards.
CREATE OR REPLACE FUNCTION pgstream._define_again(id bigint, mode text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET array_nulls FROM CURRENT
SET DateStyle FROM CURRENT
SET IntervalStyle FROM CURRENT
SET TimeZone FROM CURRENT
SET bytea_output FROM CURRENT
SET default_text_search_config FROM CURRENT
SET extra_float_digits FROM CURRENT
SET lc_monetary FROM CURRENT
SET lc_numeric FROM CURRENT
SET lc_time FROM CURRENT
SET quote_all_identifiers FROM CURRENT
SET timezone_abbreviations FROM CURRENT
SET xmlbinary FROM CURRENT
SET xmloption FROM CURRENT
-- The text is of pgstream._view_definition.
SET standard_conforming_strings = on
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  view oid;
BEGIN
  IF mode IS NOT NULL THEN
    -- What was renamed while nobody watched, or while there was no compiler.
    PERFORM pgstream._ask(id, 'recheck');
  END IF;
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  PERFORM set_config(s.key, s.value, true) FROM jsonb_each_text(target.settings) AS s;
  view := (SELECT v::text::oid FROM pgstream._call_as_owner(id, 'view') AS v);
  IF mode IS NULL THEN
    PERFORM pgstream._restore_definition(view, id);
  ELSE
    PERFORM pgstream._redefine(view, id, NULL, NULL, mode);
  END IF;
  PERFORM pgstream._drop_view();
  IF mode IS NOT NULL THEN
    PERFORM pgstream._ask(id, 'align');
  END IF;
END
$$;
