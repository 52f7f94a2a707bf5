package view

import (
	"bytes"
	"fmt"
	"html"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

// hostile is a text that would do something, if it came to a browser or a reader as it is.
const hostile = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>\u202egnp.exe\u200b{{.}}"

// filled sets every string of a value that is not an enumeration to the hostile text, and makes every list two long.
func filled(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(hostile)
		}
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Slice:
		if depth > 0 && v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			filled(v.Index(0), depth-1)
			filled(v.Index(1), depth-1)
		}
	case reflect.Map:
		if v.Type() == reflect.TypeFor[map[string]string]() {
			m := map[string]string{}
			for _, label := range []string{
				fleet.LabelPlan, fleet.LabelReason, fleet.LabelFile, fleet.LabelCommit, fleet.LabelAuthor, fleet.LabelSubject, fleet.LabelGoesThrough,
				fleet.LabelProbe, fleet.LabelIP, fleet.LabelSnapshot,
			} {
				m[label] = hostile
			}
			v.Set(reflect.ValueOf(m))
		}
	case reflect.Pointer:
		if depth > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			filled(v.Elem(), depth-1)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(evening))
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				filled(v.Field(i), depth)
			}
		}
	}
}

// strangers is an overview in which every text is a hostile one, and every part of the page has something to show.
func strangers() (o Overview, past []control.Past) {
	var known control.Status
	filled(reflect.ValueOf(&known).Elem(), 4)
	tags := []string{fleet.ManagedTag, fleet.FleetTag("demo")}
	known.Resources = nil
	for i, r := range []fleet.Resource{
		{Recorded: true, RecordName: hostile, Tags: tags}, {Recorded: true, RecordName: hostile + "2", Tags: tags, MissingSince: evening},
		{Tags: append(tags, fleet.UntilTag(evening))}, {Tags: tags}, {Recorded: true, RecordName: hostile},
	} {
		r.DropletID, r.Name, r.Region, r.Size, r.PublicIP, r.Status = int64(i+1), hostile, hostile, hostile, hostile, fleet.StatusActive
		known.Resources = append(known.Resources, r)
	}
	for i := range known.Sagas {
		known.Sagas[i].Status, known.Sagas[i].Kind = []saga.Status{saga.Stuck, saga.Running}[i], fleet.SagaReplace
	}
	known.Rollouts[0].Phase, known.Rollouts[1].Phase, known.Rollouts[1].Failed = fleet.RolloutRunning, fleet.RolloutRunning, nil
	filled(reflect.ValueOf(&o.Plan).Elem(), 4)
	filled(reflect.ValueOf(&o.Passes).Elem(), 2)
	filled(reflect.ValueOf(&o.History).Elem(), 4)
	for i := range known.Conditions {
		known.Conditions[i].Kind = condition.Stuck
	}
	for i := range o.Plan.Actions {
		o.Plan.Actions[i].Kind, o.Plan.Actions[i].Held = plan.Replace, true
	}
	o.Desired = &fleet.Fleet{Name: hostile, Specs: []fleet.Spec{{Name: hostile, Group: hostile, Size: hostile, ReservedIP: hostile}, {Name: hostile + "3", Group: hostile}}}
	o.Records = []fleet.Record{{Name: hostile, Values: fleet.Values{fleet.FieldReservedIP: hostile}}}
	o.Status = StatusOf(known, fleet.Owners{Fleet: "demo"}, "")
	for _, s := range known.Sagas {
		p := control.Past{Saga: s, Calls: make([]fleet.Call, 1)}
		filled(reflect.ValueOf(&p.Calls).Elem(), 2)
		past = append(past, p)
	}
	return o, past
}

func written(t *testing.T, doc Document, err error) string {
	t.Helper()
	var b bytes.Buffer
	if err == nil {
		err = doc.HTML(&b, "v1")
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What a stranger wrote is text wherever it stands: it opens no tag, leaves no attribute, and turns no line around.
func TestThePageOnlyShowsWhatStrangersWrote(t *testing.T) {
	o, past := strangers()
	overview, err := o.Page()
	pages := map[string]string{"the page": written(t, overview, err)}
	story, err := o.Story(StoryOf(hostile, o.Status, past))
	pages["the page of a droplet"] = written(t, story, err)
	tag, whole := regexp.MustCompile(`<[a-zA-Z/][^>]*>`), regexp.MustCompile(
		`^</?[a-z0-9]+( (class|id|href|rel|type|name|content|charset|lang|scope|datetime|max|value|http-equiv|data-version)="[^"<>]*"| open)*>$`)
	for name, page := range pages {
		if n := strings.Count(page, html.EscapeString("<script>alert(1)</script>")); n < 20 {
			t.Errorf("%s shows the text of strangers %d times only:\n%s", name, n, page)
		}
		for _, found := range tag.FindAllString(page, -1) {
			if !whole.MatchString(found) {
				t.Errorf("%s has a tag %s", name, found)
			}
		}
		if n := strings.Count(page, "<script"); n != 1 {
			t.Errorf("%s has %d scripts", name, n)
		}
		for _, r := range page {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Errorf("%s has the character %U", name, r)
				break
			}
		}
		if !strings.Contains(page, "\ufffdgnp.exe") {
			t.Errorf("%s does not show that a character is left out", name)
		}
	}
	for _, part := range []string{"attention", "waiting", "work", "missing", "drift", "fleet", "kept", "noticed Pending", "noticed Released", "noticed Warnings", "addresses", "history", "passes"} {
		if !strings.Contains(pages["the page"], `<section id="`+part+`">`) {
			t.Errorf("the page lacks the part %s", part)
		}
	}
}

// many is an overview of a fleet of n droplets, where everything waits and everything is under way.
func many(n int) Overview {
	known := control.Status{Meta: fleet.Meta{Fleet: "demo"}, Daemon: &control.Live{PID: 1, Pass: evening, Plan: "3f7c90e7367e"}}
	o := Overview{Desired: &fleet.Fleet{Name: "demo", Hash: "x"}, Plan: plan.Plan{ID: "3f7c90e7367e", Fleet: "demo"}}
	tags := []string{fleet.ManagedTag, fleet.FleetTag("demo")}
	for i := range n {
		name := fmt.Sprint("worker-", i+1)
		known.Resources = append(known.Resources, fleet.Resource{
			DropletID: int64(530000000 + i), Name: name, RecordName: name, Recorded: true, Tags: tags, Status: fleet.StatusActive, Region: "syd1",
			Size: "s-1vcpu-512mb-10gb", PublicIP: "203.0.113.200",
		})
		known.Sagas = append(known.Sagas, saga.Saga{
			ID: fmt.Sprintf("%032x", i), Kind: fleet.SagaUpdate, Subject: name, Status: saga.Running, Steps: []string{"ReviseDroplet"},
			Error: strings.Repeat("it failed ", i%7), CreatedAt: evening,
		})
		known.Deviations = append(known.Deviations, fleet.Drift{Deviation: fleet.Deviation{DropletID: int64(530000000 + i), Field: "size", Seen: fmt.Sprint(i)}, Name: name})
		o.Desired.Specs = append(o.Desired.Specs, fleet.Spec{Name: name, Group: "worker", Size: "s-1vcpu-512mb-10gb", Region: "syd1", Image: "ubuntu-24-04-x64"})
		known.Conditions = append(known.Conditions, condition.Condition{Kind: condition.Missing, Subject: name, Summary: fmt.Sprint("missing ", i), Advice: "check the account", Since: evening})
		o.Plan.Actions = append(o.Plan.Actions, plan.Action{
			Kind: plan.Replace, Name: name, DropletID: int64(530000000 + i), Held: true, HeldBy: "max_destroy", HeldReason: fmt.Sprint("reason ", i),
		})
	}
	o.Status = StatusOf(known, fleet.Owners{Fleet: "demo"}, "")
	return o
}

// A page about a large fleet can be loaded and read: the group is folded, and lists of troubles end somewhere, and say so.
func TestThePageOfAThousandDroplets(t *testing.T) {
	doc, err := many(1000).Page()
	page := written(t, doc, err)
	if size := len(page); size > 600_000 {
		t.Errorf("it has %d bytes", size)
	}
	for _, want := range []string{
		`<details id="group worker">`, "1000 of 1000 in service", `<a href="/droplet/worker-1000">worker-1000</a>`, "… and 940 more", "held by max_destroy", "missing 59",
		"<code>arcadiad approve 3f7c90e7367e</code>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("it lacks %s", want)
		}
	}
	doc, err = many(3).Page()
	if few := written(t, doc, err); !strings.Contains(few, `<details id="group worker" open>`) {
		t.Error("a small group is folded")
	}
}

// The page says who leads where hosts share the state database, and nothing of it where the state is a file.
func TestThePageSaysWhoLeads(t *testing.T) {
	for text, leader := range map[string]*fleet.Leader{
		"": nil, "<small>epoch 3</small>": {Epoch: 3}, "<small>one, process 7, epoch 4</small>": {Host: "one, process 7", Since: evening, Epoch: 4},
	} {
		o := many(3)
		o.Status.Daemon, o.Status.Leader = &control.Live{}, leader
		doc, err := o.Page()
		if page := written(t, doc, err); !strings.Contains(page, text) || strings.Contains(page, "Leader") != (leader != nil) {
			t.Errorf("%+v: the facts are %v", leader, o.facts(nil))
		}
	}
}

// The page changes only if what it tells does.
func TestThePageIsTheSameForTheSame(t *testing.T) {
	version := func(o Overview) string {
		doc, err := o.Page()
		if err != nil {
			t.Fatal(err)
		}
		return doc.Version()
	}
	o, before := many(3), version(many(3))
	if version(o) != before {
		t.Error("the same makes another page")
	}
	o.Status.Droplets[1].Status = fleet.StatusOff
	if version(o) == before {
		t.Error("a droplet that is off makes the same page")
	}
}

// Commands stand apart from the words around them, and sentences about arcadiad are no commands.
func TestCommandsInWords(t *testing.T) {
	for text, want := range map[string]string{
		"review it: arcadiad plan; to approve: arcadiad approve 3f7c90e7367e":                 "arcadiad plan|arcadiad approve 3f7c90e7367e",
		"if it stays away, arcadiad creates it again; details: arcadiad plan":                 "arcadiad plan",
		"(to go on: arcadiad rollout resume web)":                                             "arcadiad rollout resume web",
		"details: arcadiad saga show 5f0c9a1e; then: arcadiad saga retry 5f0c9a1e (or abort)": "arcadiad saga show 5f0c9a1e|arcadiad saga retry 5f0c9a1e",
		"nothing is to be done": "",
	} {
		var found []string
		whole := ""
		for _, w := range commands(text) {
			whole += w.Text
			if w.Command {
				found = append(found, w.Text)
			}
		}
		if got := strings.Join(found, "|"); got != want || whole != text {
			t.Errorf("%q has the commands %q, want %q", text, got, want)
		}
	}
}
