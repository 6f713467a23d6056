-- What the server says, in its language, to COMMIT where nothing can be committed; a function is such a place.
CREATE OR REPLACE FUNCTION pgstream._words_of_termination() RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  words text;
BEGIN
  COMMIT;
  RETURN NULL;
EXCEPTION WHEN invalid_transaction_termination THEN
  GET STACKED DIAGNOSTICS words = MESSAGE_TEXT;
  RETURN words;
END
$$;
