package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/daemon"
	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/view"
)

func statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what the state database knows, and how the daemon is",
		Long: `Show what the state database knows, and how the daemon is where one runs. This asks nobody but the two, and
changes nothing. Without a state database the exit code is 1.`,
		Example: `  arcadiad status
  arcadiad status -o json | jq .droplets`,
		Args: none,
	}
	s := newSettings(cmd, usesState, slog.LevelWarn)
	format := outputFlag(cmd, "text", "json")
	completeFiles(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		st, err := s.readStatus(cmd.Context())
		if err != nil {
			return err
		}
		if *format == "json" {
			return view.JSON(cmd.OutOrStdout(), st)
		}
		return st.text(cmd.OutOrStdout(), time.Now())
	}
	return cmd
}

// status is what `arcadiad status` shows.
type status struct {
	State       string                 `json:"state"`
	Fleet       string                 `json:"fleet"`
	Account     string                 `json:"account"`
	Simulated   bool                   `json:"simulated"`
	PausedSince time.Time              `json:"paused_since,omitzero"`
	LastSync    time.Time              `json:"last_sync,omitzero"`
	Approved    []approval             `json:"approved"` // plans that a person let through, and that were not carried out yet
	Daemon      *control.Live          `json:"daemon"`   // null: none runs
	DaemonError string                 `json:"daemon_error,omitempty"`
	Summary     map[fleet.State]int    `json:"summary"`
	Droplets    []dropletView          `json:"droplets"`
	Sagas       []sagaView             `json:"sagas"` // live ones
	Drift       []condition.Difference `json:"drift"` // what is not as the fleet file asks, and whose doing that is; what you changed: only beside a daemon

	service bool // the state database is the service's
}

// approval is a plan that a person let through.
type approval struct {
	Plan string    `json:"plan"`
	At   time.Time `json:"approved_at"`
}

// states are what droplets may be to the fleet, in the order in which they are counted.
var states = []fleet.State{fleet.StateManaged, fleet.StateMissing, fleet.StateUntracked, fleet.StateReleased, fleet.StateForeign, fleet.StateDeleted}

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

// ownersOf tells whose droplets are. The saga that made a droplet is mostly named by a record; find asks the journal for the others.
func ownersOf(fleetName string, resources []fleet.Resource, find func(saga8 string) (saga.Saga, error)) fleet.Owners {
	makers := map[string]bool{}
	for _, r := range resources {
		if r.Recorded && r.SagaID != "" {
			makers[fleet.Saga8(r.SagaID)] = true
		}
	}
	return fleet.Owners{Fleet: fleetName, Made: func(saga8 string) bool {
		if makers[saga8] {
			return true
		}
		s, err := find(saga8)
		return err == nil && fleet.Saga8(s.ID) == saga8 && fleet.Saga{Kind: s.Kind}.Makes()
	}}
}

// dropletView is a droplet as status shows it.
type dropletView struct {
	ID       int64        `json:"id"`
	Name     string       `json:"name"`
	Bearing  fleet.State  `json:"bearing"`
	Status   fleet.Status `json:"status"`
	Region   string       `json:"region"`
	Size     string       `json:"size,omitempty"`
	PublicIP string       `json:"public_ip,omitempty"`
	Protect  bool         `json:"protect,omitempty"`
	LastSeen time.Time    `json:"last_seen_at"`
	Missing  time.Time    `json:"missing_since,omitzero"` // when the first look that lacked it began
	Deleted  time.Time    `json:"deleted_at,omitzero"`
}

func (s *settings) readStatus(ctx context.Context) (status, error) {
	r, daemonErr, err := s.look(ctx)
	if err != nil {
		return status{}, err
	}
	meta, err := r.Meta(ctx)
	if err != nil {
		return status{}, err
	}
	resources, err := r.Resources(ctx)
	if err != nil {
		return status{}, err
	}
	live, err := r.Sagas(ctx, saga.Filter{Live: true})
	if err != nil {
		return status{}, err
	}
	deviations, err := r.Deviations(ctx)
	if err != nil {
		return status{}, err
	}
	st := status{
		State: meta.Path, Fleet: meta.Fleet, Account: meta.Account, Simulated: meta.Simulated, PausedSince: meta.PausedAt,
		LastSync: meta.LastSync, Approved: []approval{}, Summary: map[fleet.State]int{}, Droplets: []dropletView{}, Sagas: viewSagas(live),
		service: s.socket == systemService().socket,
	}
	for _, a := range meta.Approvals {
		if a.UsedAt.IsZero() {
			st.Approved = append(st.Approved, approval{a.PlanID, a.ApprovedAt})
		}
	}
	for _, state := range states {
		st.Summary[state] = 0
	}
	find := func(saga8 string) (saga.Saga, error) { return r.Saga(ctx, saga8) }
	owners, replaced := ownersOf(meta.Fleet, resources, find), replaced(resources)
	for _, d := range resources {
		state := d.State(owners)
		if state == fleet.StateMissing && replaced(d) {
			state = fleet.StateDeleted
		}
		st.Summary[state]++
		status := d.Status
		if state == fleet.StateMissing {
			status = fleet.Status(state)
		}
		st.Droplets = append(st.Droplets, dropletView{
			d.DropletID, d.Name, state, status, d.Region, d.Size, d.PublicIP, d.Protect, d.LastSeenAt, d.MissingSince, d.DeletedAt,
		})
	}
	slices.SortStableFunc(st.Droplets, func(a, b dropletView) int { return fleet.CompareNames(a.Name, b.Name) })
	if daemonErr != nil {
		st.DaemonError = daemonErr.Error()
	} else {
		st.askDaemon(ctx, daemon.Options{State: s.state, Socket: s.socket})
	}
	var waiting []condition.Waiting
	if st.Daemon != nil {
		waiting = st.Daemon.Waiting
	}
	st.Drift = condition.Differences(deviations, live, waiting)
	return st, nil
}

// askDaemon adds how the daemon is. One that does not answer spoils nothing: the database was read.
func (st *status) askDaemon(ctx context.Context, o daemon.Options) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	remote, err := daemon.Dial(ctx, o)
	if errors.Is(err, daemon.ErrNoDaemon) {
		return
	}
	var live control.Live
	if err == nil {
		live, err = remote.Live(ctx)
	}
	if err != nil {
		st.DaemonError = err.Error()
		return
	}
	st.Daemon = &live
}

const (
	screenLines = 24 // lines that the text has at most
	mostShown   = 12 // rows of a table where there is no other bound
)

// text fits one screen: the tables share what the facts leave. JSON has everything.
func (st status) text(w io.Writer, now time.Time) error {
	var facts strings.Builder
	if err := aligned(&facts, func(t io.Writer) { st.facts(t, now) }); err != nil {
		return err
	}
	if _, err := io.WriteString(w, facts.String()); err != nil {
		return err
	}
	type table struct {
		rows  int
		write func(t io.Writer, most int)
	}
	ours, drift := st.ours(), st.shownDrift()
	tables := []table{
		{len(st.Sagas), func(t io.Writer, most int) { st.liveSagas(t, now, most) }},
		{len(st.heldBack()), func(t io.Writer, most int) { heldTable(t, st.heldBack(), most) }},
		{len(drift), func(t io.Writer, most int) { driftTable(t, drift, now, most) }},
		{len(ours), func(t io.Writer, most int) { dropletTable(t, ours, most) }},
	}
	tables = slices.DeleteFunc(tables, func(t table) bool { return t.rows == 0 })
	left := screenLines - 1 - strings.Count(facts.String(), "\n")
	const around = 3 // a blank line, the heading, and the line that says how many more there are
	if len(tables) > max(1, left/(around+1)) {
		tables = tables[:len(tables)-1] // the droplets: the facts count them
	}
	for i, table := range tables {
		most := max(1, left/(len(tables)-i)-around)
		if err := aligned(w, func(t io.Writer) { table.write(t, most) }); err != nil {
			return err
		}
		left -= min(table.rows, most) + around
	}
	return nil
}

func (st status) facts(t io.Writer, now time.Time) {
	line := func(what, format string, args ...any) { fmt.Fprintf(t, what+"\t"+format+"\n", args...) }
	line("State", "%s", st.State)
	line("Fleet", "%s", orNone(st.Fleet))
	kind := ""
	if st.Simulated {
		kind = " (simulated)"
	}
	line("Account", "%s%s", orNone(st.Account), kind)
	line("Last sync", "%s", ago(now, st.LastSync))
	line("Daemon", "%s", st.daemonText(now))
	line("Writes", "%s", st.writesText(now))
	if d := st.Daemon; d != nil {
		if d.FileError != "" {
			line("Fleet file", "not usable, the last good one stays in force: %s", fit(oneLine(d.FileError), 160))
		}
		if d.Held > 0 {
			line("Plan", "%s", st.heldText())
		}
	}
	if words := st.changedText(); words != "" {
		line("Changes", "%s", words)
	}
	if words := st.driftText(); words != "" {
		line("Drift", "%s", words)
	}
	if d := st.Daemon; d != nil && d.Limit > 0 {
		line("Budget", "%s", budgetText(*d))
	}
	for _, a := range st.Approved {
		line("Approved", "plan %s, %s; carried out when it is the plan of the next pass", a.Plan, ago(now, a.At))
	}
	line("Droplets", "%s", st.countsText())
	line("Sagas", "%s", st.sagasText())
}

func (st status) daemonText(now time.Time) string {
	d := st.Daemon
	switch {
	case st.DaemonError != "":
		return "does not answer: " + oneLine(st.DaemonError)
	case d == nil:
		if st.service {
			return "not running (start: sudo systemctl start arcadiad)"
		}
		return "not running (start: arcadiad run)"
	case d.Pass.IsZero():
		return fmt.Sprintf("running, process %d; no pass has ended yet", d.PID)
	case d.PassError != "":
		return fmt.Sprintf("running, process %d; the last pass failed %s: %s", d.PID, ago(now, d.Pass), fit(oneLine(d.PassError), 160))
	}
	return fmt.Sprintf("running, process %d; last pass %s (%s)", d.PID, ago(now, d.Pass), d.Trigger)
}

// budgetText says how many API requests are left. Others may use the same token.
func budgetText(d control.Live) string {
	if d.Remaining < 0 {
		return fmt.Sprintf("%d API requests an hour; no answer has told yet how many are left", d.Limit)
	}
	return fmt.Sprintf("%d of %d API requests are left this hour", d.Remaining, d.Limit)
}

func (st status) writesText(now time.Time) string {
	switch {
	case !st.PausedSince.IsZero():
		return fmt.Sprintf("paused since %s (go on: arcadiad resume)", ago(now, st.PausedSince))
	case st.Daemon != nil && st.Daemon.Writes != "":
		return "shut: " + fit(oneLine(st.Daemon.Writes), 160)
	case st.Daemon != nil:
		return "open"
	}
	return "not paused"
}

func (st status) countsText() string {
	managed := map[fleet.Status]int{}
	for _, d := range st.Droplets {
		if d.Bearing == fleet.StateManaged {
			managed[d.Status]++
		}
	}
	var parts []string
	for _, state := range states {
		if n := st.Summary[state]; n > 0 || state == fleet.StateManaged {
			part := fmt.Sprintf("%d %s", n, state)
			if state == fleet.StateManaged && managed[fleet.StatusActive] < n {
				part += " (" + enumerate(managed) + ")"
			}
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// enumerate gives counts in the order of a droplet's life.
func enumerate(states map[fleet.Status]int) string {
	var parts []string
	for _, s := range []fleet.Status{fleet.StatusNew, fleet.StatusActive, fleet.StatusOff, fleet.StatusArchive} {
		if states[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", states[s], s))
		}
	}
	return strings.Join(parts, ", ")
}

func (st status) sagasText() string {
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
		return fmt.Sprintf("%d live, %d of them stuck (look: arcadiad saga show ID)", len(st.Sagas), stuck)
	}
	return fmt.Sprintf("%d live", len(st.Sagas))
}

// liveSagas shows what deserves a look first: stuck sagas, then the others.
func (st status) liveSagas(t io.Writer, now time.Time, most int) {
	sagas := slices.Clone(st.Sagas)
	slices.SortStableFunc(sagas, func(a, b sagaView) int { return rank(a) - rank(b) })
	fmt.Fprintln(t)
	sagaTable(t, sagas, now, most)
}

// ours are the droplets that are ours, were, or may be.
func (st status) ours() (ours []dropletView) {
	for _, d := range st.Droplets {
		if d.Bearing != fleet.StateForeign && d.Bearing != fleet.StateDeleted {
			ours = append(ours, d)
		}
	}
	return ours
}

func dropletTable(t io.Writer, ours []dropletView, most int) {
	fmt.Fprintln(t, "\nDROPLET\tID\tSTATUS\tREGION\tSIZE\tIP\tNOTES")
	for _, d := range ours[:min(len(ours), most)] {
		var notes []string
		switch d.Bearing {
		case fleet.StateManaged:
		case fleet.StateMissing:
			notes = append(notes, "since "+d.Missing.UTC().Format(time.DateTime)+" UTC")
		default:
			notes = append(notes, string(d.Bearing))
		}
		if d.Protect {
			notes = append(notes, "protected")
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", d.Name, d.ID, d.Status, d.Region, orNone(d.Size), orNone(d.PublicIP), strings.Join(notes, ", "))
	}
	more(t, len(ours), most)
}

// more says how many rows a table left out.
func more(w io.Writer, rows, most int) {
	if rows > most {
		fmt.Fprintf(w, "… and %d more (-o json has all)\n", rows-most)
	}
}

func orNone(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
