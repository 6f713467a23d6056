-- What everybody may know of an error: its SQLSTATE and the class of that (errcodes.txt). The words may show values.
CREATE OR REPLACE FUNCTION pgstream._error_kind(state text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 'SQLSTATE ' || state || coalesce(' (' || CASE left(state, 2)
    WHEN '08' THEN 'connection exception'
    WHEN '0A' THEN 'feature not supported'
    WHEN '21' THEN 'cardinality violation'
    WHEN '22' THEN CASE state WHEN '22012' THEN 'division by zero' WHEN '22P02' THEN 'invalid text representation'
      WHEN '22003' THEN 'numeric value out of range' ELSE 'data exception' END
    WHEN '23' THEN 'integrity constraint violation'
    WHEN '25' THEN 'invalid transaction state'
    WHEN '40' THEN 'transaction rollback'
    WHEN '42' THEN CASE state WHEN '42501' THEN 'insufficient privilege' ELSE 'syntax error or access rule violation' END
    WHEN '44' THEN 'with check option violation'
    WHEN '53' THEN 'insufficient resources'
    WHEN '54' THEN 'program limit exceeded'
    WHEN '55' THEN CASE state WHEN '55P03' THEN 'lock not available' ELSE 'object not in prerequisite state' END
    WHEN '57' THEN CASE state WHEN '57014' THEN 'query canceled' ELSE 'operator intervention' END
    WHEN '58' THEN 'system error'
    WHEN 'P0' THEN 'PL/pgSQL error'
    WHEN 'XX' THEN 'internal error' END || ')', '')
$$;
