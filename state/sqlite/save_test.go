package sqlite_test

import (
	"path/filepath"
	"testing"

	"arcadiad/fleet"
)

// A sync of an account in which nothing changed writes when each droplet was seen, and no more.
func TestWhatDidNotChangeIsNotWrittenAgain(t *testing.T) {
	path := filepath.Join(tempDir(t), "arcadiad.db")
	s := open(t, path)
	look := func(sec int, droplets ...fleet.Droplet) error {
		for i := range droplets {
			droplets[i].SeenAt = at(sec)
		}
		return s.Save(t.Context(), fleet.Observed{BeganAt: at(sec), EndedAt: at(sec), Droplets: droplets})
	}
	one, two := droplet(1, "web-1", at(0)), droplet(2, "web-2", at(0))
	must(t, look(1, one, two))
	raw(t, path, "CREATE TRIGGER still BEFORE UPDATE ON resources BEGIN SELECT raise(FAIL, 'written again'); END")

	must(t, look(2, one, two))
	bare := two
	bare.Data = nil        // as it comes when the inventory knows that the row has it
	must(t, look(3, bare)) // one is merely missing
	for i, r := range get(s.Resources(t.Context()))(t) {
		wantEqual(t, "first seen", r.FirstSeenAt, at(1))
		wantEqual(t, "last seen", r.LastSeenAt, at(2+i))
	}
	for field, change := range map[string]func(*fleet.Droplet){
		"name":   func(d *fleet.Droplet) { d.Name = "other" },
		"region": func(d *fleet.Droplet) { d.Region = "nyc3" },
		"status": func(d *fleet.Droplet) { d.Status = fleet.StatusOff },
		"ip":     func(d *fleet.Droplet) { d.PublicIPv4 = "198.51.100.99" },
		"tags":   func(d *fleet.Droplet) { d.Tags = []string{"more"} },
		"data":   func(d *fleet.Droplet) { d.Data = []byte(`{"id":1,"locked":true}`) },
	} {
		changed := one
		change(&changed)
		if err := look(4, changed); err == nil {
			t.Errorf("another %s is not written", field)
		}
	}
	must(t, look(3, one)) // back as it was
	raw(t, path, "DROP TRIGGER still")
	bare.Name = "other"
	must(t, look(4, bare))
	wantEqual(t, "data", column(t, path, "SELECT data FROM cloud_resources WHERE name = 'other'"), any(string(two.Data)))
	must(t, s.Save(t.Context(), fleet.Observed{BeganAt: at(5), EndedAt: at(5), Gone: []int64{1}}))
	must(t, look(6, one)) // back from the dead, looking as before
	r := get(s.Resources(t.Context()))(t)[0]
	wantEqual(t, "status", r.Status, one.Status)
	wantEqual(t, "deleted", r.DeletedAt.IsZero(), true)
}
