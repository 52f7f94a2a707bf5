-- +goose Up
-- +goose StatementBegin

-- Every droplet of the account that was ever seen or made. Rows are never removed: a droplet that is gone is marked deleted.
-- data comes last, so that reading the small columns does not read through it.
CREATE TABLE cloud_resources (
    provider      TEXT NOT NULL,                  -- 'digitalocean'
    kind          TEXT NOT NULL,                  -- 'droplet'
    external_id   TEXT NOT NULL,                  -- the droplet's id, in decimal
    name          TEXT NOT NULL,
    region        TEXT NOT NULL,
    status        TEXT NOT NULL,                  -- new, active, off, archive, deleted
    public_ip     TEXT,                           -- NULL until assigned
    tags          TEXT NOT NULL,                  -- JSON list
    first_seen_at TEXT NOT NULL,
    last_seen_at  TEXT NOT NULL,                  -- when the request that showed it began
    deleted_at    TEXT,                           -- NULL while it is not proved gone
    data          TEXT,                           -- the JSON object exactly as the API gave it
    PRIMARY KEY (provider, external_id)
) STRICT;

-- What was sent when a droplet was made, or taken over when it was adopted.
-- No foreign key to cloud_resources: what was sent stays true even where the droplet was not seen yet.
CREATE TABLE cloud_provisioned (
    provider    TEXT    NOT NULL,
    external_id TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    size_slug   TEXT,                             -- NULL: unknown, here and below
    region      TEXT,
    image       TEXT,                             -- as it was asked for: a slug, or an id in decimal
    image_id    INTEGER,                          -- what the slug meant on that day
    spec        TEXT    NOT NULL,                 -- JSON: all other fields, and "assumed"
    protect     INTEGER NOT NULL,
    saga_id     TEXT,
    recorded_at TEXT    NOT NULL,
    PRIMARY KEY (provider, external_id)
) STRICT;

CREATE TABLE sagas (
    id          TEXT    NOT NULL PRIMARY KEY,     -- 32 hex digits
    kind        TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    subject_key TEXT    NOT NULL,                 -- subject, case-folded
    status      TEXT    NOT NULL,
    step        TEXT    NOT NULL,                 -- name of the current step; empty when all are done
    step_index  INTEGER NOT NULL,
    steps       TEXT    NOT NULL,                 -- JSON list of step names, frozen
    reverse     INTEGER NOT NULL,
    superseded  INTEGER NOT NULL,
    begun       INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    not_before  TEXT,
    error       TEXT    NOT NULL,
    labels      TEXT    NOT NULL,                 -- JSON object of strings
    context     TEXT,                             -- JSON
    created_at  TEXT    NOT NULL,
    updated_at  TEXT    NOT NULL,
    ended_at    TEXT
) STRICT;

-- Law 2. A status that is not known counts as live: better a name taken too long than two sagas for one name.
CREATE UNIQUE INDEX sagas_live_subject ON sagas (subject_key) WHERE status NOT IN ('completed', 'compensated', 'superseded');
-- The tag of a saga's droplet carries 8 digits only.
CREATE UNIQUE INDEX sagas_id8 ON sagas (lower(substr(id, 1, 8)));
CREATE INDEX sagas_subject ON sagas (subject_key);

CREATE TABLE saga_steps (
    saga_id    TEXT    NOT NULL REFERENCES sagas (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,                  -- from 0
    name       TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    attempts   INTEGER NOT NULL,
    error      TEXT    NOT NULL,
    started_at TEXT,
    ended_at   TEXT,
    PRIMARY KEY (saga_id, position)
) STRICT, WITHOUT ROWID;

-- Apart from sagas, so that a commit does not write a saga's user_data again, and so that its end can erase it (law 15).
-- The padding keeps the secret off the pages of the tree itself: see saga_secrets in doc.go.
CREATE TABLE saga_secrets (
    saga_id TEXT NOT NULL PRIMARY KEY REFERENCES sagas (id) ON DELETE CASCADE,
    padding BLOB NOT NULL,
    secret  BLOB NOT NULL
) STRICT;

-- Plans that a person let through.
CREATE TABLE approvals (
    plan_id     TEXT NOT NULL PRIMARY KEY,
    approved_at TEXT NOT NULL,
    used_at     TEXT                              -- NULL: not used yet
) STRICT;

-- One row: what the whole database is bound to, and what a person said of the whole.
CREATE TABLE control (
    id           INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    account      TEXT,                            -- uuid; NULL until pinned (law 10)
    simulated    INTEGER NOT NULL DEFAULT 0,
    fleet        TEXT,
    paused_at    TEXT,                            -- NULL: not paused
    last_sync_at TEXT                             -- when the newest observation that was saved had ended
) STRICT;
INSERT INTO control (id) VALUES (1);
-- +goose StatementEnd
