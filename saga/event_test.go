package saga_test

import (
	"bytes"
	"context"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"arcadiad/saga"
)

// TestLog shows what an operator reads: one line for each transition, which names the droplet, the saga, the step and the attempt.
func TestLog(t *testing.T) {
	bubble(t, "lines", func(t *testing.T) {
		var out bytes.Buffer
		o := saga.Options{SubjectKey: "droplet", Log: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
			ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey || a.Key == "stack" {
					return slog.Attr{}
				}
				return a
			},
		}))}
		e, end := life(t, newDisk(), o, one(
			saga.Step{Name: "Mix", Run: nothing, Compensate: func(_ context.Context, r *saga.Run) error {
				r.Log().Info("stir the other way")
				return nil
			}},
			step("Heat", func(_ context.Context, r *saga.Run) error {
				switch r.Attempt() {
				case 1:
					return errCold
				case 2:
					panic("no oven")
				}
				return saga.Permanent(errCold)
			})))
		s := begin(t, e, "Bake", "web-1")
		e.Wait()
		end()
		got := regexp.MustCompile(s.ID[:8]).ReplaceAllString(out.String(), "SAGA")
		const who = ` droplet=web-1 saga=SAGA kind=Bake`
		want := strings.Join([]string{
			`level=INFO msg="saga begun"` + who + ` step=Mix attempt=1`,
			`level=INFO msg="step done"` + who + ` step=Mix attempt=1`,
			`level=WARN msg="step failed, will be retried"` + who + ` step=Heat attempt=1 error="the oven is cold" again_in=1s`,
			`level=ERROR msg="step panicked"` + who + ` step=Heat attempt=2 error="panic: no oven"`,
			`level=ERROR msg="saga is stuck"` + who + ` step=Heat attempt=2 error="panic: no oven" again_in=2s`,
			`level=WARN msg="saga failed, undoing its steps"` + who + ` step=Heat attempt=3 error="the oven is cold"`,
			`level=INFO msg="stir the other way"` + who + ` step=Mix attempt=1`,
			`level=INFO msg="step undone"` + who + ` step=Mix attempt=1`,
			`level=WARN msg="saga ended"` + who + ` status=compensated took=3s error="the oven is cold"`,
		}, "\n") + "\n"
		if got != want {
			t.Errorf("log:\n%s\nwant:\n%s", got, want)
		}
	})
}
