package view

import (
	"strings"
	"testing"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

// What is in quarantine is told wherever people look: until when, what it costs, and how it comes back.
func TestQuarantineIsTold(t *testing.T) {
	until, taking := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	p := plan.Plan{Fleet: "demo", Kept: []plan.Kept{{Name: "mail", DropletID: 102, Until: until, Price: fleet.Price{Monthly: 6 * fleet.Dollar}}}}
	says := func(what string, write func(w *strings.Builder) error, want ...string) {
		t.Helper()
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Error(err)
		}
		for _, words := range want {
			if !strings.Contains(b.String(), words) {
				t.Errorf("%s lacks %q:\n%s", what, words, b.String())
			}
		}
	}
	says("the plan", func(w *strings.Builder) error { return Plan(w, p, false) },
		"In quarantine", "mail", "droplet 102", "until 2026-11-24 12:00:00 UTC, $6.00 a month")

	tags := []string{fleet.ManagedTag, fleet.FleetTag("demo"), fleet.UntilTag(until)}
	known := control.Status{
		Meta:      fleet.Meta{Fleet: "demo"},
		Resources: []fleet.Resource{{DropletID: 102, Name: "mail", Status: fleet.StatusOff, Tags: tags}},
		Daemon:    &control.Live{PID: 1, KeptMonthly: p.KeptMonthly()},
	}
	st := StatusOf(known, fleet.Owners{Fleet: "demo"}, "")
	says("status", func(w *strings.Builder) error { return st.Text(w, until) },
		"0 managed, 1 kept", "1 droplet, off and still billed, $6.00 a month (to bring one back: arcadiad undo NAME)", "kept until 2026-11-24 12:00:00 UTC")
	taken := saga.Saga{Subject: "mail", Kind: fleet.SagaDestroy, Status: saga.Completed, CreatedAt: taking, EndedAt: taking, Labels: fleet.Facts{DropletID: 102, KeptUntil: until}.Labels()}
	says("why", func(w *strings.Builder) error {
		return StoryOf("mail", st, []control.Past{{Saga: taken}}).Text(w, until)
	},
		"102, off, kept until 2026-11-24 12:00:00 UTC (to bring it back: arcadiad undo mail)", "droplet 102 is kept until 2026-11-24T12:00:00Z (arcadiad undo mail)")
}
