package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/provision"
	"arcadiad/saga"
	"arcadiad/simulator"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

// stage is a state database with rollouts, and no daemon on it.
type stage struct {
	t *testing.T
	o Options
	n int
}

func newStage(t *testing.T) *stage {
	return &stage{t: t, o: Options{
		State: filepath.Join(fastDir(t), "arcadiad.db"), APIURL: "http://127.0.0.1:1", Token: func() (string, error) { return "dop_v1_test", nil },
	}}
}

// in does something with the database.
func (s *stage) in(do func(*sqlite.Store) error) {
	s.t.Helper()
	store, err := sqlite.Open(s.t.Context(), s.o.State, sqlite.Options{})
	if err == nil {
		err = do(store)
		store.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// began is when the rollouts of a stage began, one a minute.
func (s *stage) began(minute int) time.Time {
	return time.Date(2026, 11, 20, 9, minute, 0, 0, time.UTC)
}

// row is a rollout of a group of four.
func (s *stage) row(minute int, group string, phase fleet.RolloutPhase) fleet.Rollout {
	r := fleet.Rollout{ID: fmt.Sprintf("%016x", minute), Group: group, Spec: "cafe", Phase: phase, BeganAt: s.began(minute)}
	for i := range 4 {
		r.Members = append(r.Members, fleet.RolloutMember{Name: fmt.Sprint(group, "-", i+1), DropletID: int64(100*minute + i)})
	}
	return r
}

// replace writes a saga of a rollout that replaces a member, as far as it has come, with the row where it is given.
func (s *stage) replace(r fleet.Rollout, member int, status saga.Status, step string, begun bool, rows ...any) saga.Saga {
	s.t.Helper()
	s.n++
	steps := []string{"CreateDroplet", "WaitDropletActive", "RegisterDroplet", "DestroyDroplet"}
	sg := saga.Saga{
		ID: fmt.Sprintf("%08x%024x", s.n, s.n), Kind: fleet.SagaReplace, Subject: r.Members[member].Name, Status: saga.Pending, Steps: steps,
		Context: json.RawMessage(`{}`), Labels: map[string]string{fleet.LabelRollout: r.ID, fleet.LabelGroup: r.Spec},
		CreatedAt: r.BeganAt, UpdatedAt: r.BeganAt, Rows: rows,
	}
	for _, name := range steps {
		sg.History = append(sg.History, saga.StepTime{Name: name, Status: saga.StepPending})
	}
	s.in(func(store *sqlite.Store) error {
		if err := store.Begin(s.t.Context(), sg); err != nil {
			return err
		}
		sg.Status, sg.Step, sg.Begun = status, slices.Index(steps, step), begun
		if !status.Live() {
			sg.Step, sg.EndedAt, sg.Error = len(steps), r.BeganAt.Add(time.Duration(s.n)*time.Minute), "it was not ready in time"
		}
		return store.Commit(s.t.Context(), sg, nil)
	})
	return sg
}

// list gives the rollouts as a command does.
func (s *stage) list() (list []control.Rollout) {
	s.t.Helper()
	err := command(s.t.Context(), s.o, control.Look, func(c *control.Client) (err error) {
		list, err = c.Rollouts(s.t.Context())
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// order gives an order as a command does.
func (s *stage) order(group string, do control.RolloutVerb) (told control.Rollout, err error) {
	err = command(s.t.Context(), s.o, control.Order, func(c *control.Client) (err error) {
		told, err = c.OrderRollout(s.t.Context(), control.RolloutOrder{Group: group, Do: do})
		return err
	})
	return told, err
}

// refused checks that an order is refused in these words.
func (s *stage) refused(group string, do control.RolloutVerb, words string) {
	s.t.Helper()
	if _, err := s.order(group, do); err == nil || !strings.Contains(err.Error(), words) {
		s.t.Errorf("%s %s: %v, want: %s", do, group, err, words)
	}
}

// phase checks what became of the live rollout of a group.
func (s *stage) phase(group string, phase fleet.RolloutPhase, reason string) control.Rollout {
	s.t.Helper()
	for _, r := range s.list() {
		if r.Group == group && r.Live() {
			if r.Phase != phase || r.Reason != reason {
				s.t.Errorf("%s: %s (%s), want %s (%s)", group, r.Phase, r.Reason, phase, reason)
			}
			return r
		}
	}
	s.t.Fatalf("%s has no live rollout", group)
	return control.Rollout{}
}

// Without a daemon the state database tells what rollouts there are, and how far each has come.
func TestRolloutsWithoutADaemon(t *testing.T) {
	s := newStage(t)
	s.in(func(*sqlite.Store) error { return nil })
	if list := s.list(); len(list) != 0 {
		t.Errorf("in a new database: %+v", list)
	}
	old, web, api, cron := s.row(1, "web", fleet.RolloutDone), s.row(3, "web", fleet.RolloutRunning), s.row(2, "api", fleet.RolloutPaused), s.row(4, "cron", fleet.RolloutDone)
	old.EndedAt, cron.EndedAt = s.began(2), s.began(50)
	s.replace(old, 0, saga.Completed, "", true, old)
	s.replace(api, 0, saga.Compensated, "", true, api)
	s.replace(cron, 0, saga.Completed, "", true, cron)
	s.replace(web, 0, saga.Completed, "", true, web)
	s.replace(web, 1, saga.Running, "WaitDropletActive", true)
	var got []string
	for _, r := range s.list() {
		failed := ""
		if r.Failed != nil {
			failed = r.Failed.Name + ": " + r.Failed.Why
		}
		got = append(got, fmt.Sprint(r.Group, r.BeganAt.Minute(), " ", r.Phase, r.Done, r.Moving, r.Waiting, failed))
		if r.Plan != nil {
			t.Errorf("%s: without a daemon there is no plan: %+v", r.Group, r.Plan)
		}
	}
	want := []string{
		"web3 running[web-1] [web-2] [web-3 web-4]", "api2 paused[] [] [api-1 api-2 api-3 api-4]api-1: it was not ready in time",
		"cron4 done[cron-1] [] [cron-2 cron-3 cron-4]", "web1 done[web-1] [] [web-2 web-3 web-4]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

// A person may pause, resume and abort a rollout, as far as each makes sense.
func TestRolloutOrdersWithoutADaemon(t *testing.T) {
	s := newStage(t)
	s.refused("web", control.PauseRollout, state.ErrNone.Error())
	s.in(func(*sqlite.Store) error { return nil })
	s.refused("web", control.PauseRollout, "group web has no rollout under way, and no other group has one")
	web, api, cron, gone := s.row(1, "web", fleet.RolloutRunning), s.row(2, "api", fleet.RolloutRunning), s.row(3, "cron", fleet.RolloutRunning), s.row(4, "gone", fleet.RolloutDone)
	gone.EndedAt = s.began(9)
	s.replace(web, 0, saga.Completed, "", true, web)
	failed := s.replace(api, 0, saga.Compensated, "", true, api)
	s.replace(gone, 0, saga.Completed, "", true, gone)
	s.replace(cron, 0, saga.Completed, "", true, cron)
	s.refused("gone", control.ResumeRollout, "group gone has no rollout under way; these have: api, cron, web")
	s.refused("web", control.ResumeRollout, "rollout of web is running")
	s.refused("web", "undo", `"undo" is nothing that can be done with a rollout, which is pause, resume and abort`)

	if told, err := s.order("Web", control.PauseRollout); err != nil || told.Phase != fleet.RolloutPaused || !slices.Equal(told.Done, []string{"web-1"}) {
		t.Errorf("paused: %+v, %v", told, err)
	}
	s.phase("web", fleet.RolloutPaused, "paused by a person")
	s.refused("web", control.PauseRollout, "rollout of web is paused")
	before := time.Now()
	if told, err := s.order("web", control.ResumeRollout); err != nil || told.Phase != fleet.RolloutRunning || told.LiftedAt.Before(before) {
		t.Errorf("resumed: %+v, %v", told, err)
	}
	s.phase("web", fleet.RolloutRunning, "")

	if r := s.phase("api", fleet.RolloutRunning, ""); r.Failed == nil || r.Failed.Saga != failed.ID {
		t.Errorf("a member has failed: %+v", r.Failed)
	}
	if told, err := s.order("api", control.ResumeRollout); err != nil || told.Failed != nil || told.LiftedAt.Before(failed.EndedAt) {
		t.Errorf("a stop is lifted: %+v, %v", told, err)
	}
	s.refused("api", control.ResumeRollout, "rollout of api is running")

	// What is under way goes back where it can.
	back := s.replace(cron, 1, saga.Running, "WaitDropletActive", true)
	onward := s.replace(cron, 2, saga.Running, "DestroyDroplet", true)
	apart := s.replace(web, 1, saga.Running, "WaitDropletActive", true)
	told, err := s.order("cron", control.AbortRollout)
	if err != nil || told.Phase != fleet.RolloutAborted || !told.Live() || told.Reason != "aborted by a person" {
		t.Errorf("aborted: %+v, %v", told, err)
	}
	if len(told.Onward) != 1 || told.Onward[0].Saga != onward.ID || told.Onward[0].Name != "cron-3" || told.Onward[0].Step != "DestroyDroplet" {
		t.Errorf("what goes on: %+v", told.Onward)
	}
	s.in(func(store *sqlite.Store) error {
		for id, reverse := range map[string]bool{back.ID: true, onward.ID: false, apart.ID: false} {
			if sg, err := store.Saga(t.Context(), id); err != nil || sg.Reverse != reverse {
				t.Errorf("saga of %s goes back: %v, want %v (%v)", sg.Subject, sg.Reverse, reverse, err)
			}
		}
		return nil
	})
	s.refused("cron", control.PauseRollout, "rollout of cron is aborted")
	s.refused("cron", control.ResumeRollout, "cron-2 of the rollout of cron still goes back: resume when its saga "+back.ID[:8]+" has ended")
	if told, err := s.order("cron", control.AbortRollout); err != nil || len(told.Onward) != 1 { // those who are not sure say it again
		t.Errorf("aborted again: %+v, %v", told, err)
	}
	s.in(func(store *sqlite.Store) error {
		sg, err := store.Saga(t.Context(), back.ID)
		sg.Status, sg.Step, sg.EndedAt = saga.Compensated, 0, time.Now().Add(time.Hour) // by a clock that went back since
		return errors.Join(err, store.Commit(t.Context(), sg, nil))
	})
	if told, err := s.order("cron", control.ResumeRollout); err != nil || told.Phase != fleet.RolloutRunning || told.Failed != nil {
		t.Errorf("resumed after an abort: %+v, %v", told, err)
	}
}

// In a daemon the order is carried out at once: a pass follows, and what is under way goes back.
func TestRolloutOrdersInADaemon(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Activation: 10 * time.Minute}, func(w *world) {
		ctx := context.Background()
		w.edit(fleetOf("name: web, count: 3"))
		w.start()
		w.rest()
		h := w.life.h
		d := running{h, h.store}
		w.must(h.pause(ctx, true))
		w.edit(fleetOf("name: web, count: 3, image: debian-12-x64"))
		time.Sleep(time.Minute)
		pass, err := h.loop.Preview(ctx, false)
		w.must(err)
		i := slices.IndexFunc(pass.Plan.Actions, func(a plan.Action) bool { return a.Name == "web-1" })
		a := pass.Plan.Actions[i]
		row := fleet.Rollout{ID: "00000000000000aa", Group: "web", Spec: a.Spec.GroupHash(), Rules: a.Spec.RulesHash(), Phase: fleet.RolloutRunning,
			BeganAt: time.Now(), Members: []fleet.RolloutMember{{Name: "web-1", DropletID: a.DropletID}}}
		sg, err := provision.Draft(h.engine, pass.Desired.Name, a, provision.Namesakes{})
		w.must(err)
		sg.Labels[fleet.LabelRollout], sg.Rows = row.ID, []any{row}
		w.must(h.engine.Begin(ctx, sg))
		w.must(h.pause(ctx, false))
		time.Sleep(time.Minute)

		order := func(do control.RolloutVerb) control.Rollout {
			t.Helper()
			told, err := d.OrderRollout(ctx, control.RolloutOrder{Group: "web", Do: do})
			w.must(err)
			return told
		}
		order(control.PauseRollout)
		time.Sleep(2 * time.Second)
		if last := h.loop.Last(); !strings.Contains(last.Trigger, "rollout") {
			t.Errorf("the last pass was triggered by %s", last.Trigger)
		}
		list, err := d.Rollouts(ctx)
		w.must(err)
		if len(list) == 0 || list[0].ID != row.ID || list[0].Phase != fleet.RolloutPaused || !slices.Equal(list[0].Moving, []string{"web-1"}) {
			t.Errorf("paused: %+v", list)
		}
		if told := order(control.AbortRollout); told.Phase != fleet.RolloutAborted || len(told.Onward) != 0 {
			t.Errorf("aborted: %+v", told)
		}
		if s, err := h.store.Saga(ctx, sg.ID); err != nil || !s.Reverse {
			t.Errorf("%s %s goes back: %v, %v", s.Subject, s.Status, s.Reverse, err)
		}
		time.Sleep(time.Hour)
		if s, err := h.store.Saga(ctx, sg.ID); err != nil || s.Status != saga.Compensated {
			t.Errorf("%s is %s, %v", s.Subject, s.Status, err)
		}
	})
}

// What a plan says of a rollout is found by its id, or in the plan that began it by what it is about.
func TestPlannedOf(t *testing.T) {
	row := fleet.Rollout{ID: "aa", Group: "web", Spec: "cafe"}
	of := func(id, group, spec, why string) plan.Rollout {
		return plan.Rollout{Rollout: fleet.Rollout{ID: id, Group: group, Spec: spec}, Why: why}
	}
	others := []plan.Rollout{of("bb", "web", "cafe", "x"), of("", "api", "cafe", "x"), of("", "web", "beef", "x")}
	if p := plannedOf(row, others); p != nil {
		t.Errorf("another's: %+v", p)
	}
	for _, mine := range []plan.Rollout{of("aa", "web", "cafe", "mine"), of("", "web", "cafe", "mine")} {
		if p := plannedOf(row, append(slices.Clone(others), mine)); p == nil || p.Why != "mine" {
			t.Errorf("%+v, want %+v", p, mine)
		}
	}
	row.EndedAt = time.Now()
	if p := plannedOf(row, []plan.Rollout{of("aa", "web", "cafe", "x")}); p != nil {
		t.Errorf("of one that has ended: %+v", p)
	}
}

// Over a real socket the daemon tells and takes orders.
func TestRolloutsOverTheSocket(t *testing.T) {
	o, _ := served(t, fleetOf("name: web"))
	w := &stage{t: t, o: o}
	if list := w.list(); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	w.refused("web", control.ResumeRollout, "group web has no rollout under way")
}

// A rollout that waits before it begins is only in a plan; one that has begun by now, or is over by now, is told once. Status has those under
// way.
func TestRolloutsThatHaveNotBegun(t *testing.T) {
	s := newStage(t)
	s.in(func(*sqlite.Store) error { return nil })
	web, old := s.row(3, "web", fleet.RolloutRunning), s.row(4, "old", fleet.RolloutDone)
	old.EndedAt = s.began(5)
	s.replace(web, 0, saga.Completed, "", true, web)
	s.replace(old, 0, saga.Completed, "", true, old)
	last := plan.Plan{ObservedAt: s.began(2)}
	for _, group := range []string{"api", "old", "web"} {
		r := plan.Rollout{Rollout: fleet.Rollout{Group: group, Spec: "cafe", Phase: fleet.RolloutRunning}, HeldBy: "max_destroy", Waiting: []string{group + "-2"}, Next: []string{group + "-1"}}
		last.Rollouts = append(last.Rollouts, r)
	}
	told := func(last plan.Plan) (got []string) {
		s.in(func(store *sqlite.Store) error {
			list, err := rolloutsOf(t.Context(), store, last)
			for _, r := range list {
				got = append(got, fmt.Sprint(r.Group, r.ID != "", r.Waiting, r.Plan != nil))
			}
			return err
		})
		return got
	}
	if got, want := fmt.Sprint(told(last)), "[webtrue [web-2 web-3 web-4] true apifalse [api-1 api-2] true oldtrue [old-2 old-3 old-4] false]"; got != want {
		t.Errorf("told %s\nwant %s", got, want)
	}
	last.ObservedAt = s.began(6) // the same change is asked for again
	if got := told(last); len(got) != 4 || got[2] != "oldfalse [old-1 old-2] true" {
		t.Errorf("told %q", got)
	}
	s.in(func(store *sqlite.Store) error {
		st, err := statusOf(t.Context(), store, last)
		if len(st.Rollouts) != 1 || st.Rollouts[0].Group != "web" || st.Rollouts[0].Plan == nil {
			t.Errorf("status has %+v", st.Rollouts)
		}
		return err
	})
}
