package view

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"arcadiad/fleet"
)

// List is the droplets of a fleet.
type List struct {
	Rows  []Droplet
	fleet string
}

// ListOf picks the droplets of the fleet out of a status, with a tag if one is given: what is registered, is being made, or shows the fleet's tags.
func ListOf(st Status, tag string) List {
	l := List{Rows: []Droplet{}, fleet: st.Fleet}
	for _, d := range st.ours() {
		if d.Bearing != fleet.StateReleased && (tag == "" || slices.ContainsFunc(d.Tags, func(t string) bool { return strings.EqualFold(t, tag) })) {
			l.Rows = append(l.Rows, d)
		}
	}
	return l
}

// Text writes a line for each droplet.
func (l List) Text(w io.Writer, now time.Time) error { return l.write(w, now, false) }

// Wide writes what else there is to say of each.
func (l List) Wide(w io.Writer, now time.Time) error { return l.write(w, now, true) }

func (l List) write(w io.Writer, now time.Time, wide bool) error {
	return tabled(w, func(t *table) {
		if len(l.Rows) == 0 {
			t.row(fmt.Sprintf("There are no such droplets in fleet %s.", orNone(l.fleet)))
			return
		}
		heads := []any{"NAME", "ID", "STATUS", "SIZE", "REGION", "PUBLIC IP"}
		if wide {
			heads = append(heads, "PRIVATE IP", "RESERVED IP", "IMAGE", "TAGS", "AGE")
		}
		t.row(heads...)
		for _, d := range l.Rows {
			cells := []any{d.Name, d.ID, d.state(), orNone(d.Size), orNone(d.Region), orNone(d.PublicIP)}
			if wide {
				age := "-"
				if !d.CreatedAt.IsZero() {
					age = rough(now.Sub(d.CreatedAt))
				}
				cells = append(cells, orNone(d.PrivateIP), orNone(d.ReservedIP), orNone(d.Image), orNone(strings.Join(d.Tags, ",")), age)
			}
			t.row(cells...)
		}
	})
}

// state is the status, and what the droplet is to the fleet where that is not all.
func (d Droplet) state() any {
	switch d.Bearing {
	case fleet.StateManaged, fleet.StateMissing:
		return byState(d.Status)
	case fleet.StateMaking:
		return d.Bearing
	}
	return yellow{fmt.Sprintf("%s, %s", d.Status, d.Bearing)}
}
