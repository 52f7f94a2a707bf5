package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"arcadiad/state/postgres/cluster"
)

var (
	trios    = flag.Int("trios", 2, "how many fleets are built by three daemons that share a database, and are killed, stopped and cut off")
	trioOne  = flag.Uint64("trio-seed", 0, "build the fleet of this seed alone")
	trioFrom = flag.Uint64("trio-from", 1, "build the fleets from this seed on")
	trioBest = flag.Int("trio-servers", 2, "how many of these fleets are built at a time, each with a database server of its own")
)

const (
	trioLease  = 1500 * time.Millisecond
	trioSettle = 1500 * time.Millisecond
)

// TestLaw11ThreeDaemons runs three real daemons on one real database. It kills them, stops them for longer than the lease, cuts them off from
// the database, and kills the server, while the file changes and the API misbehaves. In the end there is exactly one droplet for each name,
// and whoever sent a write led at that moment. The seed decides what happens; the moments are what the machine makes of them.
func TestLaw11ThreeDaemons(t *testing.T) {
	t.Parallel()
	seeds := make(chan uint64, *trios)
	for i := range uint64(*trios) {
		seeds <- *trioFrom + i
	}
	if *trioOne != 0 {
		seeds = make(chan uint64, 1)
		seeds <- *trioOne
	}
	close(seeds)
	sum := &tally{}
	t.Run("runs", func(t *testing.T) {
		for server := range min(cap(seeds), *trioBest) {
			t.Run(fmt.Sprint("server", server+1), func(t *testing.T) {
				t.Parallel()
				server := cluster.Start(t)
				for seed := range seeds {
					t.Run(fmt.Sprint(seed), func(t *testing.T) {
						k := newTrio(t, seed, server)
						k.play()
						sum.add(k)
					})
				}
			})
		}
	})
	if sum.fleets > 0 {
		fmt.Println(sum)
	}
}

// trio is one fleet, built by three daemons.
type trio struct {
	*killing
	server   *cluster.Server
	database string // past every link
	account  *http.Transport
	hosts    []*host
	said     *transcript

	mu     sync.Mutex
	writes []write
	due    *due
	events []event
	late   []string // writes of one that was stopped between its last look and the wire
}

func newTrio(t *testing.T, seed uint64, server *cluster.Server) *trio {
	k := &trio{killing: newKilling(t, seed), server: server, database: server.Database(t), account: &http.Transport{}, said: &transcript{}}
	t.Cleanup(k.account.CloseIdleConnections)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("again: go test ./cmd/arcadiad -run ThreeDaemons -trio-seed %d\nwhat happened:\n%s", seed, k.said)
		}
	})
	u, err := url.Parse(k.database)
	k.must(err)
	for _, name := range []string{"a", "b", "c"} {
		h := &host{name: name, dir: filepath.Join(k.dir, name)}
		k.must(os.Mkdir(h.dir, 0o700))
		h.link, err = newLink(h.dir, u.Query().Get("host"))
		k.must(err)
		t.Cleanup(func() {
			h.end(syscall.SIGKILL)
			h.link.listener.Close()
			h.link.set(linkCut)
		})
		query := u.Query()
		query.Set("host", h.dir)
		own := *u
		own.RawQuery = query.Encode()
		h.state = own.String()
		k.hosts = append(k.hosts, h)
	}
	return k
}

// on has the next commands given on a host.
func (k *trio) on(h *host) { k.state, k.home = h.state, h.dir }

func (k *trio) any() *host { return k.hosts[k.rng.IntN(len(k.hosts))] }

func (k *trio) play() {
	k.begin()
	k.start(k.hosts[0])
	k.noteLeaders()
	k.start(k.hosts[1])
	k.start(k.hosts[2])
	for range 2 + k.rng.IntN(3) {
		if k.rng.IntN(2) == 0 {
			k.misbehave()
		}
		k.trouble()
		if k.rng.IntN(3) > 0 {
			k.edit()
		}
	}
	k.api("PUT", "/simulator/faults", "{}")
	k.edit()
	k.rest()
	for _, h := range k.hosts {
		<-h.end(syscall.SIGINT)
	}
	k.audit()
}

// noteLeaders has the database note who leads, from now on and for ever.
func (k *trio) noteLeaders() {
	for k.value("SELECT to_regclass('lease')::text") == nil {
		k.tick()
	}
	schema := k.value("SELECT current_schema()::text").(string)
	for _, statement := range []string{
		`CREATE TABLE IF NOT EXISTS public.led (schema TEXT, at TIMESTAMPTZ, epoch BIGINT, host TEXT)`,
		`CREATE OR REPLACE FUNCTION public.note_leader() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
			INSERT INTO public.led VALUES (TG_TABLE_SCHEMA, clock_timestamp(), NEW.epoch, CASE WHEN NEW.holder = '' THEN '' ELSE NEW.host END);
			RETURN NEW;
		END $$`,
		`CREATE TRIGGER note_leader AFTER UPDATE ON lease FOR EACH ROW WHEN (OLD.holder <> NEW.holder) EXECUTE FUNCTION public.note_leader()`,
		`INSERT INTO public.led SELECT '` + schema + `', '-infinity', epoch, CASE WHEN holder = '' THEN '' ELSE host END FROM lease`,
	} {
		cluster.Exec(k.t, k.database, statement)
	}
}

func (k *trio) value(query string) any { return cluster.Value(k.t, k.database, query) }

// leader is the host that has the lease; any, if none of them has, or nobody can say.
func (k *trio) leader() *host {
	holder, _ := cluster.Look(k.database, "SELECT host FROM lease WHERE holder <> ''").(string)
	for _, h := range k.hosts {
		if h.pid() != 0 && processOf(holder) == h.pid() {
			return h
		}
	}
	return k.any()
}

// processOf reads the id of a process out of the words for a leader.
func processOf(words string) (pid int) {
	_, after, _ := strings.Cut(words, ", process ")
	_, _ = fmt.Sscan(after, &pid)
	return pid
}

// rest waits until there is nothing to do, and holds the account against the file.
func (k *trio) rest() {
	var why string
	for deadline := time.Now().Add(15 * time.Minute); time.Now().Before(deadline); <-time.After(time.Second) {
		k.on(k.any())
		if why = k.wrong(); why == "" {
			if why = k.pending(); why == "" && k.wrong() == "" {
				return
			}
		}
		k.approve()
		k.decide()
		k.resume()
		for _, h := range k.hosts {
			h.hurry()
		}
	}
	k.t.Errorf("the fleet never came to rest: %s", why)
}

// resume is the person who lets a rollout go on that was stopped because a size had no capacity for a moment.
func (k *trio) resume() {
	var st struct {
		Rollouts []struct{ Group, Phase string }
	}
	k.must(json.Unmarshal(k.output("status", "-o", "json"), &st))
	for _, r := range st.Rollouts {
		if r.Phase == "stopped" {
			said, err := k.known("rollout", "resume", r.Group).CombinedOutput()
			k.said.add(fmt.Sprintf("rollout resume %s: %s%v", r.Group, said, err))
		}
	}
}

// approve has the leader say what waits for a person, who answers on any host.
func (k *trio) approve() {
	for _, h := range k.hosts {
		k.on(h)
		if plan, _ := k.approvable(); plan != "" {
			k.on(k.any())
			if out, err := k.known("approve", plan).CombinedOutput(); err != nil { // the plan has changed meanwhile
				k.said.add("approve: " + string(out))
			}
			return
		}
	}
}
