package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"arcadiad/simulator"
)

// tally counts what really happened, by "fault …", "event …" and "law …".
type tally map[string]int

func (t tally) merge(other tally) {
	for what, n := range other {
		t[what] += n
	}
}

func (t tally) merge2(prefix string, hits simulator.Counts) {
	for what, n := range hits {
		t[prefix+what] += n
	}
}

// String is a table, by name.
func (t tally) String() string {
	var b strings.Builder
	for _, what := range slices.Sorted(maps.Keys(t)) {
		fmt.Fprintf(&b, "  %8d  %s\n", t[what], what)
	}
	return b.String()
}

// missed are those that must be met by a long run, and were not.
func (t tally) missed() []string {
	var missed []string
	for _, what := range slices.Concat(mustHappen(), laws(), rolled()) {
		if t[what] == 0 {
			missed = append(missed, what)
		}
	}
	return missed
}

// laws are the marks by which a law shows that it was really exercised; see also [said] and [watch].
func laws() []string {
	return []string{
		"law 20: a move of an address was checked against the truth", "law 20: an address follows its name",
		"law 01: a DELETE was checked against the truth", "law 01: an action was checked against the truth",
		"law 01: a released droplet kept its name", "law 01: a blind token wrote nothing",
		"law 02: planned around a live saga", "law 02: a renamed droplet stayed registered",
		"law 03: an intent was durable before the wire", "law 03: crashed between intent and commit of a create",
		"law 04: found what an unanswered create made", "law 04: sent an unanswered create again", "law 04: a stranger kept a create from being sent again",
		"law 05: a duplicate was to go", "law 05: a late arrival was to go",
		"law 05: a leftover was destroyed unasked", "law 05: the file's word ended a registered droplet", "law 05: a person's approval ended a droplet",
		"law 06: the loss of many was held",
		"law 06: gone, without an accepted DELETE", "law 06: a registered droplet was proved gone",
		"law 07: a moving listing was read again", "law 07: a name in one listing only was not created", "law 07: an empty database looked twice",
		"law 08: a bad file changed nothing", "law 08: no file in force after a restart",
		"law 09: max_destroy held", "law 09: protect held", "law 09: volumes held", "law 09: max_droplets held", "law 09: name_taken held", "law 09: an approved plan went through",
		"law 10: another team's token wrote nothing",
		"law 11: a second writer was refused",
		"law 12: a saga lived through a shutdown",
		"law 13: a failed create was destroyed again", "law 13: a destroy that began went forward",
		"law 14: backoff held", "law 14: stalled",
		"law 15: user data left the database",
		"law 16: a lost database was adopted again", "law 16: unknown origin was held",
		"law 17: a saga was superseded", "law 17: a rename that leads nowhere was held",
		"law 18: the group's turn was waited for", "law 18: max_unavailable let the others wait", "law 18: a group was counted at a DELETE",
		"law 18: a group was counted at a shutdown", "law 18: a group was counted at a drain",
		"keep: a droplet went when its time was over", "keep: a kept droplet was looked at", "undo: a droplet came back", "undo: went back",
		"update: RetagDroplet", "update: RenameDroplet", "update: SwitchBackups", "update: EnableIPv6", "update: ResizeDroplet", "update: PowerOnDroplet",
		"update: ProtectDroplet", "update: went back", "update: a resize went back, and the droplet is on",
		"update: a droplet made room for its replacement", "update: a renamed group kept its droplet",
		"update: an old name waited for a person",
		"drift: was put back", "drift: waited for a second look", "drift: gave way to another tool", "drift: took another droplet",
		"drift: was left alone where the file says report", "drift: the file has its way where it says correct",
	}
}

// said are log lines that tell of a law at work.
var said = map[string]string{
	"pass":                                  "passes",
	"found what the unanswered create made": "law 04: found what an unanswered create made",
	"the unanswered create made nothing":    "law 04: sent an unanswered create again",
	"the droplet is gone, though not by an accepted DELETE of ours":                                       "law 06: gone, without an accepted DELETE",
	"the account's listing changed while it was read; reading it again":                                   "law 07: a moving listing was read again",
	"a droplet of that name is listed by the fleet's tag only; looking again before creating another":     "law 07: a name in one listing only was not created",
	"the fleet file is not usable; the last good version stays in force":                                  "law 08: a bad file changed nothing",
	"the fleet file is not usable; no fleet file is in force: sagas continue, but nothing new is planned": "law 08: no file in force after a restart",
}

// ear counts the log lines that tell of a law at work, and hands all on where somebody listens.
type ear struct {
	slog.Handler
	mu    *sync.Mutex
	tally tally
}

// Enabled lets through what is counted.
func (e ear) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelInfo || e.Handler.Enabled(ctx, l)
}

// Handle counts one line.
func (e ear) Handle(ctx context.Context, r slog.Record) error {
	if law, ok := said[r.Message]; ok {
		e.mu.Lock()
		e.tally[law]++
		e.mu.Unlock()
	}
	if e.Handler.Enabled(ctx, r.Level) {
		return e.Handler.Handle(ctx, r)
	}
	return nil
}

// WithAttrs keeps the ear at the door.
func (e ear) WithAttrs(a []slog.Attr) slog.Handler { return ear{e.Handler.WithAttrs(a), e.mu, e.tally} }

// WithGroup keeps the ear at the door.
func (e ear) WithGroup(name string) slog.Handler {
	return ear{e.Handler.WithGroup(name), e.mu, e.tally}
}
