-- The graph of stream tables as text that Mermaid or Graphviz (dot) draws: an arrow from each source to what reads it, stream
-- tables coloured by state: fresh, stale, failing, suspended, initializing.
CREATE OR REPLACE FUNCTION pgstream.explain_dag(format text DEFAULT 'mermaid') RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  CASE lower(format)
    WHEN 'mermaid' THEN
      RETURN pgstream._dag_as_mermaid();
    WHEN 'dot' THEN
      RETURN pgstream._dag_as_dot();
    ELSE
      RAISE EXCEPTION 'invalid format: %', coalesce('"' || format || '"', 'NULL')
        USING ERRCODE = 'invalid_parameter_value', HINT = 'The formats are mermaid and dot.';
  END CASE;
END
$$;
