package view

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// Status is what `arcadiad status` shows.
type Status struct {
	State       string                 `json:"state"`
	Fleet       string                 `json:"fleet"`
	Account     string                 `json:"account"`
	Simulated   bool                   `json:"simulated"`
	PausedSince time.Time              `json:"paused_since,omitzero"`
	PausedBy    string                 `json:"paused_by,omitempty"` // who paused it, and why
	LastSync    time.Time              `json:"last_sync,omitzero"`
	Approved    []Approval             `json:"approved"` // plans that a person let through, and that were not carried out yet
	Daemon      *control.Live          `json:"daemon"`   // null: none runs
	Fetched     *fleet.Fetched         `json:"fetched,omitempty"`
	DaemonError string                 `json:"daemon_error,omitempty"`
	Standby     int                    `json:"standby,omitempty"` // the process of a daemon that stands by; 0: none does
	Leader      *fleet.Leader          `json:"leader,omitempty"`  // of the daemons that share the state database; null: it is a file
	Conditions  []condition.Condition  `json:"conditions"`        // what needs attention
	Summary     map[fleet.State]int    `json:"summary"`
	Droplets    []Droplet              `json:"droplets"`
	Rollouts    []Rollout              `json:"rollouts"` // that are under way
	Sagas       []Saga                 `json:"sagas"`    // live ones
	Drift       []condition.Difference `json:"drift"`    // what is not as the fleet file asks, and whose doing that is; what you changed: only beside a daemon

	unit string // the service whose state database it is; empty: of none
}

// Approval is a plan that a person let through.
type Approval struct {
	Plan string    `json:"plan"`
	At   time.Time `json:"approved_at"`
	By   string    `json:"approved_by,omitempty"` // who, and why
}

// Droplet is a droplet as status shows it.
type Droplet struct {
	ID       int64        `json:"id"`
	Name     string       `json:"name"`
	Bearing  fleet.State  `json:"bearing"`
	Status   fleet.Status `json:"status"`
	Region   string       `json:"region"`
	Size     string       `json:"size,omitempty"`
	PublicIP string       `json:"public_ip,omitempty"`

	PrivateIP  string    `json:"private_ip,omitempty"`
	ReservedIP string    `json:"reserved_ip,omitempty"` // of one in quarantine: that it had
	Image      string    `json:"image,omitempty"`
	Tags       []string  `json:"tags,omitempty"` // without arcadiad's own
	CreatedAt  time.Time `json:"created_at,omitzero"`

	Protect  bool      `json:"protect,omitempty"`
	LastSeen time.Time `json:"last_seen_at"`
	Missing  time.Time `json:"missing_since,omitzero"` // when the first look that lacked it began
	Deleted  time.Time `json:"deleted_at,omitzero"`
	Until    time.Time `json:"kept_until,omitzero"` // by its tag; only of one in quarantine

	under string // the name that it is recorded under; empty: it has no record
}

// states are what droplets may be to the fleet, in the order in which they are counted.
var states = []fleet.State{fleet.StateManaged, fleet.StateMaking, fleet.StateMissing, fleet.StateUntracked, fleet.StateKept, fleet.StateReleased, fleet.StateForeign, fleet.StateDeleted}

// StatusOf sorts what is known by what it is to the fleet. Unit is the service whose state database it is; empty: of none.
func StatusOf(known control.Status, owners fleet.Owners, unit string) Status {
	meta := known.Meta
	st := Status{
		State: meta.Path, Fleet: meta.Fleet, Account: meta.Account, Simulated: meta.Simulated, PausedSince: meta.PausedAt, PausedBy: fleet.OneLine(meta.PausedBy.String()),
		LastSync: meta.LastSync, Approved: []Approval{}, Conditions: append([]condition.Condition{}, known.Conditions...), Daemon: known.Daemon, Fetched: known.Fetched, DaemonError: known.DaemonError, Standby: known.Standby, Leader: meta.Leader,
		Summary: map[fleet.State]int{}, Droplets: []Droplet{}, Rollouts: RolloutsOf(known.Rollouts), Sagas: sagasOf(known.Sagas), unit: unit,
	}
	for _, a := range meta.Approvals {
		if a.UsedAt.IsZero() {
			st.Approved = append(st.Approved, Approval{a.PlanID, a.ApprovedAt, fleet.OneLine(a.By.String())})
		}
	}
	for _, state := range states {
		st.Summary[state] = 0
	}
	replaced, making := replaced(known.Resources), making(known.Sagas)
	for _, r := range known.Resources {
		state, status := r.State(owners), r.Status
		switch {
		case state == fleet.StateMissing && replaced(r):
			state = fleet.StateDeleted
		case state == fleet.StateMissing:
			status = fleet.Status(state)
		case state == fleet.StateUntracked && making(r):
			state = fleet.StateMaking
		}
		st.Summary[state]++
		var until time.Time
		if state == fleet.StateKept {
			until, _ = (&fleet.Droplet{Tags: r.Tags}).Until()
		}
		st.Droplets = append(st.Droplets, Droplet{
			ID: r.DropletID, Name: r.Name, Bearing: state, Status: status, Region: r.Region, Size: cmp.Or(r.Size, r.SizeSeen), PublicIP: r.PublicIP,
			PrivateIP: r.PrivateIP, ReservedIP: r.ReservedIP, Image: cmp.Or(r.Image, r.ImageSeen), Tags: (&fleet.Droplet{Tags: r.Tags}).UserTags(), CreatedAt: r.CreatedAt,
			Protect: r.Protect, LastSeen: r.LastSeenAt, Missing: r.MissingSince, Deleted: r.DeletedAt, Until: until,
			under: r.RecordName,
		})
	}
	slices.SortStableFunc(st.Droplets, func(a, b Droplet) int { return fleet.CompareNames(a.Name, b.Name) })
	var waiting []condition.Waiting
	if st.Daemon != nil {
		waiting = st.Daemon.Waiting
	}
	st.Drift = condition.Differences(known.Deviations, known.Sagas, waiting)
	return st
}

// making tells of a droplet without a record whether a live saga is making it at this moment, by its tag.
func making(live []saga.Saga) func(fleet.Resource) bool {
	makers := map[string]bool{}
	for _, s := range live {
		if (fleet.Saga{Kind: s.Kind}).Makes() && !s.Reverse {
			makers[fleet.Saga8(s.ID)] = true
		}
	}
	return func(r fleet.Resource) bool {
		return slices.ContainsFunc((&fleet.Droplet{Tags: r.Tags}).Saga8s(), func(tag string) bool { return makers[tag] })
	}
}

// replaced tells of a recorded droplet that is proved gone whether another one is there under its name by now: then nobody misses it.
func replaced(resources []fleet.Resource) func(fleet.Resource) bool {
	there := map[string]bool{}
	for _, r := range resources {
		if r.Recorded && r.MissingSince.IsZero() && r.DeletedAt.IsZero() {
			there[fleet.Key(r.RecordName)] = true
		}
	}
	return func(r fleet.Resource) bool { return !r.DeletedAt.IsZero() && there[fleet.Key(r.RecordName)] }
}

const mostShown = 12 // rows of a table where there is no other bound

// Text tells first what went wrong, then how things stand. On a screen it takes no more lines than that has: the tables share what the facts
// leave. A pipe and JSON get everything.
func (st Status) Text(w io.Writer, now time.Time) error {
	screen := screenOf(w)
	var head, facts strings.Builder
	wrong(&head, screen, st.Conditions)
	inked := screen
	inked.Writer = &facts
	if err := tabled(inked, func(t *table) {
		t.hang = factColumn
		st.facts(t, now)
	}); err != nil {
		return err
	}
	if _, err := io.WriteString(w, head.String()+facts.String()); err != nil {
		return err
	}
	live := slices.Clone(st.Sagas) // what deserves a look first: stuck sagas, then the others
	slices.SortStableFunc(live, func(a, b Saga) int { return rank(a) - rank(b) })
	ours, held, drift := st.ours(), heldRuns(st.heldBack()), drifted(st.Drift, st.heldBack(), st.Rollouts)
	type part struct {
		what  string
		rows  int
		write func(t *table, most int)
	}
	parts := []part{
		{"rollouts", len(st.Rollouts), func(t *table, most int) { rolloutRows(t, st.Rollouts, now, most, false) }},
		{"sagas", len(st.Sagas), func(t *table, most int) { sagaRows(t, live, now, most) }},
		{"what is held", len(held), func(t *table, most int) { heldRows(t, held, most) }},
		{"drift", len(drift), func(t *table, most int) { driftRows(t, drift, now, most) }},
		{"droplets", len(ours), func(t *table, most int) { dropletRows(t, ours, most) }},
	}
	parts = slices.DeleteFunc(parts, func(p part) bool { return p.rows == 0 })
	const around = 3 // a blank line, the heading, and the line that says how many more there are
	left := 0
	var out []string
	if screen.Height > 0 {
		left = screen.Height - 1 - strings.Count(head.String()+facts.String(), "\n") // one for the prompt
		for len(parts) > 0 && len(parts) > (left-1)/(around+1) {
			last := len(parts) - 1
			parts, out = parts[:last], append(out, parts[last].what) // the facts count them
		}
		if len(out) > 0 {
			left--
		}
	}
	for i, part := range parts {
		most := part.rows
		if screen.Height > 0 {
			if most = max(1, left/(len(parts)-i)-around); part.rows == most+1 {
				most++ // the line that would say that one is left out has room for it
			}
		}
		err := tabled(w, func(t *table) {
			t.all, t.cut = "arcadiad status", true
			t.row()
			part.write(t, most)
		})
		if err != nil {
			return err
		}
		left -= min(part.rows, most) + around
	}
	if len(out) > 0 {
		slices.Reverse(out)
		_, err := fmt.Fprintf(w, "… and %s (all: arcadiad status | less)\n", fleet.Series(out))
		return err
	}
	return nil
}

func (st Status) facts(t *table, now time.Time) {
	t.row("State", st.State)
	t.row("Fleet", orNone(st.Fleet))
	kind := ""
	if st.Simulated {
		kind = " (simulated)"
	}
	t.row("Account", orNone(st.Account)+kind)
	t.row("Last sync", ago(now, st.LastSync))
	t.fact("Leader", st.leaderText(now))
	daemon := any(st.daemonText(now))
	if st.DaemonError != "" || st.Daemon != nil && st.Daemon.PassError != "" {
		daemon = red{daemon}
	}
	t.row("Daemon", daemon)
	t.fact("Fetched", st.fetchedText(now))
	t.row("Writes", st.writesText(now))
	d := st.Daemon
	if d != nil && d.FileError != "" {
		t.row("Fleet file", "not usable, the last good one stays in force: "+fleet.Fit(d.FileError, 160))
	}
	if d != nil && d.Held > 0 {
		t.row("Plan", heldText(*d))
	}
	t.fact("Changes", changedText(st.Drift, d))
	t.fact("Drift", driftText(st.Drift))
	if d != nil && d.Limit > 0 {
		t.row("Budget", budgetText(*d))
	}
	for _, a := range st.Approved {
		by := ""
		if a.By != "" {
			by = " by " + a.By
		}
		t.row("Approved", fmt.Sprintf("plan %s, %s%s; applied if the next pass has the same plan", a.Plan, ago(now, a.At), by))
	}
	t.row("Droplets", st.countsText())
	t.fact("Kept", st.keptText())
	t.row("Sagas", st.sagasText())
}

func (st Status) daemonText(now time.Time) string {
	d := st.Daemon
	switch {
	case st.DaemonError != "":
		return "does not answer: " + st.DaemonError
	case st.Standby != 0:
		return fmt.Sprintf("stands by, process %d; it takes over when the leader ends or is silent", st.Standby)
	case d == nil && st.Leader != nil && st.Leader.Host != "":
		return "none on this host"
	case d == nil && st.unit != "":
		return "not running (start: sudo systemctl start " + st.unit + ")"
	case d == nil:
		return "not running (start: arcadiad run)"
	case d.Pass.IsZero():
		return fmt.Sprintf("running, process %d; no pass has ended yet", d.PID)
	case d.PassError != "":
		return fmt.Sprintf("running, process %d; the last pass failed %s: %s", d.PID, ago(now, d.Pass), fleet.Fit(d.PassError, 160))
	}
	return fmt.Sprintf("running, process %d; last pass %s (%s)", d.PID, ago(now, d.Pass), d.Trigger)
}

// leaderText says which of the daemons that share the state database leads; empty: it is a file.
func (st Status) leaderText(now time.Time) string {
	switch l := st.Leader; {
	case l == nil:
		return ""
	case l.Host == "":
		return fmt.Sprintf("none, epoch %d", l.Epoch)
	case st.Daemon != nil && strings.HasSuffix(l.Host, fmt.Sprintf(", process %d", st.Daemon.PID)):
		return fmt.Sprintf("this daemon (%s), for %s, epoch %d", l.Host, rough(now.Sub(l.Since)), l.Epoch)
	default:
		return fmt.Sprintf("%s, for %s, epoch %d", l.Host, rough(now.Sub(l.Since)), l.Epoch)
	}
}

// fetchedText says which commit arcadiad pull brought, and why it brings no newer one; empty: the fleet file does not come by it.
func (st Status) fetchedText(now time.Time) string {
	f := st.Fetched
	if f == nil {
		return ""
	}
	words := "no commit yet"
	if f.Commit != "" {
		words = fmt.Sprintf("%s %s, %s: %s", f.Ref, f.Short(), ago(now, f.At), fleet.Fit(f.Subject, 60))
	}
	if f.Error != "" {
		words += fmt.Sprintf("; the last pull failed %s: %s", ago(now, f.Tried), fleet.Fit(f.Error, 160))
	}
	return words
}

// budgetText says how many API requests are left. Others may use the same token.
func budgetText(d control.Live) string {
	if d.Remaining < 0 {
		return fmt.Sprintf("%d API requests an hour; how many are left is not known yet", d.Limit)
	}
	return fmt.Sprintf("%d of %d API requests are left this hour", d.Remaining, d.Limit)
}

func (st Status) writesText(now time.Time) string {
	switch {
	case !st.PausedSince.IsZero():
		words := "paused since " + ago(now, st.PausedSince)
		if st.PausedBy != "" {
			words += " by " + st.PausedBy
		}
		return words + " (to continue: arcadiad resume)"
	case st.Daemon != nil && st.Daemon.Writes != "":
		return "shut: " + fleet.Fit(st.Daemon.Writes, 160)
	case st.Daemon != nil:
		return "open"
	}
	return "not paused"
}

// countsText counts the droplets by what they are to the fleet, but for those that are left out.
func (st Status) countsText(without ...fleet.State) string {
	managed := map[fleet.Status]int{}
	for _, d := range st.Droplets {
		if d.Bearing == fleet.StateManaged {
			managed[d.Status]++
		}
	}
	var parts []string
	for _, state := range states {
		if n := st.Summary[state]; (n > 0 || state == fleet.StateManaged) && !slices.Contains(without, state) {
			part := fmt.Sprintf("%d %s", n, state)
			if state == fleet.StateManaged && managed[fleet.StatusActive] < n {
				part += " (" + lifeText(managed) + ")"
			}
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// keptText is what is in quarantine, and what that costs, as far as a daemon has told; empty: nothing is.
func (st Status) keptText() string {
	n := st.Summary[fleet.StateKept]
	if n == 0 {
		return ""
	}
	words := droplets(n) + ", off and still billed"
	if st.Daemon != nil && st.Daemon.KeptMonthly > 0 {
		words += ", " + st.Daemon.KeptMonthly.String() + " a month"
	}
	return words + " (to bring one back: arcadiad undo NAME)"
}

// lifeText gives counts in the order of a droplet's life.
func lifeText(droplets map[fleet.Status]int) string {
	var counts []count
	for _, s := range []fleet.Status{fleet.StatusNew, fleet.StatusActive, fleet.StatusOff, fleet.StatusArchive} {
		counts = append(counts, count{droplets[s], string(s)})
	}
	return enumerate(counts)
}

func (st Status) sagasText() string {
	stuck := 0
	for _, s := range st.Sagas {
		if s.Status == saga.Stuck {
			stuck++
		}
	}
	switch {
	case len(st.Sagas) == 0:
		return "none live"
	case stuck > 0:
		return fmt.Sprintf("%d live, %d of them stuck (details: arcadiad saga show ID)", len(st.Sagas), stuck)
	}
	return fmt.Sprintf("%d live", len(st.Sagas))
}

// heldBack is what waits for a person or a change.
func (st Status) heldBack() []condition.HeldBack {
	if st.Daemon == nil {
		return nil
	}
	return st.Daemon.HeldBack
}

// ours are the droplets that are ours, were, or may be.
func (st Status) ours() (ours []Droplet) {
	for _, d := range st.Droplets {
		if d.Bearing != fleet.StateForeign && d.Bearing != fleet.StateDeleted {
			ours = append(ours, d)
		}
	}
	return ours
}

func dropletRows(t *table, list []Droplet, most int) {
	t.row("DROPLET", "ID", "STATUS", "REGION", "SIZE", "IP", "NOTES")
	for _, d := range list[:min(len(list), most)] {
		var notes []string
		switch d.Bearing {
		case fleet.StateManaged:
		case fleet.StateMissing:
			notes = append(notes, "since "+d.Missing.UTC().Format(time.DateTime)+" UTC")
		case fleet.StateKept:
			notes = append(notes, "kept until "+stamp(d.Until))
		default:
			notes = append(notes, string(d.Bearing))
		}
		if d.Protect {
			notes = append(notes, "protected")
		}
		if d.ReservedIP != "" && d.Bearing != fleet.StateKept {
			notes = append(notes, "reserved IP "+d.ReservedIP)
		}
		t.row(d.Name, d.ID, byState(d.Status), d.Region, orNone(d.Size), orNone(d.PublicIP), strings.Join(notes, ", "))
	}
	t.more(len(list), most)
}
