-- When the plan was made in which this is a constant. IMMUTABLE, as pgstream._planned_carriers.
CREATE OR REPLACE FUNCTION pgstream._planned_at() RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
  RETURN pg_catalog.clock_timestamp();
END
$$;
