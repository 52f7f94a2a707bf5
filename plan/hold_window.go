package plan

import "time"

// longestWindow is how long a window may take to open.
const longestWindow = 400 * 24 * time.Hour

// overWindow holds what would take a droplet out of service while no window of the policy is open.
func overWindow(b *builder) func(*draft) verdict {
	_, open := b.desired.Windows.Open(b.now)
	if open {
		return func(*draft) verdict { return verdict{} }
	}
	opens := b.desired.Windows.Opens(b.now)
	return func(d *draft) verdict {
		switch {
		case !d.endsService():
			return verdict{}
		case opens.IsZero() || !b.waitsUntil(opens, longestWindow):
			return verdict{why: "no window of policy.windows opens for more than a year"}
		}
		return verdict{why: "waiting for the window that opens at " + opens.UTC().Format("Mon 2006-01-02 15:04 UTC")}
	}
}
