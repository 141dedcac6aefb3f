-- The truth. Times are milliseconds since 1970, flags are 0 or 1, lists and objects are JSON texts.
-- `row` is the order of insertion and is never used again: indexes and tie-breaks rely on it.
-- `name_fold` is the lower-case name (Unicode), for comparisons that ignore case.

-- The change sequence: raised by one in every transaction that changes chunks, and only in those.
CREATE TABLE counter (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  seq BIGINT  NOT NULL
);
INSERT INTO counter (one, seq) VALUES (1, 0);

CREATE TABLE tenant (
  row             INTEGER PRIMARY KEY AUTOINCREMENT,
  id              TEXT    NOT NULL UNIQUE,
  name            TEXT    NOT NULL,
  embedding_model TEXT    NOT NULL,
  chat_model      TEXT    NOT NULL,
  created         BIGINT  NOT NULL
);

CREATE TABLE api_key (
  hash    TEXT   NOT NULL PRIMARY KEY,
  tenant  TEXT   NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  created BIGINT NOT NULL
);
CREATE INDEX api_key_tenant ON api_key (tenant);

CREATE TABLE dataset (
  row                      INTEGER PRIMARY KEY AUTOINCREMENT,
  id                       TEXT    NOT NULL UNIQUE,
  tenant                   TEXT    NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  name                     TEXT    NOT NULL,
  name_fold                TEXT    NOT NULL,
  avatar                   TEXT,
  description              TEXT,
  language                 TEXT    NOT NULL,
  permission               TEXT    NOT NULL,
  embedding_model          TEXT    NOT NULL,
  chunk_method             TEXT    NOT NULL,
  pipeline_id              TEXT,
  parser_config            TEXT    NOT NULL,
  document_count           BIGINT  NOT NULL DEFAULT 0,
  chunk_count              BIGINT  NOT NULL DEFAULT 0,
  token_count              BIGINT  NOT NULL DEFAULT 0,
  similarity_threshold     DOUBLE PRECISION NOT NULL,
  vector_similarity_weight DOUBLE PRECISION NOT NULL,
  pagerank                 BIGINT  NOT NULL DEFAULT 0,
  created                  BIGINT  NOT NULL,
  updated                  BIGINT  NOT NULL,
  UNIQUE (tenant, name_fold)
);

CREATE TABLE document (
  row              INTEGER PRIMARY KEY AUTOINCREMENT,
  id               TEXT    NOT NULL UNIQUE,
  tenant           TEXT    NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  dataset          TEXT    NOT NULL REFERENCES dataset (id) ON DELETE CASCADE,
  name             TEXT    NOT NULL,
  name_fold        TEXT    NOT NULL,
  location         TEXT    NOT NULL,
  suffix           TEXT    NOT NULL,
  kind             TEXT    NOT NULL,
  size             BIGINT  NOT NULL,
  blob             TEXT    NOT NULL,
  thumbnail        TEXT    NOT NULL,
  chunk_method     TEXT    NOT NULL,
  pipeline_id      TEXT,
  parser_config    TEXT    NOT NULL,
  chunk_count      BIGINT  NOT NULL DEFAULT 0,
  token_count      BIGINT  NOT NULL DEFAULT 0,
  progress         DOUBLE PRECISION NOT NULL DEFAULT 0,
  progress_msg     TEXT    NOT NULL DEFAULT '',
  process_begin    BIGINT,
  process_duration DOUBLE PRECISION NOT NULL DEFAULT 0,
  meta_fields      TEXT    NOT NULL,
  run              TEXT    NOT NULL,
  enabled          BIGINT  NOT NULL DEFAULT 1,
  created          BIGINT  NOT NULL,
  updated          BIGINT  NOT NULL,
  UNIQUE (dataset, name)
);
CREATE INDEX document_name_fold ON document (dataset, name_fold);
CREATE INDEX document_created ON document (dataset, created);
CREATE INDEX document_blob ON document (blob);

CREATE TABLE chunk (
  row         INTEGER PRIMARY KEY AUTOINCREMENT,
  seq         BIGINT  NOT NULL,
  document    BIGINT  NOT NULL REFERENCES document (row) ON DELETE CASCADE,
  id          TEXT    NOT NULL,
  text        TEXT    NOT NULL,
  kind        TEXT    NOT NULL,
  context     TEXT    NOT NULL,
  keywords    TEXT    NOT NULL,
  questions   TEXT    NOT NULL,
  tags        TEXT    NOT NULL,
  positions   TEXT    NOT NULL,
  available   BIGINT  NOT NULL DEFAULT 1,
  parent_text TEXT,
  image       TEXT,
  tokens      BIGINT  NOT NULL,
  ordinal     BIGINT  NOT NULL,
  manual      BIGINT  NOT NULL, -- added by hand
  edited      BIGINT  NOT NULL, -- its content was changed by hand
  page        BIGINT  NOT NULL, -- where it sorts in natural order: page and top of its first place
  top         BIGINT  NOT NULL,
  created     DOUBLE PRECISION NOT NULL,
  UNIQUE (document, id)
);
CREATE INDEX chunk_seq ON chunk (seq);
CREATE INDEX chunk_order ON chunk (document, page, top, ordinal, row);
CREATE INDEX chunk_image ON chunk (image) WHERE image IS NOT NULL;

CREATE TABLE chunk_vector (
  row   BIGINT NOT NULL REFERENCES chunk (row) ON DELETE CASCADE,
  space TEXT   NOT NULL, -- identity of the embedder
  dims  BIGINT NOT NULL,
  data  BLOB   NOT NULL, -- little-endian f32
  PRIMARY KEY (row, space)
);

-- Chunks that were deleted, until every index has heard of it.
CREATE TABLE chunk_gone (
  seq BIGINT NOT NULL,
  row BIGINT NOT NULL,
  PRIMARY KEY (seq, row)
);

CREATE TABLE task (
  row         INTEGER PRIMARY KEY AUTOINCREMENT,
  id          TEXT    NOT NULL UNIQUE,
  tenant      TEXT    NOT NULL,
  dataset     TEXT    NOT NULL,
  document    TEXT    NOT NULL REFERENCES document (id) ON DELETE CASCADE,
  state       TEXT    NOT NULL,
  attempt     BIGINT  NOT NULL DEFAULT 0,
  due         BIGINT  NOT NULL, -- queued: not before; running: end of the lease
  lease_owner TEXT,
  error       TEXT,             -- the last one
  created     BIGINT  NOT NULL,
  updated     BIGINT  NOT NULL
);
CREATE INDEX task_document ON task (document);
CREATE INDEX task_open ON task (due) WHERE state IN ('queued', 'running');

CREATE TABLE assistant (
  row                  INTEGER PRIMARY KEY AUTOINCREMENT,
  id                   TEXT    NOT NULL UNIQUE,
  tenant               TEXT    NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
  name                 TEXT    NOT NULL,
  name_fold            TEXT    NOT NULL,
  description          TEXT    NOT NULL,
  avatar               TEXT    NOT NULL,
  language             TEXT    NOT NULL,
  datasets             TEXT    NOT NULL,
  llm_id               TEXT    NOT NULL,
  llm_setting          TEXT    NOT NULL,
  prompt_config        TEXT    NOT NULL,
  similarity_threshold DOUBLE PRECISION NOT NULL,
  vector_weight        DOUBLE PRECISION NOT NULL,
  top_n                BIGINT  NOT NULL,
  top_k                BIGINT  NOT NULL,
  rerank_id            TEXT    NOT NULL,
  do_refer             TEXT    NOT NULL,
  prompt_type          TEXT    NOT NULL,
  meta_data_filter     TEXT    NOT NULL,
  created              BIGINT  NOT NULL,
  updated              BIGINT  NOT NULL,
  UNIQUE (tenant, name_fold)
);

CREATE TABLE session (
  row       INTEGER PRIMARY KEY AUTOINCREMENT,
  id        TEXT    NOT NULL UNIQUE,
  assistant TEXT    NOT NULL REFERENCES assistant (id) ON DELETE CASCADE,
  name      TEXT    NOT NULL,
  user_id   TEXT    NOT NULL,
  created   BIGINT  NOT NULL,
  updated   BIGINT  NOT NULL
);
CREATE INDEX session_created ON session (assistant, created);

CREATE TABLE message (
  session   BIGINT NOT NULL REFERENCES session (row) ON DELETE CASCADE,
  ordinal   BIGINT NOT NULL,
  id        TEXT,
  role      TEXT   NOT NULL,
  content   TEXT   NOT NULL,
  created   DOUBLE PRECISION NOT NULL,
  reference TEXT, -- JSON
  PRIMARY KEY (session, ordinal)
);
