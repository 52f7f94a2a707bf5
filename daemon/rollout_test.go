package daemon

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/simulator"
)

var update = flag.Bool("update", false, "write testdata/rollouts anew")

// The images of a change.
const (
	oldImage, newImage, thirdImage = "ubuntu-24-04-x64", "debian-12-x64", "ubuntu-22-04-x64"
)

// rolling is a group that a change goes through, looked at every second: who serves, by the simulator's truth.
type rolling struct {
	*world
	serving *serving
	count   int
	keys    string // of its stanza
	head    string // of the file: policy and other groups
	image   string

	old     map[int64]bool // the droplets that were there before the change
	began   time.Time
	fewest  int // members that served at once, so far
	most    int // droplets of the group at once, so far
	pattern string
	lines   []string
	rough   bool // how long a step takes, and who is under way, is another in each run
	blind   bool // nothing more is written down
}

// legend is what the characters of a line stand for, one for each member.
const legend = `o  the old droplet serves        O  and a new one is in the making
n  a new droplet serves          b  both do
-  none serves                   *  none serves, and a new one is in the making
behind them: the members that are under way

`

// rolls plays a change that goes through a group of so many, which is converged when the play begins, and compares what was seen with the
// golden file. Law 18 is watched at every request.
func rolls(t *testing.T, name string, count int, keys, head string, o simulator.Options, play func(r *rolling)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		inWorld(t, o, func(w *world) {
			r := &rolling{world: w, serving: watchServing(w), count: count, keys: keys, head: head, image: oldImage, old: map[int64]bool{}}
			w.sim.SetFaults(simulator.Faults{ReadyAfter: 20 * time.Second})
			w.edit(r.file())
			w.start()
			w.rest()
			for _, d := range r.droplets() {
				r.old[d.ID] = true
			}
			w.sim.ResetRequests()
			r.began, r.fewest = time.Now(), count
			play(r)
			r.golden(name)
		})
	})
}

// hasty is an account in which a droplet is active after 40 s; 20 s later it serves.
func hasty() simulator.Options { return simulator.Options{Activation: 40 * time.Second} }

// beside are groups and a policy beside the group that changes.
const beside = "policy: {max_destroy: 100%}\ndroplets:\n  - {name: api, image: " + oldImage + ", ready: {http: {port: 80, path: /}}}\n"

func (r *rolling) file() string {
	return "version: 1\nfleet: test\ndefaults: {region: syd1, size: s-1vcpu-1gb}\n" + cmp.Or(r.head, beside) +
		fmt.Sprintf("  - {name: web, count: %d, image: %s, %s}\n", r.count, r.image, r.keys)
}

// change gives the group another image in the file.
func (r *rolling) change(image string) {
	r.image = image
	r.note("the file asks for %s", image)
	r.edit(r.file())
}

// droplets are those of the group, in truth.
func (r *rolling) droplets() []simulator.Droplet {
	return slices.DeleteFunc(r.sim.Droplets(), func(d simulator.Droplet) bool {
		stem, _ := fleet.SplitName(d.Name)
		return stem != "web" || !d.HasTag(fleet.ManagedTag)
	})
}

// note puts what somebody does among what is seen.
func (r *rolling) note(format string, args ...any) {
	if !r.blind {
		r.lines = append(r.lines, fmt.Sprintf("%7s    %s", r.clock(), fmt.Sprintf(format, args...)))
		r.pattern = ""
	}
}

// clock is the time since the change.
func (r *rolling) clock() string {
	if r.rough {
		return ""
	}
	s := int(time.Since(r.began) / time.Second)
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// sees notes what each member has at this moment.
func (r *rolling) sees() {
	type state struct{ old, fresh, making bool }
	states, droplets := map[string]*state{}, r.droplets()
	for _, d := range droplets {
		s := states[d.Name]
		if s == nil {
			s = &state{}
			states[d.Name] = s
		}
		serves := r.sim.Serves(d.ID)
		s.old = s.old || serves && r.old[d.ID]
		s.fresh = s.fresh || serves && !r.old[d.ID]
		s.making = s.making || !serves && !r.old[d.ID]
	}
	var line strings.Builder
	serve := 0
	for i := range r.count {
		s := cmp.Or(states[fmt.Sprintf("web-%d", i+1)], &state{})
		if s.old || s.fresh {
			serve++
		}
		switch {
		case s.old && s.fresh:
			line.WriteByte('b')
		case s.old && s.making:
			line.WriteByte('O')
		case s.old:
			line.WriteByte('o')
		case s.fresh:
			line.WriteByte('n')
		case s.making:
			line.WriteByte('*')
		default:
			line.WriteByte('-')
		}
	}
	r.fewest, r.most = min(r.fewest, serve), max(r.most, len(droplets))
	if under := r.underWay(); len(under) > 0 && !r.rough {
		line.WriteString("  " + strings.Join(under, " "))
	}
	if s := line.String(); s != r.pattern && !r.blind && !(r.rough && halfway(s)) {
		r.pattern = s
		r.lines = append(r.lines, fmt.Sprintf("%7s  %s", r.clock(), s))
	}
}

// halfway tells whether the two members of a batch are not equally far: which of them is first is another in each run.
func halfway(states string) bool {
	for i := 0; i+1 < len(states); i += 2 {
		if states[i] != states[i+1] {
			return true
		}
	}
	return false
}

// underWay are the numbers of the members with a saga of the rollout.
func (r *rolling) underWay() (numbers []string) {
	if r.life == nil || r.life.taps.dead() {
		return []string{"(no daemon)"}
	}
	for _, s := range r.life.h.engine.Live() {
		if s.Labels[fleet.LabelRollout] != "" || s.Labels[fleet.LabelGroup] != "" {
			numbers = append(numbers, strings.TrimPrefix(s.Subject, "web-"))
		}
	}
	slices.SortFunc(numbers, fleet.CompareNames)
	return numbers
}

// lasts looks every second for so long.
func (r *rolling) lasts(d time.Duration) { r.waits("", d, func() bool { return false }) }

// waits looks every second until it is so; else the test fails, where it says for what it waited.
func (r *rolling) waits(what string, longest time.Duration, so func() bool) time.Duration {
	r.t.Helper()
	began := time.Now()
	for time.Since(began) < longest {
		time.Sleep(time.Second)
		synctest.Wait()
		r.sees()
		if so() {
			return time.Since(began)
		}
	}
	if what != "" {
		r.t.Fatalf("not %s within %v:\n%s\n%s", what, longest, strings.Join(r.lines, "\n"), r.describe())
	}
	return longest
}

// goes waits until the change is through.
func (r *rolling) goes() time.Duration {
	r.t.Helper()
	asked := time.Now()
	took := r.waits("through", 12*time.Hour, func() bool {
		last := r.life.h.loop.Last()
		p := last.Outcome.Pass.Plan
		return last.Err == nil && last.At.After(asked) && p.ID != "" && p.Settled() && len(r.life.h.engine.Live()) == 0
	})
	if n := r.of(r.image); n != r.count || len(r.droplets()) != n {
		r.t.Errorf("%d of %d have the new image: %s", n, r.count, r.describe())
	}
	r.check()
	return took
}

// of counts the droplets of the group that have an image.
func (r *rolling) of(image string) (n int) {
	for _, d := range r.droplets() {
		if d.Image == image {
			n++
		}
	}
	return n
}

// plan is the last one that was made.
func (r *rolling) plan() plan.Plan { return r.life.h.loop.Last().Outcome.Pass.Plan }

// stops waits until what is left of the change is held by a rule, and gives the reason.
func (r *rolling) stops(rule string) (reason string) {
	r.t.Helper()
	r.waits("held by "+rule, 3*time.Hour, func() bool {
		for _, a := range r.plan().Actions {
			if !a.Held {
				return false
			}
			if a.HeldBy == rule && strings.HasPrefix(a.Name, "web-") {
				reason = a.HeldReason
			}
		}
		return reason != "" && len(r.life.h.engine.Live()) == 0
	})
	r.note("held by %s", rule)
	return reason
}

// resumes has a person resume the rollout.
func (r *rolling) resumes() {
	r.t.Helper()
	r.note("a person resumes the rollout")
	_, err := r.life.h.orderRollout(r.t.Context(), control.RolloutOrder{Group: "web", Do: control.ResumeRollout})
	r.must(err)
}

// golden compares what was seen with the file of that name.
func (r *rolling) golden(name string) {
	r.t.Helper()
	if r.t.Failed() {
		r.t.Log(strings.Join(r.lines, "\n"))
		return
	}
	got := legend + r.file() + "\n" + strings.Join(r.lines, "\n") +
		fmt.Sprintf("\n\nat least %d of %d served, and there were at most %d droplets\n", r.fewest, r.count, r.most)
	path := filepath.Join("testdata", "rollouts", strings.NewReplacer(" ", "-", ",", "", "'", "").Replace(name)+".txt")
	if *update {
		r.must(os.WriteFile(path, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	r.must(err)
	if !sameButForLooks(got, string(want)) {
		r.t.Errorf("%s is not what was seen (go test ./daemon -run TestRollouts -update writes it):\n%s", path, got)
	}
}

// oneLook is how far a time of a golden file may be off: which of two looks sees what happens in the same second is a race.
const oneLook = 10 * time.Second

// clockOf finds the time at the beginning of a line.
var clockOf = regexp.MustCompile(`(?m)^ *(\d+):(\d\d)  `)

// sameButForLooks tells whether two golden texts have the same lines, in the same order, at nearly the same times.
func sameButForLooks(a, b string) bool {
	if clockOf.ReplaceAllString(a, "") != clockOf.ReplaceAllString(b, "") {
		return false
	}
	seconds := func(s string) (times []int) {
		for _, m := range clockOf.FindAllStringSubmatch(s, -1) {
			minutes, _ := strconv.Atoi(m[1])
			seconds, _ := strconv.Atoi(m[2])
			times = append(times, 60*minutes+seconds)
		}
		return times
	}
	of, with := seconds(a), seconds(b)
	return slices.EqualFunc(of, with, func(x, y int) bool { return max(x-y, y-x) <= int(oneLook/time.Second) })
}
