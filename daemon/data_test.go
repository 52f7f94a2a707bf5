package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/reconcile"
	"arcadiad/saga"
	"arcadiad/simulator"
	"arcadiad/state/sqlite"
)

// told remembers every droplet that the API ever showed, in its own words.
type told struct {
	http.RoundTripper
	mu    sync.Mutex
	words map[int64]map[fleet.Digest]bool
}

func (l *told) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.RoundTripper.RoundTrip(r)
	if err != nil || !strings.HasPrefix(r.URL.Path, "/v2/droplets") {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return resp, err
	}
	var shown struct {
		Droplet  json.RawMessage   `json:"droplet"`
		Droplets []json.RawMessage `json:"droplets"`
	}
	_ = json.Unmarshal(body, &shown)
	for _, d := range append(shown.Droplets, shown.Droplet) {
		var id struct{ ID int64 }
		if json.Unmarshal(d, &id) != nil || id.ID == 0 {
			continue
		}
		l.mu.Lock()
		if l.words[id.ID] == nil {
			l.words[id.ID] = map[fleet.Digest]bool{}
		}
		l.words[id.ID][fleet.DigestOf(d)] = true
		l.mu.Unlock()
	}
	return resp, nil
}

// checkedJournal and checkedStore look at the rows after each commit.
type checkedJournal struct {
	saga.Journal
	check func(what string)
}

func (c checkedJournal) Commit(ctx context.Context, s saga.Saga, rows []any) error {
	err := c.Journal.Commit(ctx, s, rows)
	c.check(s.Kind)
	return err
}

type checkedStore struct {
	reconcile.Store
	check func(what string)
}

func (c checkedStore) Save(ctx context.Context, o fleet.Observed) error {
	err := c.Store.Save(ctx, o)
	c.check("save")
	return err
}

// The inventory has each droplet exactly as the API showed it, from the first commit on that has the droplet: after every one of them.
func TestDataIsInTheWordsOfTheAPIAtEveryCommit(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		var wire *told
		w.wire = func(on http.RoundTripper) http.RoundTripper {
			words := map[int64]map[fleet.Digest]bool{}
			if wire != nil {
				words = wire.words
			}
			wire = &told{RoundTripper: on, words: words}
			return wire
		}
		commits := map[string]int{}
		var mu sync.Mutex
		w.wrap = func(s *sqlite.Store) (saga.Journal, reconcile.Store) {
			check := func(what string) {
				recorded, err := s.Load(context.Background())
				if err != nil {
					return // the store is being closed
				}
				mu.Lock()
				defer mu.Unlock()
				commits[what] += len(recorded.Known)
				known := map[int64]bool{}
				for _, k := range recorded.Known {
					known[k.DropletID] = true
					wire.mu.Lock()
					if !wire.words[k.DropletID][k.Digest] {
						t.Errorf("after a commit of %s the data of droplet %d is nothing that the API said: digest %x", what, k.DropletID, k.Digest)
					}
					wire.mu.Unlock()
				}
				for _, r := range recorded.Records {
					if !known[r.DropletID] {
						t.Errorf("after a commit of %s droplet %d is registered, and has no row", what, r.DropletID)
					}
				}
			}
			return checkedJournal{s, check}, checkedStore{s, check}
		}
		w.edit(fleetOf("name: db, resize: in_place", "name: web, count: 2"))
		w.start()
		time.Sleep(90 * time.Second)
		w.stop() // and what was journaled meanwhile is read again
		w.start()
		w.rest()
		w.edit(fleetOf("name: db, resize: in_place, size: s-2vcpu-2gb, tags: [more]", "name: web, count: 1, image: debian-12-x64"))
		w.rest()
		for _, kind := range []string{"save", fleet.SagaProvision, fleet.SagaUpdate, fleet.SagaReplace, fleet.SagaDestroy} {
			if commits[kind] == 0 {
				t.Errorf("nothing was checked after a commit of %s", kind)
			}
		}
	})
}
