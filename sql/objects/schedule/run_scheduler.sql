-- Refreshes what is due, sources before readers, each group of stream tables in a transaction of its own. Any number of
-- callers may run at once, on any number of machines: they share the work by claiming it. With `seconds` it stays for that
-- long and waits for more. `refreshed`: how many groups it has refreshed.
--
-- A procedure that commits can be neither SECURITY DEFINER nor have a SET clause, so everything in it is qualified.
CREATE OR REPLACE PROCEDURE pgstream.run_scheduler(seconds double precision DEFAULT 0, INOUT refreshed integer DEFAULT NULL)
LANGUAGE plpgsql
AS $$
BEGIN
  CALL pgstream._run(seconds, NULL, refreshed);
END
$$;
