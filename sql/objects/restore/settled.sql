-- A new installation is at home where it is made.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pgstream._home) THEN
    PERFORM pgstream._settle();
  END IF;
END
$$;
