package view

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/scripts/goldentest"
)

var specOfAll = fleet.Spec{Size: "s-1vcpu-1gb", Region: "syd1", Image: "ubuntu-24-04-x64"}

// kept reads a plan that package plan's tests keep as JSON.
func kept(t *testing.T, name string) plan.Plan {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "plan", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	type parts plan.Plan // without the method that writes the JSON
	var doc struct {
		parts
		Actions []struct {
			plan.Action
			Kind      plan.Kind          `json:"action"`
			DropletID int64              `json:"droplet_id"`
			Monthly   fleet.Money        `json:"monthly_cost"`
			HeldBy    string             `json:"held_by"`
			Why       string             `json:"held_reason"`
			Keep      fleet.Money        `json:"keep_monthly"`
			Along     []fleet.Attachment `json:"takes"`
		} `json:"actions"`
		InFlight []plan.InFlight `json:"in_flight"`
		Rollouts []struct {
			ID, Group, From, To string
			Members             plan.Standing
			Desired, Size       int
			Serving             int `json:"in_service"`
			Canary              int
			Batch, Batches      int
			Left                int    `json:"seconds_left"`
			HeldBy              string `json:"held_by"`
			Ready, Reason       string
		} `json:"rollouts"`
		Effort struct{ Requests, Seconds int }
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	p := plan.Plan(doc.parts)
	p.InFlight = doc.InFlight
	p.Effort = plan.Effort{Requests: doc.Effort.Requests, Time: time.Duration(doc.Effort.Seconds) * time.Second}
	for _, r := range doc.Rollouts {
		p.Rollouts = append(p.Rollouts, plan.Rollout{
			Rollout: fleet.Rollout{ID: r.ID, Group: r.Group, From: r.From, To: r.To}, Count: r.Desired, Serving: r.Serving, Size: r.Size, Canary: r.Canary,
			Done: r.Members.Done, Live: r.Members.Live, Next: r.Members.Next, Waiting: r.Members.Waiting, Probe: r.Ready, Batch: r.Batch, Batches: r.Batches,
			Left: time.Duration(r.Left) * time.Second, HeldBy: r.HeldBy, Why: r.Reason,
		})
	}
	for _, a := range doc.Actions {
		a.Action.Kind, a.Action.DropletID, a.Action.HeldBy, a.HeldReason, a.KeepMonthly = a.Kind, a.DropletID, a.HeldBy, a.Why, a.Keep
		a.Action.SideEffects, a.Action.Spec, a.Action.Cost.Monthly = a.Along, specOfAll, a.Monthly
		p.Actions = append(p.Actions, a.Action)
	}
	return p
}

func inText(t *testing.T, p plan.Plan) string {
	t.Helper()
	var b strings.Builder
	if err := Plan(&b, p, false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func inMarkdown(t *testing.T, p plan.Plan) string {
	t.Helper()
	var b strings.Builder
	if err := Markdown(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPlanGolden(t *testing.T) {
	const id = "95c6adce0911"
	calm := plan.Plan{ID: id, Fleet: "demo", Summary: plan.Summary{Unchanged: 2}}
	drift := plan.Plan{ID: id, Fleet: "demo", Summary: plan.Summary{Drifted: 4}}
	for n := range 4 {
		change := plan.FieldChange{Field: "size", From: "s-1vcpu-1gb", To: "s-8vcpu-16gb", Cause: plan.CauseOutside}
		drift.Drift = append(drift.Drift, plan.Drift{Name: fmt.Sprint("web-", n+1), DropletID: int64(101 + n), Changes: []plan.FieldChange{change}})
	}
	for name, p := range map[string]plan.Plan{
		"busy": kept(t, "busy.json"), "takes": kept(t, "takes.json"), "calm": calm, "drift": drift, "empty": {ID: id, Fleet: "demo"},
	} {
		goldentest.File(t, "testdata/"+name+".txt", []byte(inText(t, p)))
		goldentest.File(t, "testdata/"+name+".md", []byte(inMarkdown(t, p)))
	}
	var colored strings.Builder
	if err := Plan(&colored, kept(t, "busy.json"), true); err != nil {
		t.Fatal(err)
	}
	goldentest.File(t, "testdata/busy.color", []byte(colored.String()))
}

func renamed(n int) plan.FieldChange {
	return plan.FieldChange{Field: "name", From: fmt.Sprint("web-", n), To: fmt.Sprint("api-", n)}
}

// A renamed and resized group reads as two runs, however large it is.
func TestAGroupIsTwoRunsOfTwoUpdates(t *testing.T) {
	p := plan.Plan{ID: "1", Fleet: "demo"}
	for n := 1; n <= 300; n++ {
		a := plan.Action{Kind: plan.Update, Name: fmt.Sprint("api-", n), DropletID: int64(n), Reason: "name changed in the file"}
		b := a
		a.Changes = []plan.FieldChange{renamed(n)}
		b.Reason, b.Held, b.HeldBy, b.HeldReason = "size changed in the file; downtime: off while being resized", true, "turn", "this follows in a later pass"
		b.Changes = []plan.FieldChange{{Field: "size", From: "s-1vcpu-1gb", To: "s-2vcpu-2gb"}}
		p.Actions = append(p.Actions, a, b)
	}
	want := `
  ~ api-1 … api-300  update 300 droplets: name changed in the file
                       name: web-1 … web-300 → api-1 … api-300
  ~ api-1 … api-300  update 300 droplets: size changed in the file; downtime: off while being resized
                       size: s-1vcpu-1gb → s-2vcpu-2gb
                       turn: this follows in a later pass
`
	if text := inText(t, p); !strings.Contains(text, want) {
		t.Errorf("text:\n%s", text)
	}
}

// provisions are creates of web-1, web-2 and so on.
func provisions(n int) []plan.Action {
	list := make([]plan.Action, n)
	for i := range list {
		list[i] = plan.Action{Kind: plan.Provision, Name: fmt.Sprint("web-", i+1), Spec: specOfAll, Reason: "not in the account yet"}
	}
	return list
}

// Neighbours that differ in anything a reader would care for are not lumped together.
func TestRunsDifferInNothing(t *testing.T) {
	sizes, times := provisions(6), provisions(3)
	for i := 3; i < 6; i++ {
		sizes[i].Spec.Size = "s-2vcpu-2gb"
	}
	for i := range times {
		times[i].HeldReason = fmt.Sprint("next try at ", i)
	}
	for _, tt := range []struct {
		what    string
		actions []plan.Action
		want    int
	}{{"one kind", provisions(6), 1}, {"two sizes", sizes, 2}, {"three times of trying again", times, 3}} {
		if got := len(actionRuns(tt.actions)); got != tt.want {
			t.Errorf("%s give %d runs, want %d", tt.what, got, tt.want)
		}
	}
}

// What is lost at once is one line of the plan, with the ids to look for.
func TestLaw09LostDropletsAreOneLine(t *testing.T) {
	p := plan.Plan{Actions: provisions(7)}
	for i := range p.Actions {
		a := &p.Actions[i]
		a.Lost, a.Reason, a.Held, a.HeldBy = []int64{int64(101 + i)}, fmt.Sprintf("droplet %d is gone", 101+i), true, "lost"
	}
	want := "+ web-1 … web-7  create 7 droplets: their droplets are gone (101, 102, 103, 104, 105 and 2 more)"
	if text := inText(t, p); !strings.Contains(text, want) || strings.Count(text, "held by lost") != 1 {
		t.Errorf("%q is not in:\n%s", want, text)
	}
}

// The summary tells what waits for approval from what is held until something changes.
func TestASummaryCountsWhatWaitsForApproval(t *testing.T) {
	p := plan.Plan{Summary: plan.Summary{Destroy: 3, Held: 3}}
	for n := range 3 {
		p.Actions = append(p.Actions, plan.Action{Kind: plan.Destroy, Name: fmt.Sprint("web-", n+1), DropletID: int64(n + 1), Held: true, Approvable: true})
	}
	for _, want := range []string{"3 to destroy, all waiting for approval.", "3 to destroy (2 waiting for approval, 1 held)."} {
		if text, markdown := inText(t, p), inMarkdown(t, p); !strings.Contains(text, want) || !strings.Contains(markdown, want) {
			t.Errorf("no %q in:\n%s\n%s", want, text, markdown)
		}
		p.Actions[2].Approvable = false
	}
}

// A missing droplet is shown in every rendering: since when, and when it is made again.
func TestLaw06WhatIsMissingIsShown(t *testing.T) {
	since := time.Date(2026, 11, 23, 11, 59, 59, 0, time.UTC)
	p := plan.Plan{Summary: plan.Summary{Missing: 4, Unchanged: 1}}
	for n, name := range []string{"web-1", "web-2", "db", "web-3"} {
		p.Missing = append(p.Missing, plan.Missing{Name: name, DropletID: int64(101 + n), Since: since, ProvedAt: since.Add(time.Minute), Again: name != "db"})
	}
	for _, want := range []string{
		"  ? db             droplet 103: missing from the account since 11:59:59; forgotten if still missing at 12:00:59",
		"  ? web-1 … web-3  3 droplets: missing from the account since 11:59:59; created again if still missing at 12:00:59",
		"Nothing to do yet: 4 missing, 1 unchanged.",
	} {
		if text := inText(t, p); !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
	if md := inMarkdown(t, p); !strings.Contains(md, "#### Missing") || !strings.Contains(md, "created again if still missing at 12:00:59") {
		t.Errorf("markdown:\n%s", md)
	}
	if line := Missing(p); !strings.HasPrefix(line, "db (droplet 103): missing") || !strings.Contains(line, "; web-1 … web-3 (3 droplets): missing") {
		t.Errorf("in one line: %s", line)
	}
}

// What was changed outside says since when, and what did it; what a replace brings along is marked.
func TestPlanTellsOfEachChange(t *testing.T) {
	since := time.Date(2026, 11, 23, 11, 59, 59, 0, time.UTC)
	changed := plan.FieldChange{Field: "name", From: "db", To: "old", Cause: plan.CauseOutside, Since: since, By: "rename of 11:02 (action 7)"}
	p := plan.Plan{
		Drift:   []plan.Drift{{Name: "db", DropletID: 7, Changes: []plan.FieldChange{changed}}},
		Ignored: []plan.Drift{{Name: "web", DropletID: 8, Changes: []plan.FieldChange{{Field: "image", From: "a", To: "b", Along: true}}}},
		Summary: plan.Summary{Drifted: 1, Ignored: 1},
	}
	for _, want := range []string{"name: db → old, noticed at 2026-11-23T11:59:59Z, by rename of 11:02 (action 7)\n", "image: a → b (with the replacement)\n", "1 ignored"} {
		if text := inText(t, p); !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
}

func TestPlanNamesTheRevision(t *testing.T) {
	for want, r := range map[string]*fleet.Revision{
		"fleet.yaml of commit 1a2b3c4d5e by Ada: more web":                      {Commit: "1a2b3c4d5e6f", Author: "Ada", Subject: "more web", File: "fleet.yaml"},
		"fleet.yaml, changed since commit 1a2b3c4d5e by Ada: more web":          {Commit: "1a2b3c4d5e6f", Author: "Ada", Subject: "more\nweb", File: "fleet.yaml", Differs: true},
		"infra/fleet.yaml, which is not committed yet":                          {File: "infra/fleet.yaml", Differs: true},
		"fleet.yaml of commit 1a2b3c4d5e by Ada: ping @\u200ball &lt;b&gt; \\|": {Commit: "1a2b3c4d5e6f", Author: "Ada", Subject: "ping @all <b> |", File: "fleet.yaml"},
	} {
		p := plan.Plan{ID: "1", Fleet: "demo", Actions: provisions(1), Revision: r}
		text, md := inText(t, p), inMarkdown(t, p)
		if !strings.Contains(md, "\n"+want+"\n") {
			t.Errorf("no line %q in:\n%s", want, md)
		}
		if !strings.Contains(want, "\\") && !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("no line %q in:\n%s", want, text)
		}
	}
}

func TestSentenceTellsCalmFromBlind(t *testing.T) {
	for want, p := range map[string]plan.Plan{
		"Nothing to do yet: 1 missing.":                             {Summary: plan.Summary{Missing: 1}},
		"Nothing to do; see the warnings.":                          {Warnings: []string{"paused"}},
		"Nothing to do: fleet demo is empty, as the file asks.":     {Fleet: "demo"},
		"Nothing to do: fleet demo is as the file asks, 1 droplet.": {Fleet: "demo", Summary: plan.Summary{Unchanged: 1}},
		"Nothing to do for web.":                                    {Fleet: "demo", Of: []string{"web"}, Kept: []plan.Kept{{Name: "web-3"}}},
		"2 to create.":                                              {Actions: provisions(2), Summary: plan.Summary{Provision: 2}},
	} {
		if got := sentence(p); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Whatever an API says, it stays within its line.
func TestPlanIsTame(t *testing.T) {
	p := kept(t, "busy.json")
	p.Actions[2].SideEffects = []fleet.Attachment{{Kind: fleet.AttachedFirewall, ID: "fw", Name: "a\n\x1b[31mb"}}
	text := inText(t, p)
	if strings.ContainsAny(text, "\x1b\r\t") || !strings.Contains(text, "removes it from firewall a [31mb\n") {
		t.Errorf("%q", text)
	}
	if got := clean("a\n\x00b\u202ec " + strings.Repeat("x", 1000)); strings.ContainsAny(got, "\n\x00\u202e") || len(got) > 320 {
		t.Errorf("clean gives %q", got)
	}
}

// 10,000 refused droplets must not make a comment that the forge refuses.
func TestMarkdownFitsAComment(t *testing.T) {
	var p plan.Plan
	for i := range 10_000 {
		p.Actions = append(p.Actions, plan.Action{Kind: plan.Destroy, Name: fmt.Sprintf("host%d-x", i), DropletID: int64(1000 + i), Held: true,
			HeldBy: "origin", HeldReason: strings.Repeat("no saga of this state database created it ", 6)})
	}
	for i := range 1000 {
		group := fmt.Sprint("group", i)
		p.Rollouts = append(p.Rollouts, plan.Rollout{
			Rollout: fleet.Rollout{Group: group, From: "user_data " + strings.Repeat("a", 400), To: "user_data " + strings.Repeat("b", 400)},
			Waiting: []string{group + "-1", group + "-2"}, HeldBy: "origin", Why: strings.Repeat("no saga of this state database created it ", 9),
		})
	}
	if md := inMarkdown(t, p); len(md) > 65_536 || !strings.Contains(md, "and 9900 more") || !strings.Contains(md, "and 980 more") {
		t.Errorf("%d bytes", len(md))
	}
}

func TestRenderingsReportWriteErrors(t *testing.T) {
	p := kept(t, "busy.json")
	full := errors.New("disk full")
	for name, err := range map[string]error{
		"text": Plan(brokenPipe{full}, p, false), "json": JSON(brokenPipe{full}, p), "markdown": Markdown(brokenPipe{full}, p),
	} {
		if !errors.Is(err, full) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

type brokenPipe struct{ err error }

func (b brokenPipe) Write([]byte) (int, error) { return 0, b.err }

// How a droplet ends is told where it is not as by default, and what is billed on.
func TestPlanTellsHowDropletsEnd(t *testing.T) {
	day := 24 * time.Hour
	for want, e := range map[string]fleet.Ending{
		"": {},
		"it is destroyed without asking the operating system to shut down":                                                             {Hard: true},
		"before it is destroyed: its operating system is asked to shut down; a snapshot is taken, which is billed until you delete it": {Snapshot: true},
		"before it is destroyed: a snapshot is taken, which is billed until you delete it; it is kept off for 24h, still billed":       {Hard: true, Snapshot: true, Keep: day},
		"before it is destroyed: its operating system is asked to shut down; it is kept off for 24h, still billed":                     {Keep: day},
	} {
		p := plan.Plan{ID: "1", Fleet: "demo", Actions: []plan.Action{{Kind: plan.Destroy, Name: "web", DropletID: 7, Ending: e}}}
		for _, page := range []string{inText(t, p), inMarkdown(t, p)} {
			if told := strings.Contains(page, "destroyed"); told != (want != "") || !strings.Contains(page, want) {
				t.Errorf("%+v: no %q in:\n%s", e, want, page)
			}
		}
	}
	var some []plan.Action
	for i := range 8 {
		some = append(some, plan.Action{Kind: plan.Destroy, Name: fmt.Sprint("web-", i+1), Ending: fleet.Ending{Snapshot: i < 4}})
	}
	if text := inText(t, plan.Plan{ID: "1", Fleet: "demo", Actions: some}); !strings.Contains(text, "before they are destroyed: their operating systems are asked") ||
		!strings.Contains(text, "web-1 … web-4") || !strings.Contains(text, "web-5 … web-8") {
		t.Errorf("not told apart:\n%s", text)
	}
}

// A plan says what becomes of the reserved IPs that follow the names.
func TestWhatBecomesOfAddresses(t *testing.T) {
	with := func(kind plan.Kind, order fleet.Order, ips ...string) (run []plan.Action) {
		for _, ip := range ips {
			run = append(run, plan.Action{Kind: kind, Spec: fleet.Spec{ReservedIP: ip, Rules: fleet.Rules{Order: order}}})
		}
		return run
	}
	for want, run := range map[string][]plan.Action{
		"assigns reserved IP 203.0.113.1 when it is ready":                                                              with(plan.Provision, "", "203.0.113.1"),
		"moves reserved IPs 203.0.113.1 and 203.0.113.2 to the new droplet when that is ready, before the old one goes": with(plan.Replace, "", "203.0.113.1", fleet.NoAddress, "203.0.113.2"),
		"unassigned until the new droplet is ready: reserved IP 203.0.113.1":                                            with(plan.Replace, fleet.DestroyFirst, "203.0.113.1"),
		"": with(plan.Destroy, "", "203.0.113.1"),
	} {
		if got := addresses(run); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}
