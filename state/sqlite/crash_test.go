package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"arcadiad/saga"
	"arcadiad/state/sqlite"
)

// TestLaw03KilledBetweenCommits: whatever was acknowledged is there after a kill, whole, for a reader at once and for the next
// start; what was not acknowledged is there whole or not at all.
func TestLaw03KilledBetweenCommits(t *testing.T) {
	for _, lines := range []int{1, 50, 1000} {
		t.Run(fmt.Sprint(lines, " lines"), func(t *testing.T) {
			path := filepath.Join(tempDir(t), "arcadiad.db")
			cmd, says := start(t, roleBusy, path)
			acknowledged := map[int]string{}
			for i := 0; says.Scan(); i++ {
				var what string
				var n int
				if _, err := fmt.Sscan(says.Text(), &what, &n); err != nil || what == "error:" {
					t.Fatalf("%q", says.Text())
				}
				acknowledged[n] = what
				if i == lines {
					must(t, cmd.Process.Kill()) // and read on: what lies in the pipe was acknowledged too
				}
			}
			cmd.Wait()
			checkAcknowledged(t, reader(t, path), acknowledged)
			s := open(t, path)
			checkAcknowledged(t, s.Reader, acknowledged)
		})
	}
}

func checkAcknowledged(t *testing.T, r *sqlite.Reader, acknowledged map[int]string) {
	t.Helper()
	recorded := map[string]bool{}
	for _, rec := range get(r.Load(t.Context()))(t).Records {
		recorded[rec.Name] = true
	}
	status := map[string]saga.Status{}
	for _, sg := range get(r.Sagas(t.Context(), saga.Filter{}))(t) {
		status[sg.Subject] = sg.Status
		if done := sg.Status == saga.Completed; done != recorded[sg.Subject] {
			t.Errorf("%s is %s, but recorded: %v", sg.Subject, sg.Status, recorded[sg.Subject])
		}
	}
	if len(acknowledged) == 0 {
		t.Error("nothing was acknowledged")
	}
	for n, what := range acknowledged {
		got, there := status[fmt.Sprint("web-", n)]
		if !there || what == "ended" && got != saga.Completed {
			t.Errorf("web-%d was acknowledged as %s, and is %q", n, what, got)
		}
	}
}
