package daemon

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"arcadiad/state/postgres/cluster"
)

// TestSharedStandsByWithoutTheDatabase: an arcadiad that has led, and cannot reach the database, stands by until it can. The service manager hears of it.
func TestSharedStandsByWithoutTheDatabase(t *testing.T) {
	p := sharing(t, fleetOf("name: a"))
	direct, dir := p.o.State, t.TempDir()
	u, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	const socket = ".s.PGSQL.5432"
	query, way := u.Query(), filepath.Join(dir, socket)
	server := filepath.Join(query.Get("host"), socket)
	query.Set("host", dir)
	u.RawQuery = query.Encode()
	p.o.State = u.String()
	if err := os.Symlink(server, way); err != nil {
		t.Fatal(err)
	}
	var away atomic.Bool
	p.o.Notify = func(words string) error {
		if strings.Contains(words, "Standing by: state database cannot be reached") {
			away.Store(true)
		}
		return nil
	}
	p.operates("one")
	until(t, "one leads", func() bool { return p.leadsOn("one") })

	if err := os.Remove(way); err != nil {
		t.Fatal(err)
	}
	cluster.Exec(t, direct, "UPDATE lease SET holder = 'stranger', host = 'elsewhere, process 1', epoch = epoch + 1, length = 100")
	until(t, "one stands by without the database", away.Load)
	save(t, p.o, fleetOf("name: a", "name: b"))
	if err := os.Symlink(server, way); err != nil {
		t.Fatal(err)
	}
	until(t, "one leads again", func() bool { return p.leadsOn("one") })
	until(t, "b is there", func() bool {
		st, _ := p.askedOf("one")
		return len(st.Resources) == 2
	})
}
