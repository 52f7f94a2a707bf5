package simulator

import (
	"cmp"
	"slices"
)

// listing is a set of droplets in the order of their ids. New droplets have the highest id, so adding is nearly always
// appending. A nil listing is empty.
type listing struct{ list []*droplet }

func (l *listing) find(id int64) (int, bool) {
	return slices.BinarySearchFunc(l.list, id, func(d *droplet, id int64) int { return cmp.Compare(d.ID, id) })
}

func (l *listing) add(d *droplet) {
	if i, found := l.find(d.ID); !found {
		l.list = slices.Insert(l.list, i, d)
	}
}

func (l *listing) remove(d *droplet) {
	if i, found := l.find(d.ID); found {
		l.list = slices.Delete(l.list, i, i+1)
	}
}

func (l *listing) len() int {
	if l == nil {
		return 0
	}
	return len(l.list)
}

// newest gives the i-th droplet, the newest being 0.
func (l *listing) newest(i int) *droplet { return l.list[len(l.list)-1-i] }

// only gives those that keep wants.
func (l *listing) only(keep func(*droplet) bool) *listing {
	out := &listing{}
	if l == nil {
		return out
	}
	for _, d := range l.list {
		if keep(d) {
			out.list = append(out.list, d)
		}
	}
	return out
}
