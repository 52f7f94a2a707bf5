-- +goose Up
-- +goose StatementBegin

-- What is known of droplets that looks at the account do not show any more (fleet/absence.go). An absence ends with the next sighting of
-- the droplet, and with its record.
CREATE TABLE absences (
    provider    TEXT    NOT NULL,
    external_id TEXT    NOT NULL,                 -- the droplet's id, in decimal; 0: of the whole fleet, of which only the tag is left
    since       TEXT    NOT NULL,                 -- when the first look that lacked it began
    last_at     TEXT    NOT NULL,                 -- when the newest look that counted began
    looks       INTEGER NOT NULL,                 -- those that counted
    witnessed   INTEGER NOT NULL,                 -- the newest of them in a row that showed a witness
    process     TEXT    NOT NULL,                 -- which process counted the newest
    interrupted INTEGER NOT NULL,                 -- a restart, or a jump of the clock, lies between two of them
    gone_at     TEXT,                             -- NULL while it is not proved gone
    PRIMARY KEY (provider, external_id)
) STRICT, WITHOUT ROWID;

-- When a droplet was made, by the API. It lies beside last_seen_at, so that reading it does not read through the data.
ALTER TABLE sightings ADD COLUMN created_at TEXT; -- NULL: not known
UPDATE sightings SET created_at = (
    SELECT CASE WHEN json_valid(data) THEN json_extract(data, '$.created_at') END FROM resources WHERE id = resource_id);
-- +goose StatementEnd
