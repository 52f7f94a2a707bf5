package inventory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
)

// CatalogueFor gives what there is to know about the droplets that somebody is about to make: the sizes, and the images, SSH keys
// and VPCs that the specs name. Each part is asked for once, and kept for as long as maxAge says. What cannot be read is missing in
// it, and named in Unread: not to know is no reason to fail. The second value is the number of requests that it took; the error is
// the context's.
func (i *Inventory) CatalogueFor(ctx context.Context, specs []fleet.Spec, maxAge time.Duration) (*fleet.Catalogue, int, error) {
	i.offers.mu.Lock() // passes are one at a time; whoever previews beside one waits for its answers and then has them
	defer i.offers.mu.Unlock()
	r := reading{i: i, oldest: time.Now().Add(-maxAge), out: fleet.Catalogue{ReadAt: time.Now()}}
	if sizes, ok := ask(ctx, &r, &i.offers.sizes, "", i.o.Sync.Sizes); ok {
		r.out.Sizes = sizes
	}
	images, vpcs, keys := map[string]bool{}, map[string]bool{}, false
	for _, s := range specs {
		images[strings.ToLower(s.Image)] = true
		vpcs[strings.ToLower(s.VPCUUID)] = true
		keys = keys || len(s.SSHKeys) > 0
	}
	r.out.Images = map[string]fleet.Image{}
	for _, name := range wordsOf(images) {
		read := func(ctx context.Context) (fleet.Image, error) { return i.o.Sync.Image(ctx, name) }
		if image, ok := ask(ctx, &r, part(&i.offers.images, name), name, read); ok {
			r.out.Images[name] = image
		}
	}
	r.out.VPCs = map[string]fleet.VPC{}
	for _, uuid := range wordsOf(vpcs) {
		read := func(ctx context.Context) (fleet.VPC, error) { return i.o.Sync.VPC(ctx, uuid) }
		if vpc, ok := ask(ctx, &r, part(&i.offers.vpcs, uuid), uuid, read); ok {
			r.out.VPCs[uuid] = vpc
		}
	}
	if keys {
		if known, ok := ask(ctx, &r, &i.offers.keys, "", i.o.Sync.Keys); ok {
			r.out.Keys = known
		}
	}
	return &r.out, r.requests, ctx.Err()
}

// offers is what was read of the catalogue so far.
type offers struct {
	mu     sync.Mutex
	sizes  kept[map[string]fleet.Size]
	keys   kept[map[string]bool]
	images map[string]*kept[fleet.Image]
	vpcs   map[string]*kept[fleet.VPC]
}

// kept is a part of the catalogue, and when it was asked for.
type kept[T any] struct {
	at    time.Time // zero: never
	value T
}

// reading is one catalogue as it is put together.
type reading struct {
	i        *Inventory
	oldest   time.Time // what was asked for before this is asked for again
	out      fleet.Catalogue
	requests int
}

// ask gives a part that is kept, or asks for it. That there is no such thing is an answer too: the zero value.
func ask[T any](ctx context.Context, r *reading, k *kept[T], name string, read func(context.Context) (T, error)) (T, bool) {
	if k.at.IsZero() || k.at.Before(r.oldest) {
		began := time.Now()
		r.requests++
		value, err := read(ctx)
		if err != nil && !(name != "" && errors.Is(err, digitalocean.ErrNotFound)) {
			r.out.Unread = append(r.out.Unread, fmt.Sprint(err))
			return value, false
		}
		k.at, k.value = began, value
	}
	if k.at.Before(r.out.ReadAt) {
		r.out.ReadAt = k.at
	}
	return k.value, true
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
