package arcadiad_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// goodTree is a small repository that keeps every rule.
func goodTree() map[string]string {
	var laws strings.Builder
	for n := 1; n <= lawCount; n++ {
		fmt.Fprintf(&laws, "func TestLaw%02dHolds(t *testing.T) {}\n", n)
	}
	return map[string]string{
		"fleet/doc.go":          "// Package fleet is the vocabulary.\npackage fleet\n\nimport \"time\"\n\nvar _ = time.Second\n",
		"digitalocean/doc.go":   "// Package digitalocean speaks to the API.\npackage digitalocean\n\nimport _ \"github.com/digitalocean/godo\"\n",
		"digitalocean/write.go": "package digitalocean\n\nimport \"net/http\"\n\nfunc (c *Client) Destroy() { send(http.MethodDelete) }\n",
		"plan/doc.go":           "// Package plan compares.\npackage plan\n\nimport \"arcadiad/fleet\"\n\nfunc license() License { return License{&terms{}} }\n",
		"saga/doc.go":           "// Package saga runs. A file uses only those below it:\n//\n//\trun.go         the engine\n//\tstep.go one.go what it runs\npackage saga\n",
		"saga/run.go":           "package saga\n\nfunc run(s step) { s.do() }\n",
		"saga/step.go":          "package saga\n\ntype step struct{ one }\n",
		"saga/one.go":           "package saga\n\ntype one struct{}\n\nfunc (o *one) do() {}\n",
		"plan/law_test.go":      "package plan\n\nimport \"testing\"\n\n" + laws.String(),
		"plan/wait_test.go": "package plan\n\nfunc TestWait(t *testing.T) { synctest.Test(t, func(t *testing.T) { time.Sleep(1); pause() }) }\n" +
			"func pause() { time.Sleep(1) }\n" +
			"func TestBubble(t *testing.T) { bubble(t, func() { time.Sleep(1) }) }\n" +
			"func bubble(t *testing.T, f func()) { synctest.Test(t, f) }\n",
		"provision/doc.go": "// Package provision writes.\npackage provision\n\nimport \"arcadiad/digitalocean\"\n\n" +
			"func demolish(c *digitalocean.Client) { c.Destroy() }\nfunc kind() int { return plan.Destroy }\n",
		"provision/simulated_test.go":  "package provision\n\nimport (\n\t_ \"arcadiad/simulator\"\n\t_ \"github.com/google/go-cmp/cmp\"\n)\n",
		"simulator/doc.go":             "// Package simulator answers.\npackage simulator\n",
		"simulator/openapi_test.go":    "package simulator\n\nfunc TestOpenAPI(t *testing.T) { t.Skip(\"the file is absent\") }\n",
		"cmd/arcadiad/main.go":         "// Command arcadiad is the program.\npackage main\n\nimport _ \"github.com/spf13/cobra\"\n",
		"state/sqlite/doc.go":          "// Package sqlite remembers.\npackage sqlite\n\nimport _ \"github.com/mattn/go-sqlite3\"\n",
		"README.md":                    "a readme with `TestLaw01Holds`, [a package](plan) and [a file](plan/doc.go#L1)\n\n## Use\n",
		"digitalocean/redact_test.go":  "package digitalocean\n\nconst fake = \"dop_v1_" + strings.Repeat("0a", 32) + "\"\n",
		"simulator/testdata/image.bin": "\x00" + "pypi" + ".org",
	}
}

func treeOf(t *testing.T, files map[string]string) *tree {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	read, err := read(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func TestRulesLetAGoodTreePass(t *testing.T) {
	good := treeOf(t, goodTree())
	for _, r := range rules() {
		if breaches := r.check(good); len(breaches) > 0 {
			t.Errorf("%s: %s", r.name, strings.Join(breaches, "\n"))
		}
	}
}

// Each rule finds what it is for, and no other rule minds.
func TestRulesFindBadTrees(t *testing.T) {
	without := func(line string) string { return strings.ReplaceAll(goodTree()["plan/law_test.go"], line, "") }
	for _, bad := range []struct {
		rule, path, content string
		want                string // in one of the breaches
	}{
		{"imports", "fleet/bad.go", "package fleet\n\nimport _ \"arcadiad/plan\"\n", "fleet must not import plan"},
		{"imports", "fleet/bad.go", "package fleet\n\nimport _ \"gopkg.in/yaml.v3\"\n", "only fleetfile, hosts, cmd may import gopkg.in/yaml.v3"},
		{"imports", "plan/bad.go", "package plan\n\nimport _ \"arcadiad/state\"\n", "plan/bad.go:3: plan must not import state"},
		{"imports", "state/bad.go", "// Package state says what is kept.\npackage state\n\nimport _ \"arcadiad/state/sqlite\"\n", "state must not import state/sqlite"},
		{"imports", "cmd/arcadiad/bad.go", "package main\n\nimport _ \"arcadiad/state/sqlite\"\n", "cmd must not import state/sqlite"},
		{"imports", "simulator/bad.go", "package simulator\n\nimport _ \"arcadiad/fleet\"\n", "simulator must not import fleet"},
		{"imports", "cmd/arcadiad/bad.go", "package main\n\nimport _ \"arcadiad/digitalocean\"\n", "cmd must not import digitalocean"},
		{"imports", "provision/bad.go", "package provision\n\nimport _ \"github.com/digitalocean/godo\"\n", "only digitalocean may import"},
		{"imports", "provision/bad.go", "package provision\n\nimport _ \"github.com/digitalocean/godo/util\"\n", "only digitalocean may import"},
		{"imports", "plan/bad_test.go", "package plan\n\nimport _ \"github.com/mattn/go-sqlite3\"\n", "only state/sqlite may import"},
		{"imports", "plan/bad.go", "package plan\n\nimport _ \"github.com/pkg/errors\"\n", "new dependency"},
		{"imports", "attic/doc.go", "// Package attic is no package.\npackage attic\n", "there is no package attic"},

		{"destroying", "provision/bad.go", "package provision\n\nfunc second(c Client) { c.Destroy() }\n", "not 2"},
		{"destroying", "provision/bad.go", "package provision\n\nfunc second(c Client) func() { return c.Destroy }\n", "not 2"},
		{"destroying", "provision/doc.go", "// Package provision writes.\npackage provision\n", "not 0"},
		{"destroying", "inventory/bad.go", "// Package inventory looks.\npackage inventory\n\nfunc bad(c Client) { c.cloud.Destroy() }\n", "only provision destroys"},
		{"destroying", "daemon/bad.go", "// Package daemon wires.\npackage daemon\n\nvar bad = (*digitalocean.Client).Destroy\n", "only provision destroys"},
		{"destroying", "digitalocean/bad.go", "package digitalocean\n\nfunc bad(c godo.Client) { c.Droplets.DeleteByTag() }\n", "never destroyed by tag"},
		{"destroying", "digitalocean/bad.go", "package digitalocean\n\nfunc bad() { send(http.MethodDelete) }\n", "a DELETE is sent only by"},

		{"licenses", "provision/bad.go", "package provision\n\nfunc bad() { use(plan.License{Droplet: 1}) }\n", "only package plan fills"},
		{"licenses", "plan/bad.go", "package plan\n\nfunc bad() License { return License{nil} }\n", "not 2"},

		{"laws", "plan/law_test.go", without("func TestLaw07Holds(t *testing.T) {}\n"), "law 07: no test"},
		{"laws", "plan/bad_test.go", "package plan\n\nfunc TestLaw21More(t *testing.T) {}\n", "TestLaw21More names no law"},
		{"laws", "plan/bad_test.go", "package plan\n\nfunc TestLaw1More(t *testing.T) {}\n", "TestLaw1More names no law"},

		{"sleeping", "plan/bad_test.go", "package plan\n\nfunc TestBad(t *testing.T) { time.Sleep(1) }\n", "plan/bad_test.go:3"},
		{"sleeping", "plan/bad_test.go", "package plan\n\nfunc TestBad(t *testing.T) { nap() }\nfunc nap() { time.Sleep(1) }\n", "plan/bad_test.go:4"},
		{"sleeping", "plan/bad_test.go", "package plan\n\nfunc nap() { time.Sleep(1) }\n", "plan/bad_test.go:3"},
		{"sleeping", "plan/bad_test.go", "package plan\n\nfunc TestBad(t *testing.T) { pause() }\n", "plan/wait_test.go:4"},

		{"skipping", "plan/bad_test.go", "package plan\n\nfunc TestBad(t *testing.T) { t.Skip() }\n", "plan/bad_test.go:3"},
		{"skipping", "plan/bad_test.go", "package plan\n\nfunc FuzzBad(f *testing.F) { f.Skipf(\"no\") }\n", "plan/bad_test.go:3"},

		{"names", "plan/helpers_test.go", "package plan\n", "helpers names no concept"},
		{"names", "plan/util/doc.go", "// Package util is a drawer.\npackage util\n", "util names no concept"},

		{"size", "plan/long.go", "package plan\n" + strings.Repeat("\n", 500), "501 lines"},

		{"comments", "plan/bad.go", "// Package plan says it twice.\npackage plan\n", "2 package comments"},
		{"comments", "plan/doc.go", "package plan\n\nfunc license() License { return License{&terms{}} }\n", "0 package comments"},
		{"comments", "inventory/doc.go", "// The inventory looks.\npackage inventory\n", "must begin with"},

		{"secrets", "README.md", "fetch it from https://" + "proxy.golang" + ".org/x\n", "README.md:1: names a package registry"},
		{"secrets", "Makefile", "export " + "GOPROXY" + " := direct\n", "names a package registry"},
		{"secrets", "README.md", "dop_v1_" + strings.Repeat("0123456789abcdef", 4) + "\n", "looks like a secret"},
		{"words", "plan/bad.go", "package plan\n\nvar un" + "claimed int\n", "unclear in a name"},
		{"words", "plan/bad.go", "package plan\n\n// A droplet has no tw" + "in.\nvar bad int\n", "plan/bad.go:3"},
		{"words", "plan/bad.go", "package plan\n\nconst bad = \"an orp" + "han\"\n", "plan/bad.go:3"},
		{"words", "page.md", "# The hand" + "over\n", "page.md:1"},

		{"docs", "page.md", "see [the plan](plan/gone.go)\n", "leads nowhere"},
		{"docs", "page.md", "see `TestLaw01Gone`\n", "there is no TestLaw01Gone"},
		{"docs", "Makefile", "LONG = TestLaw01Holds TestLaw01Absent\n", "there is no TestLaw01Absent"},
		{"docs", "page.md", "see `plan/gone.go`\n", "there is no file plan/gone.go"},

		{"citations", "plan/bad.go", "package plan\n\n// As GONE.md says.\nvar bad int\n", "plan/bad.go:3: there is no page GONE.md"},
		{"citations", "plan/bad.go", "package plan\n\n// As README.md, \"Use\"\n// and \"Gone\" say.\nvar bad int\n", "has no section \"Gone\""},
		{"citations", "Makefile", "# as docs" + "/gone.md says\n", "there is no page docs" + "/gone.md"},

		{"layers", "saga/one.go", "package saga\n\ntype one struct{}\n\nfunc (o one) do() { run(step{}) }\n", "saga/one.go:5: run is declared above, in saga/run.go"},
		{"layers", "saga/one.go", "package saga\n\ntype one struct{}\n\nfunc (s *step) do() {}\n", "step is declared above"},
		{"layers", "saga/one.go", "package saga\n\ntype one struct{ do func() }\n\nfunc of(l map[int]step) { for _, s := range l { s.one.do() } }\n", "step is declared above"},
		{"layers", "saga/more.go", "package saga\n", "saga/more.go is missing in the list"},
		{"layers", "saga/doc.go", "// Package saga runs. A file uses only those below it:\n//\n//\trun.go step.go one.go two.go run.go\npackage saga\n", "run.go is listed twice"},
		{"layers", "saga/doc.go", "// Package saga runs. A file uses only those below it:\n//\n//\trun.go step.go one.go two.go\npackage saga\n", "there is no two.go"},

		{"secrets", "key.txt", "-----BEGIN EC " + "PRIVATE KEY-----\nMHcCAQEE\n", "looks like a secret"},
	} {
		t.Run(bad.rule+"/"+bad.want, func(t *testing.T) {
			files := maps.Clone(goodTree())
			files[bad.path] = bad.content
			tree := treeOf(t, files)
			for _, r := range rules() {
				breaches := r.check(tree)
				if r.name != bad.rule && len(breaches) > 0 {
					t.Errorf("%s minds too: %s", r.name, breaches)
				}
				if r.name == bad.rule && !slices.ContainsFunc(breaches, func(s string) bool { return strings.Contains(s, bad.want) }) {
					t.Errorf("breaches: %q; one with %q was expected", breaches, bad.want)
				}
			}
		})
	}
}

// A file that cannot be read is no file that keeps the rules.
func TestReadStopsAtAFileThatDoesNotParse(t *testing.T) {
	if _, err := read(fstest.MapFS{"plan/bad.go": {Data: []byte("package")}}); err == nil {
		t.Error("a file that does not parse went unseen")
	}
}

// A citation may be wrapped, may name several sections, and finds pages from the root or from beside the file.
func TestCitationsAreFound(t *testing.T) {
	files := goodTree()
	files["docs"+"/page.md"] = "# Page\n\n## Rate limits, and quota\n\n### Tags\n"
	files["plan/cites.go"] = "package plan\n\n// See docs" + "/page.md, \"Rate limits,\n// and quota\" and \"Tags\", README.md, \"Use\" and PLAN.md.\nvar cites int\n"
	files["plan/PLAN.md"] = "# Plan\n"
	for _, breach := range checkCitations(treeOf(t, files)) {
		t.Error(breach)
	}
}
