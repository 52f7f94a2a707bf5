package fleet

import (
	"testing"
	"time"
)

// Looks are told as "w" (it showed a witness) or "n", each so many seconds after the first, by a process.
func TestLaw06ProofOfAnAbsence(t *testing.T) {
	type look struct {
		at      int // seconds since the first one
		witness bool
		process string
	}
	day := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	old, fresh := day.Add(-24*time.Hour), day.Add(-10*time.Minute)
	for name, tt := range map[string]struct {
		looks []look
		made  time.Time
		want  bool
	}{
		"one look":                               {[]look{{0, true, "a"}}, old, false},
		"two looks too close":                    {[]look{{0, true, "a"}, {59, true, "a"}}, old, false},
		"two looks with a witness":               {[]look{{0, true, "a"}, {60, true, "a"}}, old, true},
		"of a young one, too":                    {[]look{{0, true, "a"}, {60, true, "a"}}, fresh, true},
		"the second without":                     {[]look{{0, true, "a"}, {60, false, "a"}}, old, false},
		"the first without":                      {[]look{{0, false, "a"}, {60, true, "a"}}, old, false},
		"then two with":                          {[]look{{0, false, "a"}, {60, true, "a"}, {120, true, "a"}}, old, true},
		"two without over five minutes":          {[]look{{0, false, "a"}, {300, false, "a"}}, old, false},
		"three without over less":                {[]look{{0, false, "a"}, {100, false, "a"}, {299, false, "a"}}, old, false},
		"three without over five minutes":        {[]look{{0, false, "a"}, {100, false, "a"}, {300, false, "a"}}, old, true},
		"of a young one":                         {[]look{{0, false, "a"}, {100, false, "a"}, {300, false, "a"}}, fresh, false},
		"of a young one, a quarter of an hour":   {[]look{{0, false, "a"}, {100, false, "a"}, {900, false, "a"}}, fresh, true},
		"of unknown age":                         {[]look{{0, false, "a"}, {100, false, "a"}, {899, false, "a"}}, time.Time{}, false},
		"a restart between two with a witness":   {[]look{{0, true, "a"}, {60, true, "b"}}, old, false},
		"a restart, and one look more":           {[]look{{0, true, "a"}, {60, true, "b"}, {120, true, "b"}}, old, true},
		"a restart between three without":        {[]look{{0, false, "a"}, {100, false, "a"}, {300, false, "b"}}, old, false},
		"and one look more":                      {[]look{{0, false, "a"}, {100, false, "a"}, {300, false, "b"}, {360, false, "b"}}, old, true},
		"restarts every 45 s":                    {[]look{{0, true, "a"}, {45, true, "b"}, {90, true, "c"}, {135, true, "d"}, {180, true, "e"}}, old, true},
		"a clock that went back":                 {[]look{{0, true, "a"}, {-3600, true, "b"}}, old, false},
		"and goes on":                            {[]look{{0, true, "a"}, {-3600, true, "b"}, {-3540, true, "b"}}, old, true},
		"looks that do not count are no restart": {[]look{{0, true, "a"}, {30, true, "b"}, {60, true, "a"}}, old, true},
	} {
		var a Absence
		for _, l := range tt.looks {
			a = a.Again(day.Add(time.Duration(l.at)*time.Second), l.witness, l.process)
		}
		if got := a.Proved(tt.made); got != tt.want {
			t.Errorf("%s: proved %v, want %v: %+v", name, got, tt.want, a)
		}
	}
}

// When the proof is complete at the earliest is what the looks that are asked for come to, and without a witness these are few.
func TestLaw06TheProofIsForetold(t *testing.T) {
	day := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	for name, made := range map[string]time.Time{"old": day.Add(-24 * time.Hour), "young": day.Add(-time.Minute), "unknown": {}} {
		for _, witness := range []bool{true, false} {
			for _, restart := range []bool{true, false} {
				a := Absence{}.Again(day, witness, "a")
				if restart {
					a = a.Again(a.NextLook(made), witness, "b")
				}
				foretold := a.ProvedAt(made)
				for looks := 0; !a.Proved(made); looks++ {
					if looks > 6 {
						t.Fatalf("%s, witness %v, restart %v: %d looks, and nothing is proved", name, witness, restart, looks)
					}
					a = a.Again(a.NextLook(made), witness, a.Process)
				}
				if !a.LastAt.Equal(foretold) {
					t.Errorf("%s, witness %v, restart %v: proved after %v, foretold %v", name, witness, restart, a.LastAt.Sub(day), foretold.Sub(day))
				}
			}
		}
	}
}
