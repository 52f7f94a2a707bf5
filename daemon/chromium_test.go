package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/scripts/browser"
	"arcadiad/view"
)

// hostileName would run a script, load something, or turn its line around, if it were more than text.
const hostileName = "\"'><script>window.hit=1</script><img src=http://evil.example/x onerror=window.hit=2><style>*{display:none}</style>\u202egnp"

// shownFleet is what the page is to show: a group of n droplets, of which so many serve, and one droplet with a name of a stranger's.
func shownFleet(n, serving int) view.Overview {
	tags := []string{fleet.ManagedTag, fleet.FleetTag("demo")}
	now := time.Now()
	known := control.Status{Meta: fleet.Meta{Fleet: "demo"}, Daemon: &control.Live{PID: 1, Pass: now, Limit: 5000, Remaining: 4000}}
	desired := &fleet.Fleet{Name: "demo", Specs: []fleet.Spec{{Name: "other", Group: "other"}}}
	known.Resources = []fleet.Resource{{DropletID: 1, Name: hostileName, Recorded: true, RecordName: "other", Tags: tags, Status: fleet.StatusActive}}
	for i := range n {
		r := fleet.Resource{
			DropletID: int64(530000000 + i), Name: fmt.Sprint("web-", i+1), Recorded: true, Tags: tags, Status: fleet.StatusActive, Region: "syd1",
			Size: "s-1vcpu-512mb-10gb", PublicIP: "203.0.113.200",
		}
		if r.RecordName = r.Name; i >= serving {
			r.Status = fleet.StatusOff
		}
		known.Resources = append(known.Resources, r)
		desired.Specs = append(desired.Specs, fleet.Spec{Name: r.Name, Group: "web", Line: 1, Size: r.Size, Region: r.Region, Image: "ubuntu-24-04-x64"})
	}
	known.Sagas = []saga.Saga{{ID: strings.Repeat("5", 32), Kind: fleet.SagaUpdate, Subject: "other", Status: saga.Stuck, Steps: []string{"ReviseDroplet"}, Error: hostileName, CreatedAt: now}}
	o := view.Overview{Desired: desired, Status: view.StatusOf(known, fleet.Owners{Fleet: "demo"}, "")}
	o.Plan = plan.Plan{ID: "3f7c90e7367e", Fleet: "demo", Actions: []plan.Action{{
		Kind: plan.Replace, Name: "web-1", DropletID: 530000000, Held: true, HeldBy: "max_destroy", HeldReason: "too many",
		Changes: []plan.FieldChange{{Field: "tags", From: hostileName, To: strings.Repeat("longer-than-any-phone-is-wide", 9), Cause: plan.CauseFile}},
	}}}
	o.Status.Conditions = []condition.Condition{{Kind: condition.Stuck, Subject: hostileName, Summary: hostileName, Advice: "details: arcadiad saga show 55555555", Since: now}}
	o.Passes = []view.Pass{{At: now, Trigger: "start", Says: "1 to replace."}}
	return o
}

// contrasts gives the least contrast of a text to what lies behind it, as WCAG counts it, and the text.
const contrasts = `(() => {
	const part = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
	const light = c => { const [r, g, b] = c.match(/[\d.]+/g).map(Number); return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b); };
	const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!c.endsWith(", 0)")) return c; } return "rgb(255, 255, 255)"; };
	let least = {ratio: 21, text: ""};
	for (const e of document.querySelectorAll("body *")) {
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || ["SCRIPT", "STYLE"].includes(e.tagName)) continue;
		const a = light(getComputedStyle(e).color), b = light(behind(e)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < least.ratio) least = {ratio, text: e.textContent.slice(0, 60)};
	}
	return least;
})()`

// shows waits until the page has a text.
func showsText(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return `new Promise(done => {
		const look = () => { if (document.querySelector("main").textContent.includes(` + string(quoted) + `)) done(true); };
		new MutationObserver(look).observe(document.body, {subtree: true, childList: true});
		look();
	})`
}

// In a real browser the page shows a fleet, brings itself up to date without losing what is folded, stands a thousand droplets and a stranger's
// text, fits a phone, can be read in the light and in the dark, and never asks for anything that its policy refuses.
func TestStatusPageInChromium(t *testing.T) {
	t.Parallel()
	path, err := browser.Find()
	if errors.Is(err, browser.ErrNone) {
		t.Log("*** NOT CHECKED: the status page in a real browser. " + err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer cancel()
	var shown atomic.Pointer[view.Overview]
	s := newSite(slog.New(slog.DiscardHandler))
	change := func(o view.Overview) {
		shown.Store(&o)
		s.touch()
	}
	s.read = func(context.Context) (view.Overview, error) { return *shown.Load(), nil }
	s.droplet = func(_ context.Context, o view.Overview, name string) (view.Document, bool, error) {
		doc, err := o.Story(view.StoryOf(name, o.Status, nil))
		return doc, true, err
	}
	change(shownFleet(3, 3))
	none := func(context.Context) []check { return nil }
	server := httptest.NewServer(toThisMachine(webHandler(prometheus.NewRegistry(), none, none, s, s.log)))
	defer server.Close()
	beside.Go(func() { s.watch(ctx) })

	b, err := browser.Start(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}()
	phone := browser.Screen{Width: 390, Height: 844, Phone: true}
	page, err := b.Open(ctx, server.URL+"/", phone)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(script string, to any) {
		t.Helper()
		if err := page.Eval(ctx, script, to); err != nil {
			t.Fatalf("%v; the browser says: %s", err, page.Complaints())
		}
	}
	fits := func(what string) {
		t.Helper()
		var wide, least int
		if ask("innerWidth", &least); least != phone.Width {
			t.Errorf("%s: the window is %d wide", what, least)
		}
		if ask("document.documentElement.scrollWidth", &wide); wide > phone.Width {
			t.Errorf("%s: the page is %d wide on a phone", what, wide)
		}
	}
	ask(showsText("3 of 3 in service"), nil)
	var text, title string
	ask("document.querySelector('main').innerText", &text)
	for _, want := range []string{"demo", "web-2", "arcadiad approve 3f7c90e7367e", "tags", `named "'><script>window.hit=1</script><img src=http://evil.example/x`, "\ufffdgnp"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
	if ask("document.title", &title); title != "demo · arcadiad" {
		t.Errorf("its title is %q", title)
	}
	fits("at first")

	ask("document.getElementById('group web').open = false", nil)
	change(shownFleet(3, 1))
	ask(showsText("1 of 3 in service"), nil)
	var open []bool
	if ask("[...document.querySelectorAll('details')].map(d => d.open)", &open); fmt.Sprint(open) != "[true false]" && fmt.Sprint(open) != "[false true]" {
		t.Errorf("what was folded is not: %v", open)
	}

	change(shownFleet(1000, 1000))
	ask(showsText("1000 of 1000 in service"), nil)
	var rows int
	if ask("document.getElementById('group web').open ? -1 : document.getElementById('group web').querySelectorAll('tbody tr').length", &rows); rows != 1000 {
		t.Errorf("%d rows of a folded group", rows)
	}
	ask("document.getElementById('group web').open = true", nil)
	fits("with a thousand droplets")

	change(shownFleet(2, 1))
	ask(showsText("1 of 2 in service"), nil)
	var papers [2]string
	for i, dark := range []bool{false, true} {
		phone.Dark = dark
		if err := page.Look(ctx, phone); err != nil {
			t.Fatal(err)
		}
		ask("getComputedStyle(document.body).backgroundColor", &papers[i])
		var least struct {
			Ratio float64 `json:"ratio"`
			Text  string  `json:"text"`
		}
		if ask(contrasts, &least); least.Ratio < 4.5 {
			t.Errorf("dark %v: %q has a contrast of %.1f", dark, least.Text, least.Ratio)
		}
	}
	if papers[0] == papers[1] {
		t.Errorf("it is as light in the dark: %s", papers[0])
	}
	var hit bool
	if ask("window.hit !== undefined || document.images.length > 0", &hit); hit {
		t.Error("a name did something")
	}
	if said := page.Complaints(); said != "" {
		t.Errorf("the browser complains: %s", said)
	}

	phone.NoScript = true
	if page, err = b.Open(ctx, server.URL+"/droplet/web-1", phone); err != nil {
		t.Fatal(err)
	}
	ask("document.querySelector('main').innerText + (document.querySelector('meta[http-equiv=refresh]') ? ' refreshes' : '')", &text)
	for _, want := range []string{"web-1", "held by max_destroy", "530000000", " refreshes"} {
		if !strings.Contains(text, want) {
			t.Errorf("without scripts, the page of a droplet lacks %q:\n%s", want, text)
		}
	}
	fits("the page of a droplet")
	if said := page.Complaints(); said != "" {
		t.Errorf("the browser complains without scripts: %s", said)
	}
}
