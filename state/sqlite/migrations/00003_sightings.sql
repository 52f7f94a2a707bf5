-- +goose Up
-- +goose StatementBegin

-- What a droplet looks like hardly ever changes, and when it was last seen changes with every sync. They lie apart, so that a sync
-- writes a few bytes for each droplet and not the whole row. data comes last, so that reading the small columns does not read
-- through it.
CREATE TABLE resources (
    id            INTEGER NOT NULL PRIMARY KEY,
    provider      TEXT    NOT NULL,               -- 'digitalocean'
    kind          TEXT    NOT NULL,               -- 'droplet'
    external_id   TEXT    NOT NULL,               -- the droplet's id, in decimal
    name          TEXT    NOT NULL,
    region        TEXT    NOT NULL,
    status        TEXT    NOT NULL,               -- new, active, off, archive, deleted
    public_ip     TEXT,                           -- NULL until assigned
    tags          TEXT    NOT NULL,               -- JSON list
    first_seen_at TEXT    NOT NULL,
    deleted_at    TEXT,                           -- NULL while it is not proved gone
    digest        BLOB,                           -- of data; NULL: not known, so that data is written again
    data          TEXT,                           -- the JSON object exactly as the API gave it
    UNIQUE (provider, external_id)
) STRICT;
CREATE TABLE sightings (
    resource_id  INTEGER NOT NULL PRIMARY KEY REFERENCES resources (id) ON DELETE CASCADE,
    last_seen_at TEXT    NOT NULL                 -- when the request that showed it began
) STRICT;

INSERT INTO resources (id, provider, kind, external_id, name, region, status, public_ip, tags, first_seen_at, deleted_at, data)
    SELECT rowid, provider, kind, external_id, name, region, status, public_ip, tags, first_seen_at, deleted_at, data FROM cloud_resources;
INSERT INTO sightings (resource_id, last_seen_at) SELECT rowid, last_seen_at FROM cloud_resources;
DROP TABLE cloud_resources;

-- The two as one, for all who read.
CREATE VIEW cloud_resources AS
    SELECT provider, kind, external_id, name, region, status, public_ip, tags, first_seen_at, last_seen_at, deleted_at, data
    FROM resources JOIN sightings ON resource_id = id;
-- +goose StatementEnd
