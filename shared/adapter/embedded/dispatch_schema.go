package embedded

// dispatch1 is what delivery keeps of each webhook hook.
//
// Every entry that a hook sees is in one of these states: waiting (its seq is
// above place.cursor, and neither job nor delivered knows it), delivered by its
// first attempt (delivered), or in job. Entries up to the cursor that neither
// of them knows were skipped. A tally counts by status the changes whose newest
// delivery has ended, so that what is pending is what the hook matched less
// the tallies' sum.
//
// job.status is one of the ends of package delivery, or "retry" or "parked":
// a retry is due at a time, a parked job when those of its group before it have
// ended. A dead letter that is redriven stays as discarded, with that reason.
//
// A row of delivered is one settled batch: its data are the seqs, from the
// lowest to last_seq, each with the answer's status, its time and how long it
// took.
const dispatch1 = `
CREATE TABLE place (hook INTEGER PRIMARY KEY, cursor INTEGER NOT NULL, dead INTEGER NOT NULL); -- dead: letters in a row
CREATE TABLE job (
  hook INTEGER, seq INTEGER, redrive INTEGER,
  grp TEXT NOT NULL, prev INTEGER NOT NULL, attempts INTEGER NOT NULL, status TEXT NOT NULL,
  due INTEGER NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
  code INTEGER NOT NULL, error TEXT NOT NULL, reason TEXT NOT NULL, took INTEGER NOT NULL, -- took: microseconds
  redaction TEXT NOT NULL,
  PRIMARY KEY (hook, seq, redrive)
) WITHOUT ROWID;
CREATE INDEX job_status ON job (hook, status, seq, redrive);
CREATE TABLE delivered (
  hook INTEGER, last_seq INTEGER, first_seq INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (hook, last_seq)
) WITHOUT ROWID;
CREATE TABLE tally (
  hook INTEGER, status TEXT, n INTEGER NOT NULL,
  PRIMARY KEY (hook, status)
) WITHOUT ROWID;
`

// dispatch2 finds the retries that are due and the jobs of a group.
const dispatch2 = `
CREATE INDEX job_due ON job (hook, due) WHERE status = 'retry';
CREATE INDEX job_group ON job (hook, grp, seq, redrive) WHERE status IN ` + pendingRows + `;
`

// dispatch3 keeps the attempts of a job earlier than its last, as package
// delivery packs them. NULL = none, or none that is known: they were made
// before this step. The last is in the row's other columns.
const dispatch3 = `
ALTER TABLE job ADD COLUMN earlier BLOB;
`
