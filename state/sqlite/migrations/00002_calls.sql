-- +goose Up
-- +goose StatementBegin

-- The requests to the API that were made for a saga, for those who ask what happened. They ride with the saga's commits, so the last
-- before a crash may be missing. Of each saga the first and the newest are kept (see calls.go).
CREATE TABLE saga_calls (
    saga_id    TEXT    NOT NULL REFERENCES sagas (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,                  -- in the order in which they were made
    method     TEXT    NOT NULL,
    path       TEXT    NOT NULL,
    status     INTEGER,                           -- NULL: no answer
    request_id TEXT    NOT NULL,
    error      TEXT    NOT NULL,
    began_at   TEXT    NOT NULL,
    took_us    INTEGER NOT NULL,                  -- microseconds, of the last of them
    times      INTEGER NOT NULL,                  -- reads that are alike, and follow each other, share a row
    last_at    TEXT    NOT NULL,                  -- when the last of them began
    PRIMARY KEY (saga_id, position)
) STRICT, WITHOUT ROWID;
-- +goose StatementEnd
