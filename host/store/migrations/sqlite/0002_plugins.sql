-- Components that the operator installed, by the digest of their bytes.
CREATE TABLE component (
  digest TEXT NOT NULL PRIMARY KEY, -- lower-case hex SHA-256
  bytes  BLOB NOT NULL
);

-- Every generation of every installed plugin; at most one of a name is active.
CREATE TABLE plugin (
  row        INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant     TEXT    NOT NULL DEFAULT '', -- '' = everybody
  role       TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  generation BIGINT  NOT NULL,
  active     BIGINT  NOT NULL,
  digest     TEXT    NOT NULL REFERENCES component (digest),
  version    TEXT    NOT NULL,
  origin     TEXT    NOT NULL,
  signatures TEXT    NOT NULL, -- JSON list
  config     TEXT    NOT NULL, -- JSON object
  grants     TEXT    NOT NULL, -- JSON object, secrets included
  limits     TEXT    NOT NULL, -- JSON object
  installed  BIGINT  NOT NULL,
  UNIQUE (tenant, role, name, generation)
);
CREATE UNIQUE INDEX plugin_active ON plugin (tenant, role, name) WHERE active = 1;
