-- Is it a cron expression: five fields, six with seconds in front, or a name such as @hourly?
CREATE OR REPLACE FUNCTION pgstream._check_cron(expression text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  fields text[] := regexp_split_to_array(btrim(lower(expression)), E'\\s+');
  lows CONSTANT integer[] := '{0,0,0,1,1,0}';
  highs CONSTANT integer[] := '{59,59,23,31,12,7}';
  names CONSTANT text[] := ARRAY['', '', '', '', 'jan feb mar apr may jun jul aug sep oct nov dec', 'sun mon tue wed thu fri sat'];
  field text;
  item text;
  part text[];
  edge text;
  edges integer[];
  position integer;
BEGIN
  IF fields[1] ~ '^@' THEN
    RETURN cardinality(fields) = 1 AND fields[1] IN ('@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly');
  END IF;
  IF cardinality(fields) NOT IN (5, 6) THEN
    RETURN false;
  END IF;
  FOR i IN 1 .. cardinality(fields) LOOP
    position := i + 6 - cardinality(fields);
    FOREACH item IN ARRAY string_to_array(fields[i], ',') LOOP
      part := regexp_match(item, E'^(?:\\*|([0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?)(?:/([0-9]{1,2}))?$');
      IF part IS NULL OR part[3]::integer = 0 THEN
        RETURN false;
      END IF;
      edges := '{}';
      FOREACH edge IN ARRAY part[1:2] LOOP
        CONTINUE WHEN edge IS NULL;
        IF edge ~ '^[a-z]' THEN
          edges := edges || (array_position(string_to_array(names[position], ' '), edge) - 1 + lows[position]);
        ELSE
          edges := edges || edge::integer;
        END IF;
      END LOOP;
      IF EXISTS (SELECT FROM unnest(edges) AS e WHERE e IS NULL OR e < lows[position] OR e > highs[position]) OR edges[1] > edges[2] THEN
        RETURN false;
      END IF;
    END LOOP;
  END LOOP;
  RETURN true;
END
$$;
