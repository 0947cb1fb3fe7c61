package embedded

// applicationID marks our files ("memh"), so that `file` and we can tell them
// from other SQLite databases.
const applicationID = 0x6d656d68

// versions are the steps from an empty file to the newest schema. A step that
// was released is never changed: a change is a new step. All times are epoch
// milliseconds; hashes are 32 bytes; an empty text is NULL where that is said.
var versions = [...]string{schema1, dispatch2, dispatch3, removed4, filed5}

const schema1 = `
CREATE TABLE memory (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL, id TEXT NOT NULL,
  name TEXT NOT NULL, description TEXT NOT NULL, policies TEXT NOT NULL, -- policies: JSON
  created_at INTEGER NOT NULL, version INTEGER NOT NULL,
  head INTEGER NOT NULL DEFAULT 0, floor INTEGER NOT NULL DEFAULT 1,     -- of its log
  UNIQUE (tenant, id)
);

-- A shelf is what many grains have in common, and how many of them are current.
CREATE TABLE shelf (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  memory INTEGER NOT NULL, key INTEGER NOT NULL, -- key: of seal_key
  type TEXT NOT NULL, namespace TEXT NOT NULL, person TEXT NOT NULL, scope_path TEXT NOT NULL,
  grains INTEGER NOT NULL DEFAULT 0, named INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
  UNIQUE (key, namespace, type, person, scope_path)
);
CREATE INDEX shelf_memory ON shelf (memory) WHERE grains > 0;
CREATE INDEX shelf_person ON shelf (memory, person) WHERE grains > 0 AND person <> '';

-- lineage, first_at: NULL where they are hash, created_at: a first grain.
-- state: 0 current, 1 superseded, 2 gone. n rises with time; a start goes on from
-- the highest that is left. seq: of the change that made it current.
CREATE TABLE grain (
  n INTEGER PRIMARY KEY,
  memory INTEGER NOT NULL, shelf INTEGER NOT NULL, hash BLOB NOT NULL, lineage BLOB,
  created_at INTEGER NOT NULL, first_at INTEGER, version INTEGER NOT NULL, state INTEGER NOT NULL,
  seq INTEGER NOT NULL, subject BLOB, name BLOB, box BLOB,
  UNIQUE (memory, hash)
);
CREATE INDEX grain_shelf   ON grain (shelf);
CREATE INDEX grain_lineage ON grain (memory, lineage, state, version) WHERE lineage IS NOT NULL;
CREATE INDEX grain_subject ON grain (memory, subject) WHERE subject IS NOT NULL AND state = 0;
CREATE UNIQUE INDEX grain_name ON grain (memory, name) WHERE name IS NOT NULL AND state = 0;

-- Erased and rotated entries stay below the memory's floor; others don't.
-- data: what of the change has no column. matches: pairs of hook number and
-- the seq that the hook saw before, varints.
CREATE TABLE log (
  memory INTEGER, seq INTEGER,
  id TEXT NOT NULL, cause TEXT NOT NULL, at INTEGER NOT NULL, data BLOB NOT NULL, matches BLOB,
  PRIMARY KEY (memory, seq)
) WITHOUT ROWID;

CREATE TABLE hook (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  memory INTEGER NOT NULL, id TEXT NOT NULL, data TEXT NOT NULL, -- JSON
  version INTEGER NOT NULL, state TEXT NOT NULL,
  UNIQUE (memory, id)
);
-- The newest seq that a hook saw, and how many it saw in all.
CREATE TABLE hookhead (hook INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, matched INTEGER NOT NULL);

CREATE TABLE consumer (
  hook INTEGER, name TEXT, acked INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (hook, name)
) WITHOUT ROWID;

CREATE TABLE seal_key (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  memory INTEGER NOT NULL, id TEXT NOT NULL, person TEXT NOT NULL, scope TEXT NOT NULL,
  cell TEXT NOT NULL, wrapped BLOB, state TEXT NOT NULL, created_at INTEGER NOT NULL,
  UNIQUE (memory, id)
);
CREATE INDEX seal_key_pair  ON seal_key (memory, person, scope, n) WHERE state = 'live';
CREATE INDEX seal_key_scope ON seal_key (memory, scope) WHERE state = 'live';
CREATE TABLE seal_cell (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  memory INTEGER NOT NULL, id TEXT NOT NULL, first TEXT NOT NULL, wrapped BLOB NOT NULL, created_at INTEGER NOT NULL,
  UNIQUE (memory, id)
);
CREATE INDEX seal_cell_memory ON seal_cell (memory, n);

CREATE TABLE apikey (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, scopes TEXT NOT NULL, -- scopes: JSON
  hash BLOB NOT NULL UNIQUE, operator INTEGER NOT NULL, created_at INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0,
  UNIQUE (tenant, id)
);
CREATE TABLE receipt (
  scope TEXT, key TEXT, body BLOB NOT NULL, seed BLOB NOT NULL, at INTEGER NOT NULL, status INTEGER NOT NULL, answer BLOB,
  PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE INDEX receipt_at ON receipt (at);

-- Search: a document is a grain's blind terms, its number the grain's. Every
-- current grain up to the mark has a document.
CREATE VIRTUAL TABLE doc USING fts5 (terms, tokenize = 'ascii');
INSERT INTO doc (doc, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE doc_terms USING fts5vocab (doc, row);
CREATE TABLE docs (memory INTEGER PRIMARY KEY, count INTEGER NOT NULL);
CREATE TABLE mark (one INTEGER PRIMARY KEY CHECK (one = 1), n INTEGER NOT NULL);
INSERT INTO mark VALUES (1, 0);
` + dispatch1

// removed4 keeps which memories were removed, for who restores a copy that is
// older. A memory is told from others of its id by when it was made.
const removed4 = `
CREATE TABLE removed (
  tenant TEXT, id TEXT, created_at INTEGER, at INTEGER NOT NULL,
  PRIMARY KEY (tenant, id, created_at)
) WITHOUT ROWID;
`
