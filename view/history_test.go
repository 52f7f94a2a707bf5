package view

import (
	"strings"
	"testing"
	"time"

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
