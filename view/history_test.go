package view

import (
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// Sagas of one plan that began together are one line; the same plan once more is another.
func TestHistoryPutsTogetherWhatBeganTogether(t *testing.T) {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	begun := func(plan string, after time.Duration, s saga.Status) saga.Saga {
		return saga.Saga{Kind: "ProvisionDroplet", Subject: "web", Status: s, Labels: map[string]string{"plan": plan}, CreatedAt: noon.Add(after), EndedAt: noon.Add(after + time.Minute)}
	}
	h := HistoryOf([]saga.Saga{
		begun("a", 0, saga.Completed), begun("a", time.Second, saga.Compensated), begun("b", 2*time.Second, saga.Stuck), begun("b", time.Hour, saga.Completed),
	}, false)
	var got []string
	for _, d := range h.Rows {
		got = append(got, d.Plan+": "+d.what()+": "+d.outcome())
	}
	want := "b: create web: done in 1m; b: create web: 1 stuck, 0 done; a: create 2: 1 failed, 1 done"
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

// A plan is told with the rollouts that it is a part of; the change of a single droplet needs no other name.
func TestHistoryTellsOfRollouts(t *testing.T) {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	var sagas []saga.Saga
	for _, name := range []string{"web-1", "web-2", "db"} {
		group, _ := fleet.SplitName(name)
		sagas = append(sagas, saga.Saga{
			Kind: fleet.SagaReplace, Subject: name, Status: saga.Completed, CreatedAt: noon, EndedAt: noon,
			Labels: map[string]string{fleet.LabelPlan: "a", fleet.LabelGoesThrough: group, fleet.LabelRollout: "5c1d9a0200000000"},
		})
	}
	if got, want := HistoryOf(sagas, false).Rows[0].what(), "replace 3 (rollout of web)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	var text strings.Builder
	if err := SagaOf(sagas[0], nil).Text(&text, noon); err != nil || !strings.Contains(text.String(), "\nRollout  of web, 5c1d9a0200000000 (details: arcadiad rollout show web)\n") {
		t.Errorf("%v\n%s", err, text.String())
	}
	if words := SagaOf(sagas[2], nil).rollout(); words != "" {
		t.Errorf("of a single droplet: %q", words)
	}
}

// A timeline says what a long step waits for.
func TestTimelineSaysWhatAStepWaitsFor(t *testing.T) {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	s := saga.Saga{
		Kind: fleet.SagaReplace, Subject: "web-1", Status: saga.Running, CreatedAt: noon, Steps: []string{"WaitDropletReady", "DrainDroplet", "DestroyDroplet"},
		Labels: map[string]string{fleet.LabelProbe: "http 8080 /healthz", fleet.LabelDrain: "1m"},
	}
	for _, name := range s.Steps {
		s.History = append(s.History, saga.StepTime{Name: name, Status: saga.StepDone, StartedAt: noon, EndedAt: noon})
	}
	var got []string
	for _, m := range SagaOf(s, nil).moments() {
		got = append(got, strings.TrimSpace(m.text))
	}
	want := "ReplaceDroplet begins; WaitDropletReady: waiting until it answers http 8080 /healthz; DrainDroplet: draining for 1m; DestroyDroplet; " +
		"WaitDropletReady done; DrainDroplet done; DestroyDroplet done"
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

// A snapshot that was taken of a droplet before it went is told, since it is billed on.
func TestHistoryTellsOfSnapshots(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	s := saga.Saga{ID: strings.Repeat("a", 32), Kind: fleet.SagaDestroy, Subject: "mail", Status: saga.Completed, CreatedAt: at, EndedAt: at,
		Labels: map[string]string{fleet.LabelSnapshot: "mail-arcadia-aaaaaaaa"}}
	h := HistoryOf([]saga.Saga{s}, true)
	var b strings.Builder
	if err := h.Text(&b, at); err != nil || !strings.Contains(b.String(), "destroy mail (snapshot mail-arcadia-aaaaaaaa)") || len(h.Rows[0].Snapshots) != 1 {
		t.Errorf("%v, %+v: %s", err, h.Rows, b.String())
	}
}
