package simulator

import (
	"slices"
	"time"
)

// keptPast is how long what a droplet was is remembered, for replicas that are behind.
const keptPast = time.Hour

// version is a droplet as it was until some time.
type version struct {
	until time.Time
	was   droplet
}

// remember keeps what a droplet is just now, before it changes.
func (a *Account) remember(d *droplet) {
	old := a.moment.Add(-keptPast)
	d.past = slices.DeleteFunc(d.past, func(v version) bool { return v.until.Before(old) })
	was := *d
	was.Tags, was.Volumes = slices.Clone(d.Tags), slices.Clone(d.Volumes)
	was.Snapshots, was.BackupIDs, was.actions = slices.Clone(d.Snapshots), slices.Clone(d.BackupIDs), slices.Clone(d.actions)
	was.past, was.rendered = nil, nil
	d.past = append(d.past, version{a.moment, was})
}

// bury keeps a droplet that is gone, for replicas that still show it.
func (a *Account) bury(d *droplet) {
	old := a.moment.Add(-keptPast)
	a.buried = append(slices.DeleteFunc(a.buried, func(d *droplet) bool { return d.goneAt.Before(old) }), d)
}

// asOf is the droplet as it was at a time. Before it was made it was neither listed nor found.
func (d *droplet) asOf(at time.Time) *droplet {
	for _, v := range d.past {
		if v.until.After(at) {
			return &v.was
		}
	}
	return d
}

// found is the droplet as GET by id found it at a time; nil: it did not.
func (a *Account) found(id int64, at time.Time) *droplet {
	d := a.droplets[id]
	if d == nil {
		i := slices.IndexFunc(a.buried, func(d *droplet) bool { return d.ID == id })
		if i < 0 {
			return nil
		}
		d = a.buried[i]
	}
	if was := d.asOf(at); !was.gone && !at.Before(d.FoundAt) {
		return was
	}
	return nil
}

// listedAt is what listings showed at a time.
func (a *Account) listedAt(at time.Time) *listing {
	out := &listing{}
	show := func(d *droplet) {
		if was := d.asOf(at); was.listed { // what GET no longer finds may still be listed
			out.add(was)
		}
	}
	for _, d := range a.droplets {
		show(d)
	}
	for _, d := range a.buried {
		show(d)
	}
	return out
}
