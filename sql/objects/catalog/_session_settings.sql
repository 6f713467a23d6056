-- The settings of this session on which the value of an expression can depend. They are kept with a definition: a refresh
-- gives the same result whoever runs it.
CREATE OR REPLACE FUNCTION pgstream._session_settings() RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_object_agg(s, CASE s
    -- Less would not tell floats apart, and keys of some types travel as text.
    WHEN 'extra_float_digits' THEN greatest(1, current_setting(s)::integer)::text
    ELSE current_setting(s) END)
  FROM unnest('{array_nulls,DateStyle,IntervalStyle,TimeZone,bytea_output,default_text_search_config,extra_float_digits,lc_monetary,lc_numeric,lc_time,quote_all_identifiers,timezone_abbreviations,xmlbinary,xmloption}'::text[]) AS s
$$;
