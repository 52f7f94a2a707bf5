package condition

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// Each thing is said once when it begins and once when it ends, whatever pass repeats it.
func TestLogSaysEachThingOnce(t *testing.T) {
	var out bytes.Buffer
	log := Log{To: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))}
	says := func(s Set, want ...string) {
		t.Helper()
		log.TellPlan(s)
		if got := out.String(); got != strings.Join(want, "") {
			t.Errorf("said\n%swant\n%s", got, strings.Join(want, ""))
		}
		out.Reset()
	}
	troubled := of(fleet.Fleet{}, plan.Plan{Missing: []plan.Missing{{Name: "lost", DropletID: 7, Since: noon, ProvedAt: noon}}, Warnings: []string{"odd"}})
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		troubled.Plan.Actions = append(troubled.Plan.Actions,
			plan.Action{Kind: plan.Destroy, Name: name, Held: true, HeldBy: "max_destroy", HeldReason: "too many", Approvable: true, KeepMonthly: 6 * fleet.Dollar})
	}
	troubled.Plan.Actions[5].HeldBy, troubled.Plan.Actions[5].HeldReason = "volumes", "a volume"
	troubled.Paused = errors.New("paused")
	for range 2 {
		says(troubled,
			"level=WARN msg=paused\n",
			`level=WARN msg="held back" plan=3f2a9c51d0e7 held=6 by="max_destroy, volumes" what="destroy a, destroy b, destroy c, destroy d, destroy e, and 1 more" `+
				`why="too many | a volume" keeps_monthly=$36.00 let_through_by="arcadiad approve 3f2a9c51d0e7"`+"\n",
			`level=WARN msg="a registered droplet is missing from the account" droplet=lost id=7 since=2026-01-02T12:00:00.000Z gone_at_the_earliest=2026-01-02T12:00:00.000Z`+"\n",
			"level=WARN msg=odd\n")
		says(troubled)
		failed := troubled
		failed.PassErr = errors.New("no answer")
		says(failed)
		says(of(fleet.Fleet{}, plan.Plan{}),
			"level=INFO msg=\"resumed: changes are applied again\"\n", "level=INFO msg=\"nothing is held back any more\"\n",
			"level=INFO msg=\"no registered droplet is missing any more: each shows again, or is proved gone\"\n")
	}
}

// That a rollout was stopped is said once, and again when another member stops it.
func TestLogSaysThatARolloutStopped(t *testing.T) {
	var out bytes.Buffer
	log := Log{To: slog.New(slog.NewTextHandler(&out, nil))}
	stopped := func(saga string) Set {
		r := plan.Rollout{Rollout: fleet.Rollout{Group: "web"}, HeldBy: "stopped", Why: "web-3 failed", Waiting: []string{"web-3", "web-4"}, Failed: &plan.Failure{Name: "web-3", Saga: saga, Why: "not ready"}}
		a := plan.Action{Kind: plan.Replace, Name: "web-4", Rollout: "web", Held: true, HeldBy: r.HeldBy, HeldReason: r.Why}
		return of(fleet.Fleet{}, plan.Plan{Rollouts: []plan.Rollout{r}, Actions: []plan.Action{a}})
	}
	for _, tt := range []struct {
		set  Set
		want string
	}{
		{stopped("aaaaaaaa1"), `level=WARN msg="the rollout of web is stopped, 0 of 2 done: web-3 failed: not ready" group=web saga=aaaaaaaa to_go_on="arcadiad rollout resume web"`},
		{stopped("aaaaaaaa1"), ""},
		{stopped("bbbbbbbb1"), "saga=bbbbbbbb"},
		{of(fleet.Fleet{}, plan.Plan{}), `level=INFO msg="the rollout is no longer stopped" group=web`},
		{of(fleet.Fleet{}, plan.Plan{}), ""},
	} {
		out.Reset()
		log.TellPlan(tt.set)
		if got := out.String(); !strings.Contains(got, tt.want) || strings.Contains(got, "held back") || tt.want == "" && got != "" {
			t.Errorf("said %q, want %q", got, tt.want)
		}
	}
}
