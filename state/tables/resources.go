package tables

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"arcadiad/fleet"
)

func (r *Reads) Resources(ctx context.Context) ([]fleet.Resource, error) {
	return view(ctx, r, func(ctx context.Context, tx *Tx) (resources []fleet.Resource, err error) {
		// One query for all of it would look up each droplet in each table.
		facts, err := readResourceFacts(ctx, tx)
		if err != nil {
			return nil, err
		}
		query := `
			SELECT r.external_id, r.name, r.region, r.status, coalesce(r.public_ip, ''), r.tags, r.first_seen_at, s.last_seen_at, r.deleted_at,
				CASE WHEN r.deleted_at IS NULL THEN ` + tx.dialect.Shown + ` END
			FROM resources r JOIN sightings s ON s.resource_id = r.id WHERE r.provider = ? AND r.kind = ?`
		err = each(ctx, tx, query, func(rows *sql.Rows) error {
			var x fleet.Resource
			var tags string
			var shown sql.NullString
			err := rows.Scan(&x.DropletID, &x.Name, &x.Region, &x.Status, &x.PublicIP, &tags, when{&x.FirstSeenAt}, when{&x.LastSeenAt}, when{&x.DeletedAt}, &shown)
			if err != nil {
				return err
			}
			facts.fill(&x)
			showOf(&x, shown.String)
			if err := json.Unmarshal([]byte(tags), &x.Tags); err != nil {
				return fmt.Errorf("row of droplet %d: %w", x.DropletID, err)
			}
			resources = append(resources, x)
			return nil
		}, provider, kind)
		slices.SortFunc(resources, func(a, b fleet.Resource) int { return cmp.Compare(a.DropletID, b.DropletID) })
		return resources, err
	})
}

// resourceFacts are what other tables than resources know of droplets, by their ids.
type resourceFacts struct {
	records  map[int64]*fleet.Resource // the fields that are a record's
	missing  map[int64]time.Time
	released map[int64]bool
	kept     map[int64]string // the reserved IPs of those in quarantine
}

func readResourceFacts(ctx context.Context, tx *Tx) (f resourceFacts, err error) {
	f = resourceFacts{map[int64]*fleet.Resource{}, map[int64]time.Time{}, map[int64]bool{}, map[int64]string{}}
	records := `
		SELECT external_id, name, coalesce(size_slug, ''), coalesce(image, ''), protect, coalesce(saga_id, ''), coalesce(` + tx.dialect.ReservedIP + `, '')
		FROM cloud_provisioned p WHERE provider = ?`
	err = each(ctx, tx, records, func(rows *sql.Rows) error {
		x := &fleet.Resource{}
		err := rows.Scan(&x.DropletID, &x.RecordName, &x.Size, &x.Image, &x.Protect, &x.SagaID, &x.ReservedIP)
		f.records[x.DropletID] = x
		return err
	}, provider)
	if err != nil {
		return f, err
	}
	absences, err := readAbsences(ctx, tx)
	if err != nil {
		return f, err
	}
	for _, a := range absences {
		f.missing[a.DropletID] = a.Since
	}
	var id int64
	err = each(ctx, tx, "SELECT external_id FROM registrations WHERE provider = ? AND released_at IS NOT NULL", func(rows *sql.Rows) error {
		err := rows.Scan(&id)
		f.released[id] = true
		return err
	}, provider)
	if err != nil {
		return f, err
	}
	err = each(ctx, tx, "SELECT external_id, reserved_ip FROM quarantine WHERE provider = ?", func(rows *sql.Rows) error {
		var ip string
		err := rows.Scan(&id, &ip)
		f.kept[id] = ip
		return err
	}, provider)
	return f, err
}

// fill fills in what is known of a droplet.
func (f resourceFacts) fill(x *fleet.Resource) {
	x.ReservedIP = f.kept[x.DropletID]
	if r := f.records[x.DropletID]; r != nil {
		x.Recorded, x.RecordName, x.Size, x.Image, x.Protect, x.SagaID = true, r.RecordName, r.Size, r.Image, r.Protect, r.SagaID
		x.ReservedIP = cmp.Or(r.ReservedIP, x.ReservedIP)
	}
	x.MissingSince, x.Released = f.missing[x.DropletID], f.released[x.DropletID]
}

// showOf fills in what the droplet's own words say, as far as they can be read: nothing depends on it.
func showOf(x *fleet.Resource, shown string) {
	var parts []json.RawMessage
	if json.Unmarshal([]byte(shown), &parts) != nil || len(parts) != 5 {
		return
	}
	var image string
	var imageID int64
	var addresses []struct {
		IP   string `json:"ip_address"`
		Type string `json:"type"`
	}
	for i, into := range []any{&x.SizeSeen, &image, &imageID, &x.CreatedAt, &addresses} {
		_ = json.Unmarshal(parts[i], into) // null, or not as documented: it stays unknown
	}
	if x.ImageSeen = image; image == "" && imageID != 0 {
		x.ImageSeen = fmt.Sprint(imageID)
	}
	for _, a := range addresses {
		switch {
		case a.Type == "private" && x.PrivateIP == "":
			x.PrivateIP = a.IP
		case a.Type == "public" && a.IP != x.PublicIP && x.ReservedIP == "": // a droplet has one public address of its own
			x.ReservedIP = a.IP
		}
	}
}
