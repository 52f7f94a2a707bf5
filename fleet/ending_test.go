package fleet

import (
	"testing"
	"time"
)

func TestEndingReadsWhatItWrites(t *testing.T) {
	for want, e := range map[string]Ending{
		"":                                {},
		"shutdown: false":                 {Hard: true},
		"snapshot: true, keep: 24h":       {Snapshot: true, Keep: 24 * time.Hour},
		"shutdown: false, keep: 1h30m":    {Hard: true, Keep: 90 * time.Minute},
		"snapshot: true, keep: 1h0m1s":    {Snapshot: true, Keep: time.Hour + time.Second},
		"shutdown: false, snapshot: true": {Hard: true, Snapshot: true},
	} {
		if got := e.String(); got != want {
			t.Errorf("%+v is written as %q, want %q", e, got, want)
		}
		if got, err := ParseEnding(want); err != nil || got != e {
			t.Errorf("%q is read as %+v, %v", want, got, err)
		}
	}
	for _, bad := range []string{"keep", "keep: long", "snapshot: perhaps", "burial: true"} {
		if e, err := ParseEnding(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, e)
		}
	}
}
