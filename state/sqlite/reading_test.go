package sqlite_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"arcadiad/fleet"
)

// A sighting that leaves something out says nothing of it: the row keeps what was known. That holds for a sighting that came through a
// saga's journal, too.
func TestWhatASightingDoesNotSayStays(t *testing.T) {
	path := filepath.Join(tempDir(t), "arcadiad.db")
	s := open(t, path)
	d := droplet(1, "web-1", at(1))
	d.PublicIPv4, d.Tags = "198.51.100.7", []string{"a"}
	must(t, s.Save(t.Context(), fleet.Observed{BeganAt: at(1), EndedAt: at(1), Droplets: []fleet.Droplet{d}}))
	row := func() any {
		return column(t, path, "SELECT json_array(name, region, status, public_ip, tags, data, hex(digest)) FROM resources")
	}
	before := row()

	bare := fleet.Droplet{ID: 1, SeenAt: at(2), Unread: fleet.UnreadTags | fleet.UnreadAddresses}
	must(t, s.Save(t.Context(), fleet.Observed{BeganAt: at(2), EndedAt: at(2), Droplets: []fleet.Droplet{bare}}))
	wantEqual(t, "the row after an empty answer", row(), before)

	journaled, err := json.Marshal(bare)
	must(t, err)
	var back fleet.Droplet
	must(t, json.Unmarshal(journaled, &back))
	if back.Data != nil {
		t.Errorf("no data went into a journal, and %q came out", back.Data)
	}
	for i, data := range []string{"", "null"} { // null is from a journal of an older version
		back.SeenAt, back.Data = at(3+i), []byte(data)
		must(t, s.Save(t.Context(), fleet.Observed{BeganAt: at(3 + i), EndedAt: at(3 + i), Droplets: []fleet.Droplet{back}}))
		wantEqual(t, "the row after data "+data, row(), before)
	}
	wantEqual(t, "last seen", get(s.Resources(t.Context()))(t)[0].LastSeenAt, at(4))
}
