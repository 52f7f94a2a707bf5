package fleet

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Creates is what a saga knows of the creates that it sent.
type Creates struct {
	// Sent counts the creates that were answered with a droplet, or whose outcome was never known. A create that was refused is none.
	Sent     int
	Answered []int64 // ids of the droplets in those answers

	// Namesakes are the droplets that bore the name before the first create. Witnessed: they were noted from a whole listing that showed
	// every registered droplet; without it a droplet may be older than the create and still not be among them.
	Namesakes []int64
	Witnessed bool
}

// Made reports whether a saga that sent these creates made the droplet, as far as that can be proved (law 5): its id came in the answer to
// a create; or it bears the saga's tag and the name, was not there before, and there are no more such droplets than creates. Others are
// the other droplets that bear the tag and the name, or bore them before they ended, and the one that the saga took for its own.
func (c Creates) Made(sagaID, name string, d Droplet, others []int64) bool {
	if slices.Contains(c.Answered, d.ID) {
		return true
	}
	if !c.Witnessed || slices.Contains(c.Namesakes, d.ID) || Key(d.Name) != Key(name) || !slices.Equal(d.Saga8s(), []string{Saga8(sagaID)}) {
		return false
	}
	return len(c.Bearers(append([]int64{d.ID}, others...)...)) <= c.Sent
}

// Bearers are these droplets and those of the answers, each once, without the namesakes.
func (c Creates) Bearers(ids ...int64) []int64 {
	all := slices.Concat(c.Answered, ids)
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(all, func(id int64) bool { return id == 0 || slices.Contains(c.Namesakes, id) })
}

// Kept says why a droplet that a saga made and nothing registered is not destroyed unasked all the same (law 5); empty: nothing keeps it.
// Hanging is what else of the account hangs on it, as far as that was read.
func (d *Droplet) Kept(hanging []Attachment) string {
	switch {
	case d.HasTag(ProtectTag):
		return "it shows the tag " + ProtectTag
	case d.Unread.Has(UnreadVolumes) && d.Status != StatusNew: // arcadiad makes none with volumes
		return "its volumes cannot be read"
	case len(d.VolumeIDs) > 0:
		return "a volume is attached to it"
	case slices.ContainsFunc(hanging, func(a Attachment) bool { return a.Kind == AttachedReservedIP }):
		return "a reserved IP points to it"
	}
	return ""
}

// Registration is what is kept of a droplet that was registered once, or released by a person, also when its record is gone.
type Registration struct {
	DropletID    int64
	RegisteredAt time.Time // zero: it never was
	ReleasedAt   time.Time // when a person gave it back; zero: nobody did, or a person adopted it since
}

// Registration finds what is kept of a droplet; the zero Registration: it was never registered and never released.
func (r *Recorded) Registration(droplet int64) Registration {
	i, found := slices.BinarySearchFunc(r.Registrations, droplet, func(x Registration, id int64) int { return cmp.Compare(x.DropletID, id) })
	if !found {
		return Registration{}
	}
	return r.Registrations[i]
}

func joinIDs(ids []int64) string {
	return strings.Join(Words(ids, func(id int64) string { return strconv.FormatInt(id, 10) }), ",")
}

func splitIDs(list string) (ids []int64, err error) {
	for _, word := range List(list) {
		id, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}
