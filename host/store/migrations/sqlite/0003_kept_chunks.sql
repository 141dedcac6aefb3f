-- Typed columns of a chunk (the `table` method): a JSON list of names and values.
ALTER TABLE chunk ADD COLUMN fields TEXT NOT NULL DEFAULT '[]';

-- Chunks that a new parse dropped, until it publishes its own: a chunk of the same id gets back what it had.
CREATE TABLE chunk_kept (
  row       INTEGER PRIMARY KEY AUTOINCREMENT,
  document  BIGINT  NOT NULL REFERENCES document (row) ON DELETE CASCADE,
  id        TEXT    NOT NULL,
  text      TEXT    NOT NULL,
  keywords  TEXT    NOT NULL,
  questions TEXT    NOT NULL,
  positions TEXT    NOT NULL,
  tokens    BIGINT  NOT NULL,
  available BIGINT  NOT NULL,
  edited    BIGINT  NOT NULL,
  UNIQUE (document, id)
);

CREATE TABLE chunk_kept_vector (
  row   BIGINT NOT NULL REFERENCES chunk_kept (row) ON DELETE CASCADE,
  space TEXT   NOT NULL, -- identity of the embedder
  data  BLOB   NOT NULL, -- little-endian f32
  PRIMARY KEY (row, space)
);

-- What was mixed into the vectors of a document's chunks besides their texts: its name at the time, and how much of it.
ALTER TABLE document ADD COLUMN mixed_in TEXT NOT NULL DEFAULT '';
