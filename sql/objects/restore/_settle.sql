-- Notes that the catalog is at home here (pgstream._is_home).
CREATE OR REPLACE FUNCTION pgstream._settle() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- A dump of the schema alone has not what an installation begins with; one that was restored over an installation has it twice.
  IF (SELECT count(*) FROM pgstream._scheduler) <> 1 THEN
    DELETE FROM pgstream._scheduler;
    INSERT INTO pgstream._scheduler DEFAULT VALUES;
  END IF;
  IF pg_sequence_last_value('pgstream.change_seq') IS NULL THEN
    PERFORM setval('pgstream.change_seq', 1);
  END IF;
  DELETE FROM pgstream._home;
  INSERT INTO pgstream._home (catalog, writer, system_identifier, major_version)
  SELECT 'pgstream._home'::regclass, '0', c.system_identifier, current_setting('server_version_num')::integer / 10000
  FROM pg_control_system() AS c;
  -- The number of this transaction or, after a savepoint, of the part of it that we are in: the row itself knows.
  UPDATE pgstream._home h SET writer = h.xmin;
END
$$;
