package daemon

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"arcadiad/simulator"
)

var freeze = flag.Bool("freeze", false, "write what testdata/journal.json does not have yet")

// moment is a saga in the middle of its way, as its row is in a journal. Ids that chance gives are left out.
type moment struct {
	Scenario string          `json:"scenario"`
	Point    string          `json:"point"` // the write after which the process died, and how often that was done
	Kind     string          `json:"kind"`
	Step     string          `json:"step"`
	Reverse  bool            `json:"reverse"`
	Steps    json.RawMessage `json:"steps"`
	Labels   json.RawMessage `json:"labels"`
	Context  json.RawMessage `json:"context"`
}

// way is what must be met again, in any scenario: a point may go, when a write is saved, and which scenario comes to it can be a race.
func (m moment) way() string { return fmt.Sprint(m.Kind, " in ", m.Step, ", back: ", m.Reverse) }

// TestFrozenJournals has sagas finish whose rows an older version wrote: a process dies after each write of each kind of saga, the row is
// put in as it was then, and the next process carries on.
//
// Whoever adds a kind, a step or a field adds its rows to the file with
//
//	go test ./daemon -run TestFrozenJournals -freeze
//
// and what is in it stays as it is: it is what journals out there look like.
func TestFrozenJournals(t *testing.T) {
	const path = "testdata/journal.json"
	var frozen []moment
	if b, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(b, &frozen); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	met := map[string]bool{}
	t.Run("scenarios", func(t *testing.T) {
		alone := scenario{name: "adopt one", before: func(w *world) {
			settled(fleetOf("name: a"))(w)
			w.loseDatabase()
		}}
		for _, s := range append(scenarios(), alone) {
			if !slices.Contains([]string{
				"provision", "lost answer", "compensation", "destroy", "replace", "replace when ready", "never ready", "adopt one", "drained and resized",
				"drained, and not resized", "drained and replaced", "update", "resize", "resize compensated", "drift corrected", "claim", "claim withdrawn", "release",
				"destroyed with a shutdown and a snapshot", "replaced with a shutdown", "shut down, and kept",
				"destroyed with keep", "wanted again while it is taken out", "purge",
			}, s.name) {
				continue
			}
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				s.crashed = func(w *world, passed []string) {
					j := w.row(s.name, lastOf(passed))
					if j == nil {
						return
					}
					mu.Lock()
					defer mu.Unlock()
					i := slices.IndexFunc(frozen, func(m moment) bool { return m.Scenario == s.name && m.way() == j.now.way() && m.Point == j.now.Point })
					if i < 0 && *freeze {
						i, frozen = len(frozen), append(frozen, j.now)
					}
					if i >= 0 {
						met[frozen[i].way()] = true
						j.put(frozen[i])
					}
				}
				points, _ := crashAt(t, s, -1)
				writes := 0
				for at, point := range points {
					if !written.MatchString(point) || t.Failed() {
						continue
					}
					if visits(writes) {
						crashAt(t, s, at)
					}
					writes++
				}
			})
		}
	})
	for _, m := range frozen {
		if !met[m.way()] && !t.Failed() && stride() == 1 {
			t.Errorf("nothing comes to it any more: %s", m.way())
		}
	}
	if *freeze && !t.Failed() {
		slices.SortStableFunc(frozen, func(a, b moment) int {
			return cmp.Or(cmp.Compare(a.Scenario, b.Scenario), cmp.Compare(a.way(), b.way()), cmp.Compare(a.Point, b.Point))
		})
		lines := make([]string, len(frozen))
		for i, m := range frozen {
			b, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			lines[i] = string(b)
		}
		if err := os.WriteFile(path, []byte("[\n"+strings.Join(lines, ",\n")+"\n]\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var (
	written  = regexp.MustCompile("^after (journal|POST|DELETE) ")
	digits   = regexp.MustCompile(`\d{6,}`)
	keptTill = regexp.MustCompile(`"until":"[^"]+"`) // which is in a tag of the droplet, too
	uuid     = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
)

// lastOf names the last of the points that were passed.
func lastOf(passed []string) string {
	times, last := 0, ""
	for i := range passed {
		point := digits.ReplaceAllString(passed[len(passed)-1-i], "N")
		if last = cmp.Or(last, point); point == last {
			times++
		}
	}
	return fmt.Sprint(last, ", ", times)
}

// journaled is the row of the one live saga of a world in which no process runs.
type journaled struct {
	w   *world
	id  string
	now moment
	ids []string // those that chance gave, each behind what stands for it
}

// row reads the row of the one saga that is live; nil: there is none, or there are more.
func (w *world) row(scenario, point string) *journaled {
	w.t.Helper()
	db := w.database()
	defer db.Close()
	rows, err := db.Query(`SELECT id, ended_at IS NULL, kind, step, reverse, steps, labels, coalesce(context, '') FROM sagas ORDER BY rowid`)
	w.must(err)
	defer rows.Close()
	j := &journaled{w: w}
	live := 0
	var texts [3]string
	for n := 1; rows.Next(); n++ {
		var id string
		var isLive bool
		m := moment{Scenario: scenario, Point: point}
		var steps, labels, context string
		w.must(rows.Scan(&id, &isLive, &m.Kind, &m.Step, &m.Reverse, &steps, &labels, &context))
		j.ids = append(j.ids, fmt.Sprintf("SAGA-%02d", n), id, fmt.Sprintf("SAGA8-%02d", n), id[:8])
		if isLive {
			live++
			j.id, j.now, texts = id, m, [3]string{steps, labels, context}
		}
	}
	w.must(rows.Err())
	if live != 1 {
		return nil
	}
	droplets := append(w.sim.Droplets(), w.sim.Ended()...) // which of two that are made side by side is the first is left to chance, too
	slices.SortFunc(droplets, func(a, b simulator.Droplet) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	for n, d := range droplets {
		j.ids = append(j.ids, fmt.Sprint(999_000_001+n), fmt.Sprint(d.ID), fmt.Sprintf("IP-%02d", n+1), d.PublicIPv4, fmt.Sprintf("PRIVATE-%02d", n+1), d.PrivateIPv4)
	}
	for _, id := range uuid.FindAllString(texts[2], -1) {
		if !slices.Contains(j.ids, id) {
			j.ids = append(j.ids, fmt.Sprintf("UUID-%02d", len(j.ids)), id)
		}
	}
	for i, to := range []*json.RawMessage{&j.now.Steps, &j.now.Labels, &j.now.Context} {
		for k := 0; k < len(j.ids); k += 2 {
			texts[i] = regexp.MustCompile(`\b`+regexp.QuoteMeta(j.ids[k+1])+`\b`).ReplaceAllString(texts[i], j.ids[k])
		}
		*to = json.RawMessage(texts[i])
	}
	return j
}

// put writes an older row in the place of the one that is there.
func (j *journaled) put(m moment) {
	back := func(raw json.RawMessage) string { return strings.NewReplacer(j.ids...).Replace(string(raw)) }
	context := back(m.Context)
	if now := keptTill.FindString(string(j.now.Context)); now != "" {
		context = keptTill.ReplaceAllString(context, now)
	}
	db := j.w.database()
	defer db.Close()
	_, err := db.Exec("UPDATE sagas SET steps = ?, labels = ?, context = ? WHERE id = ?", back(m.Steps), back(m.Labels), context, j.id)
	j.w.must(err)
}

func (w *world) database() *sql.DB {
	w.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+w.o.State+"?_busy_timeout=5000")
	w.must(err)
	return db
}
