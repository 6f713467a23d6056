-- What a refresh failed with, word for word. Apart from the history, which everybody reads: the words of an error show
-- values of the sources. Nobody reads this but by pgstream._visible_errors.
CREATE TABLE pgstream._error_texts (
  refresh_id bigint PRIMARY KEY REFERENCES pgstream.pgs_refresh_history ON DELETE CASCADE,
  message text NOT NULL
);

COMMENT ON TABLE pgstream._error_texts IS 'error messages of refreshes, for the owners of the stream tables';
