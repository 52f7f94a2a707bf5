package inventory

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
)

// CatalogueFor gives what there is to know about the droplets that somebody is about to make: the sizes, and the images, SSH keys,
// VPCs and projects that the specs name. Each part is asked for once, and kept for as long as maxAge says. What cannot be read is missing in
// it, and named in Unread: not to know is no reason to fail. The second value is the number of requests that it took; the error is
// the context's.
func (i *Inventory) CatalogueFor(ctx context.Context, specs []fleet.Spec, maxAge time.Duration) (*fleet.Catalogue, int, error) {
	r, out := newReading(maxAge), fleet.Catalogue{Images: map[string]fleet.Image{}, VPCs: map[string]fleet.VPC{}}
	if err := i.offers.enter(ctx); err != nil {
		return &out, 0, err
	}
	defer i.offers.leave()
	if sizes, ok := ask(ctx, r, &i.offers.sizes, "", i.o.Sync.Sizes); ok {
		out.Sizes = sizes
	}
	images, vpcs, keys, named, projects := map[string]bool{}, map[string]bool{}, false, false, false
	for _, s := range specs {
		images[strings.ToLower(s.Image)] = true
		vpcs[strings.ToLower(s.VPCUUID)] = true
		keys, named = keys || len(s.SSHKeys) > 0, named || s.NamesKeys()
		projects = projects || s.Project != ""
	}
	for _, name := range wordsOf(images) {
		read := func(ctx context.Context) (fleet.Image, error) { return i.o.Sync.Image(ctx, name) }
		if image, ok := ask(ctx, r, part(&i.offers.images, name), name, read); ok {
			out.Images[name] = image
		}
	}
	for _, uuid := range wordsOf(vpcs) {
		read := func(ctx context.Context) (fleet.VPC, error) { return i.o.Sync.VPC(ctx, uuid) }
		if vpc, ok := ask(ctx, r, part(&i.offers.vpcs, uuid), uuid, read); ok {
			out.VPCs[uuid] = vpc
		}
	}
	if keys {
		oldest := r.oldest
		if fresh := time.Now().Add(-nameAge); named && oldest.Before(fresh) {
			r.oldest = fresh
		}
		if known, ok := ask(ctx, r, &i.offers.keys, "", i.o.Sync.Keys); ok {
			out.Keys = known
		}
		r.oldest = oldest
	}
	if projects {
		if all, ok := ask(ctx, r, &i.offers.projects, "", i.o.Sync.Projects); ok {
			out.Projects = map[string]string{}
			for _, p := range all {
				if _, twice := out.Projects[p.Name]; twice {
					p.ID = "" // either could be meant
				}
				out.Projects[p.Name] = p.ID
			}
		}
	}
	out.Unread, out.ReadAt = r.unread, r.readAt
	return &out, r.requests, ctx.Err()
}

// nameAge is how old a list of SSH keys may be that a name is looked up in: unlike an id it may be another key's by now.
const nameAge = 5 * time.Minute

// offers is what was read of the catalogue, and of what hangs on the droplets, so far.
type offers struct {
	reader chan struct{} // holds one element while somebody reads: a mutex would make a shutdown wait for the answers
	sizes  kept[map[string]fleet.Size]
	keys   kept[map[string]fleet.SSHKey]
	images map[string]*kept[fleet.Image]
	vpcs   map[string]*kept[fleet.VPC]

	projects kept[[]fleet.Project]

	reservedIPs, firewalls, balancers kept[digitalocean.Attached]

	moved atomic.Int64 // when a reserved IP was last moved, in nanoseconds: a list of before says nothing any more
}

// enter waits until nobody else reads. Passes and sagas that ask at the same time wait for one another's answers, and then have them.
func (o *offers) enter(ctx context.Context) error {
	select {
	case o.reader <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (o *offers) leave() { <-o.reader }

// kept is a part of the catalogue, and when it was asked for.
type kept[T any] struct {
	at    time.Time // zero: never
	value T
}

// reading is what is read for one catalogue, or for one look at what hangs on the droplets.
type reading struct {
	oldest   time.Time // what was asked for before this is asked for again
	readAt   time.Time // when the oldest part of it was asked for
	unread   []string
	requests int
}

func newReading(maxAge time.Duration) *reading {
	now := time.Now()
	return &reading{oldest: now.Add(-maxAge), readAt: now}
}

// ask gives a part that is kept, or asks for it. That there is no such thing is an answer too: the zero value.
func ask[T any](ctx context.Context, r *reading, k *kept[T], name string, read func(context.Context) (T, error)) (T, bool) {
	if k.at.IsZero() || k.at.Before(r.oldest) {
		began := time.Now()
		r.requests++
		value, err := read(ctx)
		if err != nil && !(name != "" && errors.Is(err, digitalocean.ErrNotFound)) {
			r.unread = append(r.unread, reasonOf(err))
			return value, false
		}
		k.at, k.value = began, value
	}
	if k.at.Before(r.readAt) {
		r.readAt = k.at
	}
	return k.value, true
}

// reasonOf says why something was not read, in the same words each time: a request's id would make every pass's warning a new one.
func reasonOf(err error) string {
	if e, ok := errors.AsType[*digitalocean.Error](err); ok {
		same := *e
		same.RequestID = ""
		err = &same
	}
	return err.Error()
}

// part gives the place of a named part.
func part[T any](parts *map[string]*kept[T], name string) *kept[T] {
	if *parts == nil {
		*parts = map[string]*kept[T]{}
	}
	if (*parts)[name] == nil {
		(*parts)[name] = &kept[T]{}
	}
	return (*parts)[name]
}

// wordsOf are the words that are not empty, sorted.
func wordsOf(set map[string]bool) []string {
	delete(set, "")
	return slices.Sorted(maps.Keys(set))
}
