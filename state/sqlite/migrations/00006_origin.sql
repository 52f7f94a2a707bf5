-- +goose Up
-- +goose StatementBegin

-- What is kept of a droplet that was registered once, or given back by a person, also when its record and its row are gone (law 5).
CREATE TABLE registrations (
    provider      TEXT NOT NULL,
    external_id   TEXT NOT NULL,
    registered_at TEXT,                           -- NULL: it never was
    released_at   TEXT,                           -- NULL: no person gave it back, or one adopted it since
    PRIMARY KEY (provider, external_id)
) STRICT, WITHOUT ROWID;

INSERT INTO registrations (provider, external_id, registered_at) SELECT provider, external_id, recorded_at FROM cloud_provisioned;
INSERT INTO registrations (provider, external_id, registered_at)
    SELECT 'digitalocean', json_extract(labels, '$.droplet'), ended_at FROM sagas
    WHERE status = 'completed' AND json_valid(labels) AND json_extract(labels, '$.droplet') IS NOT NULL
        AND kind IN ('ProvisionDroplet', 'ReplaceDroplet', 'AdoptDroplet', 'ClaimDroplet', 'UpdateDroplet')
    ON CONFLICT DO NOTHING;
INSERT INTO registrations (provider, external_id, registered_at)
    SELECT 'digitalocean', json_extract(labels, '$.replaces'), created_at FROM sagas
    WHERE json_valid(labels) AND json_extract(labels, '$.replaces') IS NOT NULL
    ON CONFLICT DO NOTHING;
INSERT INTO registrations (provider, external_id, released_at)
    SELECT 'digitalocean', json_extract(labels, '$.droplet'), ended_at FROM sagas s
    WHERE status = 'completed' AND json_valid(labels) AND json_extract(labels, '$.droplet') IS NOT NULL AND kind = 'ReleaseDroplet'
        AND NOT EXISTS (SELECT 1 FROM sagas later WHERE later.status = 'completed' AND later.kind IN ('AdoptDroplet', 'ClaimDroplet')
            AND json_valid(later.labels) AND json_extract(later.labels, '$.droplet') = json_extract(s.labels, '$.droplet')
            AND later.ended_at > s.ended_at)
    ON CONFLICT DO UPDATE SET released_at = excluded.released_at;

-- The highest droplet id of the first look that was saved, at least 1: what is newer, and made by a saga that is not in this journal, was
-- made by another arcadiad (law 16). NULL: no look was saved yet.
ALTER TABLE control ADD COLUMN first_look_id INTEGER;
UPDATE control SET first_look_id = (SELECT max(1, coalesce(max(CAST(external_id AS INTEGER)), 1)) FROM resources) WHERE last_sync_at IS NOT NULL;

-- When this file was made by `arcadiad backup`; NULL: it was not, or the first start on it has seen to what follows (law 16).
ALTER TABLE control ADD COLUMN copied_at TEXT;
-- +goose StatementEnd
