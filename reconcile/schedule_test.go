package reconcile

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/robfig/cron/v3"
)

func TestScheduleThatNeverComesIsRefused(t *testing.T) {
	for _, never := range []string{"0 0 30 2 *", "0 0 31 4,6,9,11 *", "TZ=Europe/Berlin 0 0 31 2 *"} {
		_, err := ParseSchedule(never)
		if want := `sync schedule "` + never + `" never comes`; err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", never, err, want)
		}
	}
	for _, bad := range []string{"", "often", "* * * *", "61 * * * *", "*/0 * * * *", "TZ=UTC", "CRON_TZ=", "TZ=../../etc/passwd * * * * *", "@every", "@every never"} {
		if s, err := ParseSchedule(bad); err == nil {
			t.Errorf("%q is read as %v", bad, s)
		}
	}
	for _, good := range []string{"*/15 * * * *", "0 0 29 2 *", "@hourly", "@every 5m", "CRON_TZ=Asia/Tokyo 30 4 * * mon-fri", "0 0 31 * *"} {
		if _, err := ParseSchedule(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

// never is a schedule whose times are over, as cron says it.
type never struct{}

func (never) Next(time.Time) time.Time { return time.Time{} }

// past always names a time that has been.
type past struct{}

func (past) Next(t time.Time) time.Time { return t.Add(-time.Hour) }

// However a schedule comes to be so, the loop does not turn without a pause.
func TestNoScheduleIsAlwaysDue(t *testing.T) {
	every, err := ParseSchedule("@every 1ms")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		schedule cron.Schedule
		most     int // ticks in an hour
	}{{"never", never{}, 0}, {"past", past{}, 720}, {"every millisecond", every, 720}} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			ticks := 0
			l := &Loop{Schedule: tt.schedule}
			l.pending.init()
			go func() {
				for range l.pending.ready {
					ticks++
					l.pending.take(ctx)
				}
			}()
			l.tick(ctx)
			synctest.Wait()
			close(l.pending.ready)
			if ticks > tt.most {
				t.Errorf("%s: %d ticks in an hour, at most %d are to come", tt.name, ticks, tt.most)
			}
		})
	}
}

func FuzzParseSchedule(f *testing.F) {
	for _, s := range []string{"*/15 * * * *", "0 0 30 2 *", "@every 1ms", "@every -1h", "TZ=UTC 0 0 * * *", "TZ=", "0-59/7 1,2 ? jan-dec sun", "@every 2562047h",
		"TZ=America/Sao_Paulo 0 0 4 11 *"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 26, 22, 54, 45, 0, time.UTC)
	f.Fuzz(func(t *testing.T, expression string) {
		s, err := ParseSchedule(expression)
		if err != nil {
			return
		}
		for range 3 {
			wait, due := untilTick(s, now)
			if wait < leastTick || !due && wait != neverTick {
				t.Fatalf("%q: waits %v at %v, due %v", expression, wait, now, due)
			}
			now = now.Add(wait)
		}
	})
}
