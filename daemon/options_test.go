package daemon

import (
	"strings"
	"testing"
)

// What the options say of the reserve is what the budget keeps; 0 is no word for the default.
func TestTheReserveReachesTheBudget(t *testing.T) {
	for _, tt := range []struct {
		reserve      float64
		hour, minute int // requests that are left to arcadiad
	}{{0, 5000, 250}, {-1, 4000, 200}, {0.2, 4000, 200}, {0.5, 2500, 125}} {
		o, err := Options{State: "unused", Reserve: tt.reserve, Token: func() (string, error) { return "dop_v1_test", nil }}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		l, err := newObserver(o, nothing, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if s := l.budget.State(); s.HourCap != tt.hour || s.MinCap != tt.minute {
			t.Errorf("reserve %v: %d an hour and %d a minute are arcadiad's, want %d and %d", tt.reserve, s.HourCap, s.MinCap, tt.hour, tt.minute)
		}
	}
}

func TestOptionsRefuseAScheduleThatNeverComes(t *testing.T) {
	if _, err := (Options{SyncSchedule: "0 0 30 2 *"}).withDefaults(); err == nil || err.Error() != `sync schedule "0 0 30 2 *" never comes` {
		t.Errorf("the options answer: %v", err)
	}
	if _, err := (Options{SyncSchedule: "often"}).withDefaults(); err == nil || !strings.Contains(err.Error(), "five fields") {
		t.Errorf("the options answer: %v", err)
	}
}
