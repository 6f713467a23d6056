-- Commits, and goes on in a transaction that is as the scheduler needs it, whatever default_transaction_isolation and
-- default_transaction_read_only say: READ COMMITTED, for a snapshot older than its locks can fill nothing, and READ WRITE. Under
-- exit_on_error any error would end the session, those of a refresh that are only noted too.
CREATE OR REPLACE PROCEDURE pgstream._commit()
LANGUAGE plpgsql
AS $$
DECLARE
  -- A standby refuses to write, and to be told so.
  is_standby CONSTANT boolean := pg_catalog.pg_is_in_recovery();
BEGIN
  -- Right after COMMIT: evaluating anything would take a snapshot.
  IF is_standby THEN
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  ELSE
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE;
  END IF;
  SET LOCAL exit_on_error = off;
END
$$;
