package metrics

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"gopkg.in/yaml.v3"

	"arcadiad/scripts/goldentest"
)

// docs/metrics.md has every metric that there is, and none else.
func TestDocumentation(t *testing.T) {
	_, m := busy(t)
	var table strings.Builder
	table.WriteString("| metric | type | labels | |\n|---|---|---|---|\n")
	for _, x := range m.Catalogue() {
		labels := ""
		if len(x.Labels) > 0 {
			labels = "`" + strings.Join(x.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", x.Name, x.Type, labels, strings.ReplaceAll(x.Help, "|", "\\|"))
	}
	goldentest.Part(t, "../docs/metrics.md", "metrics", table.String())
}

// exposed is what the daemon exposes, as queries may use it.
type exposed struct {
	labels map[string][]string        // of a series' name; a histogram has three
	values map[string]map[string]bool // of a label whose values are all known, over all metrics
}

// open are the labels whose values nobody knows beforehand.
var open = []string{"code", "rule", "route", "method", "step", "version", "goversion", "le"}

func whatIsExposed(t *testing.T) exposed {
	r, m := busy(t)
	e := exposed{map[string][]string{"up": nil}, map[string]map[string]bool{}}
	for _, x := range m.Catalogue() {
		if x.Type != "histogram" {
			e.labels[x.Name] = x.Labels
			continue
		}
		e.labels[x.Name+"_bucket"] = append(slices.Clone(x.Labels), "le")
		e.labels[x.Name+"_sum"], e.labels[x.Name+"_count"] = x.Labels, x.Labels
	}
	process := prometheus.NewRegistry()
	process.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, g := range []prometheus.Gatherer{r, process} {
		families, err := g.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if g == process {
				e.labels[f.GetName()] = nil
			}
			for _, s := range f.GetMetric() {
				for _, l := range s.GetLabel() {
					if e.values[l.GetName()] == nil {
						e.values[l.GetName()] = map[string]bool{}
					}
					e.values[l.GetName()][l.GetValue()] = true
				}
			}
		}
	}
	return e
}

// functions are those of PromQL that the examples use. The parser knows more than Prometheus does.
var functions = []string{"time", "vector", "rate", "increase", "changes", "histogram_quantile"}

// check parses a query and names what is wrong with it, and what metrics it reads.
func (e exposed) check(query string) (used []string, problems []string) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	tree, err := metricsql.Parse(strings.ReplaceAll(query, "$__rate_interval", "5m"))
	if err != nil {
		return nil, []string{err.Error()}
	}
	known := []string{"job", "instance"}
	metricsql.VisitAll(tree, func(x metricsql.Expr) {
		if m, ok := x.(*metricsql.MetricExpr); ok {
			for _, filters := range m.LabelFilterss {
				for _, f := range filters {
					known = append(known, e.labels[f.Value]...)
				}
			}
		}
	})
	grouped := func(labels []string) {
		for _, l := range labels {
			if !slices.Contains(known, l) {
				bad("no metric of it has the label %s", l)
			}
		}
	}
	metricsql.VisitAll(tree, func(x metricsql.Expr) {
		switch x := x.(type) {
		case *metricsql.MetricExpr:
			name := ""
			for _, filters := range x.LabelFilterss {
				for _, f := range filters {
					if f.Label == "__name__" {
						name = f.Value
						used = append(used, name)
						if _, there := e.labels[name]; !there {
							bad("there is no metric %s", name)
						}
						continue
					}
					switch {
					case f.Label == "job", f.Label == "instance":
					case !slices.Contains(e.labels[name], f.Label):
						bad("%s has no label %s", name, f.Label)
					case !f.IsRegexp && !slices.Contains(open, f.Label) && !e.values[f.Label][f.Value]:
						bad("%s is never %q", f.Label, f.Value)
					}
				}
			}
			if name == "" {
				bad("a selector names no metric")
			}
		case *metricsql.FuncExpr:
			if !slices.Contains(functions, x.Name) {
				bad("%s is not a function of PromQL, or not known here", x.Name)
			}
			if metricsql.IsRollupFunc(x.Name) {
				if r, ok := x.Args[len(x.Args)-1].(*metricsql.RollupExpr); !ok || r.Window == nil {
					bad("%s has no range", x.Name)
				}
				if m := string(x.Args[len(x.Args)-1].AppendString(nil)); x.Name != "changes" && !strings.Contains(m, "_total") && !strings.Contains(m, "_bucket") {
					bad("%s of something that is no counter: %s", x.Name, m)
				}
			}
		case *metricsql.AggrFuncExpr:
			grouped(x.Modifier.Args)
		case *metricsql.BinaryOpExpr:
			grouped(x.GroupModifier.Args)
		}
	})
	return used, problems
}

func TestTheCheckOfQueriesFinds(t *testing.T) {
	e := whatIsExposed(t)
	for query, want := range map[string]string{
		`sum by (kind) (arcadiad_live_sagas{status="stuck"}) > 0`: "",
		`arcadiad_live_saga`:                       "there is no metric",
		`arcadiad_live_sagas{state="stuck"}`:       "has no label state",
		`arcadiad_live_sagas{status="stucked"}`:    "never",
		`sum by (state) (arcadiad_live_sagas)`:     "has the label state",
		`arcadiad_live_sagas and on (rule) up`:     "has the label rule",
		`rate(arcadiad_passes_total)`:              "no range",
		`rate(arcadiad_live_sagas[5m])`:            "no counter",
		`range_median(arcadiad_live_sagas)`:        "not a function of PromQL",
		`rate(arcadiad_pass_duration_seconds[5m])`: "there is no metric",
		`{status="stuck"}`:                         "names no metric",
		`sum(`:                                     "unexpected",
	} {
		_, problems := e.check(query)
		if got := strings.Join(problems, "; "); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

func TestExampleAlerts(t *testing.T) {
	raw, err := os.ReadFile("../examples/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		t.Fatal(err)
	}
	e := whatIsExposed(t)
	same := func(any) string { return "" }
	functions := template.FuncMap{"humanizeDuration": same, "humanizePercentage": same}
	seen := map[string]bool{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if seen[r.Alert] || r.Alert == "" {
				t.Errorf("alert %q has no name, or a namesake", r.Alert)
			}
			seen[r.Alert] = true
			if _, problems := e.check(r.Expr); len(problems) > 0 {
				t.Errorf("%s: %s", r.Alert, strings.Join(problems, "; "))
			}
			if _, err := time.ParseDuration(r.For); r.For != "" && err != nil {
				t.Errorf("%s: for: %v", r.Alert, err)
			}
			if s := r.Labels["severity"]; s != "page" && s != "ticket" {
				t.Errorf("%s: severity %q", r.Alert, s)
			}
			for _, name := range []string{"summary", "description"} {
				text := r.Annotations[name]
				tmpl, err := template.New(name).Funcs(functions).Option("missingkey=error").Parse("{{ $labels := .Labels }}{{ $value := .Value }}" + text)
				if err == nil {
					err = tmpl.Execute(io.Discard, map[string]any{"Value": 1.5, "Labels": labelsOf(r.Expr)})
				}
				if err != nil || text == "" {
					t.Errorf("%s: %s %q: %v", r.Alert, name, text, err)
				}
			}
		}
	}
	if len(seen) < 10 {
		t.Errorf("only %d alerts were found", len(seen))
	}
}

// labelsOf are the labels that an alert may show: those of its outermost sum, or else of the place that it comes from.
func labelsOf(expr string) map[string]string {
	labels := map[string]string{"job": "arcadiad", "instance": "host:9464"}
	if strings.Contains(expr, "(job, instance, kind)") {
		labels["kind"] = "ProvisionDroplet"
	}
	if strings.Contains(expr, "(job, instance, group)") {
		labels["group"] = "web"
	}
	return labels
}

func TestExampleDashboard(t *testing.T) {
	raw, err := os.ReadFile("../examples/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		UID, Title string
		Panels     []struct {
			ID         int
			Type       string
			Title      string
			Datasource struct{ UID string }
			GridPos    struct{ X, Y, W, H int }
			Targets    []struct{ RefID, Expr, LegendFormat string }
		}
		Annotations struct {
			List []struct{ Name, Expr string }
		}
	}
	if err := json.Unmarshal(raw, &board); err != nil {
		t.Fatal(err)
	}
	e := whatIsExposed(t)
	shown, ids := map[string]bool{}, map[int]bool{}
	ask := func(where, query string) {
		used, problems := e.check(query)
		if len(problems) > 0 {
			t.Errorf("%s: %s: %s", where, query, strings.Join(problems, "; "))
		}
		for _, name := range used {
			shown[name] = true
		}
	}
	for i, p := range board.Panels {
		if ids[p.ID] || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %q has no id of its own, or does not fit", p.Title)
		}
		ids[p.ID] = true
		for _, q := range board.Panels[:i] {
			a, b := p.GridPos, q.GridPos
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("panels %q and %q overlap", q.Title, p.Title)
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("panel %q has another data source, or no query", p.Title)
		}
		for _, q := range p.Targets {
			ask(p.Title, q.Expr)
		}
	}
	for _, a := range board.Annotations.List {
		ask(a.Name, a.Expr)
	}
	for name := range e.labels { // what the daemon counts, somebody should be able to see
		if base := strings.TrimSuffix(name, "_bucket"); strings.HasPrefix(name, prefix) && !shown[name] && base == name &&
			!strings.HasSuffix(name, "_sum") && !strings.HasSuffix(name, "_count") && !slices.Contains(unseen, name) {
			t.Errorf("no panel shows %s", name)
		}
	}
}

// unseen are the metrics that the dashboard leaves to alerts.
var unseen = []string{"arcadiad_build_info", "arcadiad_paused", "arcadiad_leading", "arcadiad_last_sync_success_timestamp_seconds", "arcadiad_oldest_live_saga_timestamp_seconds"}
