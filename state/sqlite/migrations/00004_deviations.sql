-- +goose Up
-- +goose StatementBegin

-- What the last pass saw of registered droplets that was not as recorded, so that the next one can tell since when. They go with the
-- droplet's record.
CREATE TABLE deviations (
    provider    TEXT    NOT NULL,
    external_id TEXT    NOT NULL,
    field       TEXT    NOT NULL,
    seen        TEXT    NOT NULL,                 -- the value that the droplet shows, canonical
    since       TEXT    NOT NULL,                 -- when the first look that showed it began
    done_by     TEXT    NOT NULL,                 -- the droplet's action that did it, in words; empty: not known
    asked       INTEGER NOT NULL,                 -- the droplet's actions were looked through: done_by is all that there is to know
    PRIMARY KEY (provider, external_id, field),
    FOREIGN KEY (provider, external_id) REFERENCES cloud_provisioned (provider, external_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
-- +goose StatementEnd
