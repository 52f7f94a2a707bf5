package daemon

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/simulator"
)

// Pulls that fail are told after a quarter of an hour, once, by the webhook, the metrics and the status, also without a daemon; and so is that
// they work again.
func TestFailingPullsAreTold(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		dir, file := t.TempDir(), fleetOf("name: web")
		w.must(os.MkdirAll(filepath.Join(dir, fleetfile.Trees, "0da7836b1d"), 0o700))
		w.must(os.Symlink(fleetfile.Trees+"/0da7836b1d", filepath.Join(dir, fleetfile.Link)))
		w.o.Fleet = filepath.Join(dir, fleetfile.Link, "fleet.yaml")
		w.must(os.WriteFile(w.o.Fleet, []byte(file), 0o600))
		last := fleet.Fetched{Repo: "git@example.com:fleet", Ref: "main", Commit: "0da7836b1d", At: time.Now().UTC()}
		pull := func(why string) {
			if last.Tried, last.Error = time.Now().UTC(), why; why == "" {
				last.At = last.Tried
			}
			data, err := json.Marshal(last)
			w.must(err)
			w.must(os.WriteFile(filepath.Join(dir, fleetfile.FetchedFile), data, 0o600))
		}
		pull("")
		h := w.withHook()
		w.edit(file)
		w.start()
		w.rest()
		h.lines()
		pull("no route to host")
		w.told(h, 10*time.Minute)
		w.told(h, 10*time.Minute, "raised pull")
		pull("permission denied (publickey)") // another reason is no news
		w.told(h, 10*time.Minute)
		w.shows(`arcadiad_conditions{kind="pull"} 1`)
		if line := w.life.h.attention().Line(); !strings.Contains(line, "permission denied") {
			t.Errorf("systemctl status says %q", line)
		}
		first := func() string {
			c, err := control.Connect(context.Background(), control.Options{State: w.o.State, Need: control.Look, Local: func(ctx context.Context, beside bool) (control.Service, func() error, error) {
				return Local(ctx, w.o, control.Look, beside)
			}})
			w.must(err)
			st, err := c.Status(context.Background())
			w.must(err)
			if len(st.Conditions) == 0 {
				return ""
			}
			return st.Conditions[0].Summary
		}
		if said := first(); !strings.HasPrefix(said, "arcadiad pull of main from git@example.com:fleet fails: permission denied (publickey); the fleet file stays at 0da7836b1d, fetched 2000-01-01 ") {
			t.Errorf("without the daemon: %q", said)
		}
		pull("")
		w.told(h, 5*time.Minute, "recovered pull")
		w.told(h, 2*time.Hour, "raised pull") // its timer is off
		if said := first(); !strings.HasPrefix(said, "arcadiad pull has not run for an hour; ") {
			t.Errorf("without the daemon: %q", said)
		}
	})
}
