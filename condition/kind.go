package condition

// Kind is what sort of a condition it is.
type Kind string

// The kinds of conditions. Webhooks, metrics and the memory of what was notified have these values.
const (
	Failing  Kind = "failing"
	File     Kind = "file"
	Stuck    Kind = "stuck"
	Missing  Kind = "missing"
	Stalled  Kind = "stalled"
	Held     Kind = "held"
	Released Kind = "released"
	Drift    Kind = "drift"
)

// row is all that is said of a kind as such.
type row struct {
	kind  Kind
	is    string                // when it is so, as docs/metrics.md has it
	do    string                // what to do about it, the same
	known func(Input) bool      // whether the input can tell of the kind
	find  func(Set) []Condition // nil: it is found with another kind
}

// rows are all kinds, in the order in which messages show them.
var rows = []row{
	{Failing, "passes have failed for five minutes, or account, file and database do not belong together", "the log, `arcadiad status`",
		func(in Input) bool { return in.Pass != nil && (in.Pass.Err == nil || in.fails()) }, Set.failing},
	{File, "the newest fleet file is not in force", "`arcadiad validate`", func(in Input) bool { return in.FileRead }, Set.file},
	{Stuck, "a saga needs a person, or patience", "`arcadiad saga show`, then `retry` or `abort`", func(in Input) bool { return in.Live != nil }, Set.stuck},
	{Missing, "a registered droplet is not in the account any more",
		"look at the account; it is made again by itself, unless more than `max_lost` are gone", Input.planned, Set.missing},
	{Stalled, "three droplets of one spec in one group did not come up, or three resizes of one failed; it is not tried again",
		"find out why, then change the stanza or `arcadiad saga retry`", Input.planned, nil},
	{Held, "an action waits, for a person or for a backoff", "`arcadiad plan`, then perhaps `arcadiad approve`", Input.planned, Set.held},
	{Released, "a registered droplet lost its tags", "put them back", Input.planned, Set.released},
	{Drift, "a droplet was changed behind arcadiad's back", "change it back, or the file", Input.planned, Set.drift},
}

// Kinds are all kinds, in the order in which messages show them.
func Kinds() (kinds []Kind) {
	for _, r := range rows {
		kinds = append(kinds, r.kind)
	}
	return kinds
}
