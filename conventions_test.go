package arcadiad_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
)

const lawCount = 20

// checkLaws: every law has at least one test that is named after it: TestLaw07… for law 7.
func checkLaws(t *tree) (breaches []string) {
	named := regexp.MustCompile(`^TestLaw([0-9]{2})([^0-9]|$)`)
	held := map[string]bool{}
	for _, s := range t.goes {
		if !strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		for _, d := range s.ast.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "TestLaw") {
				continue
			}
			m := named.FindStringSubmatch(f.Name.Name)
			if m == nil || m[1] < "01" || m[1] > fmt.Sprintf("%02d", lawCount) {
				breaches = append(breaches, fmt.Sprintf("%s: %s names no law between TestLaw01 and TestLaw%d", t.at(f.Pos()), f.Name.Name, lawCount))
				continue
			}
			held[m[1]] = true
		}
	}
	for n := 1; n <= lawCount; n++ {
		if law := fmt.Sprintf("%02d", n); !held[law] {
			breaches = append(breaches, "law "+law+": no test holds it; name one TestLaw"+law+"…")
		}
	}
	return breaches
}

// checkSleeping: tests wait in virtual time. A time.Sleep is fine where its function runs a synctest bubble, itself or through a
// function that it uses, and in helpers that only such functions use.
func checkSleeping(t *tree) (breaches []string) {
	for _, dir := range t.dirs() {
		fs := functionsOf(t, dir)
		bubbled := map[string]bool{}
		for name, f := range fs {
			bubbled[name] = makesBubble(f, fs, map[*function]bool{})
		}
		for grown := true; grown; {
			grown = false
			for name := range fs {
				if !bubbled[name] && onlyUsedByBubbled(name, fs, bubbled) {
					bubbled[name], grown = true, true
				}
			}
		}
		for name, f := range fs {
			for _, pos := range f.sleeps {
				if !bubbled[name] {
					breaches = append(breaches, t.at(pos)+": a test must not sleep outside a synctest bubble; wait for the event itself")
				}
			}
		}
	}
	slices.Sort(breaches)
	return breaches
}

// function is what checkSleeping knows of a function of a test, or of several of one name. A method's name has a dot.
type function struct {
	runs   bool // go test calls it
	bubble bool // uses synctest.Test
	sleeps []token.Pos
	uses   map[string]bool // every name in it; one behind a dot has a dot
}

func functionsOf(t *tree, dir string) map[string]*function {
	run := regexp.MustCompile(`^(Test|Benchmark|Fuzz|Example)`)
	fs := map[string]*function{}
	for _, s := range t.goes {
		if s.dir != dir || !s.test {
			continue
		}
		for _, d := range s.ast.Decls {
			decl, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			name := decl.Name.Name
			if decl.Recv != nil {
				name = "." + name
			}
			f := fs[name]
			if f == nil {
				f = &function{uses: map[string]bool{}}
				fs[name] = f
			}
			f.runs = f.runs || run.MatchString(name)
			behindDot := map[*ast.Ident]bool{}
			ast.Inspect(decl, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					behindDot[n.Sel] = true
					f.uses["."+n.Sel.Name] = true
					if x, ok := n.X.(*ast.Ident); ok && x.Name == "synctest" && n.Sel.Name == "Test" {
						f.bubble = true
					} else if ok && x.Name == "time" && n.Sel.Name == "Sleep" {
						f.sleeps = append(f.sleeps, n.Pos())
					}
				case *ast.Ident:
					if n != decl.Name && !behindDot[n] {
						f.uses[n.Name] = true
					}
				}
				return true
			})
		}
	}
	return fs
}

// makesBubble tells whether a function runs a bubble, itself or through a helper.
func makesBubble(f *function, fs map[string]*function, seen map[*function]bool) bool {
	if f.bubble {
		return true
	}
	seen[f] = true
	for used := range f.uses {
		if g := fs[used]; g != nil && !g.runs && !seen[g] && makesBubble(g, fs, seen) {
			return true
		}
	}
	return false
}

func onlyUsedByBubbled(name string, fs map[string]*function, bubbled map[string]bool) bool {
	users := 0
	for other, f := range fs {
		if other != name && f.uses[name] {
			users++
			if !bubbled[other] {
				return false
			}
		}
	}
	return users > 0 && !fs[name].runs
}

// checkSkipping: a test that is skipped is a test that nobody runs. Only the check against the OpenAPI description may be: its file
// is not part of this repository.
func checkSkipping(t *tree) (breaches []string) {
	for _, s := range t.goes {
		if !s.test {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, sel.Sel.Name) {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok || !slices.Contains([]string{"t", "b", "f", "tb"}, x.Name) {
				return true
			}
			if path.Base(s.path) != "openapi_test.go" {
				breaches = append(breaches, t.at(sel.Pos())+": a skipped test is one that nobody runs")
			}
			return true
		})
	}
	return breaches
}

// checkNames: a package is named after a concept, not after a drawer.
func checkNames(t *tree) (breaches []string) {
	drawers := []string{"util", "utils", "common", "types", "helper", "helpers", "models"}
	for _, s := range t.goes {
		file := strings.TrimSuffix(strings.TrimSuffix(path.Base(s.path), ".go"), "_test")
		for _, name := range []string{s.ast.Name.Name, path.Base(s.dir), file} {
			if slices.Contains(drawers, name) {
				breaches = append(breaches, s.path+": "+name+" names no concept")
				break
			}
		}
	}
	return breaches
}

// checkSize: a file that is not a test has at most 500 lines.
func checkSize(t *tree) (breaches []string) {
	const most = 500
	for _, s := range t.goes {
		if !s.test && s.lines > most {
			breaches = append(breaches, fmt.Sprintf("%s: %d lines; it holds more than one concept, so cut it", s.path, s.lines))
		}
	}
	return breaches
}

// checkComments: every package has one package comment, and it opens as godoc wants it.
func checkComments(t *tree) (breaches []string) {
	for _, dir := range t.dirs() {
		var docs, name string
		comments, onlyTests := 0, true
		for _, s := range t.goes {
			if s.dir != dir {
				continue
			}
			isTest := strings.HasSuffix(s.path, "_test.go")
			onlyTests = onlyTests && isTest
			if !isTest {
				name = s.ast.Name.Name
			}
			if s.ast.Doc != nil {
				comments++
				docs = s.ast.Doc.Text()
			}
		}
		if onlyTests {
			continue
		}
		switch {
		case comments != 1:
			breaches = append(breaches, fmt.Sprintf("%s: %d package comments; it needs one, in doc.go", dir, comments))
		case name != "main" && !strings.HasPrefix(docs, "Package "+name+" "):
			breaches = append(breaches, fmt.Sprintf("%s: the package comment must begin with %q", dir, "Package "+name))
		}
	}
	return breaches
}

// checkSecrets: neither tokens nor the hosts of package registries stand in the repository: where modules come from is the affair of
// whoever builds.
func checkSecrets(t *tree) (breaches []string) {
	const dot = "." // so that this file names none itself
	registries := []string{
		"proxy" + dot + "golang.org", "sum" + dot + "golang.org", "index" + dot + "golang.org", "goproxy" + dot + "io", "goproxy" + dot + "cn",
		"npmjs" + dot + "org", "pythonhosted" + dot + "org", "pypi" + dot + "org", "crates" + dot + "io", "rubygems" + dot + "org",
		"maven" + dot + "org", "maven" + dot + "apache.org", "docker" + dot + "io", "ghcr" + dot + "io", "quay" + dot + "io", "gcr" + dot + "io",
		"deb" + dot + "debian.org", "security" + dot + "debian.org", "archive" + dot + "ubuntu.com", "security" + dot + "ubuntu.com",
		"go" + "proxy=", "go" + "proxy =", "go" + "proxy :=", "go" + "proxy ?=",
	}
	// By how they begin: a search for plain text is quicker than one for all of them at once.
	hex64, word36 := regexp.MustCompile(`^[0-9a-f]{64}`), regexp.MustCompile(`^[0-9A-Za-z]{36}`)
	tokens := map[string]*regexp.Regexp{
		"dop_v1_": hex64, "doo_v1_": hex64, "dor_v1_": hex64, "ghp_": word36, "gho_": word36, "ghs_": word36,
		"AKIA": regexp.MustCompile(`^[0-9A-Z]{16}`), "-----BEGIN ": regexp.MustCompile(`^[A-Z ]*PRIVATE KEY-----[\r\n]+[A-Za-z0-9+/]`),
	}
	for _, f := range t.texts {
		if f.path == "go.sum" {
			continue
		}
		lower := bytes.ToLower(f.data)
		for _, host := range registries {
			if at := bytes.Index(lower, []byte(host)); at >= 0 {
				line := 1 + bytes.Count(lower[:at], []byte("\n"))
				breaches = append(breaches, fmt.Sprintf("%s:%d: names a package registry: %s", f.path, line, host))
			}
		}
		for prefix, rest := range tokens {
			for i, after := range bytes.Split(f.data, []byte(prefix)) {
				if m := rest.Find(after); i > 0 && m != nil && !madeUp(m) {
					breaches = append(breaches, fmt.Sprintf("%s: holds something that looks like a secret: %s%.4s…", f.path, prefix, m))
				}
			}
		}
	}
	return breaches
}

// madeUp tells whether the random part of a token is one of a test: it has few different characters.
func madeUp(random []byte) bool {
	different := map[byte]bool{}
	for _, c := range random {
		different[c] = true
	}
	return len(different) <= 4
}

func (t *tree) dirs() []string {
	var dirs []string
	for _, s := range t.goes {
		dirs = append(dirs, s.dir)
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// checkDocs: the pages name only tests and files that exist, and so does the Makefile, where a test that was renamed would be run by
// nobody or left out by nobody.
func checkDocs(t *tree) (breaches []string) {
	tests, files := map[string]bool{}, map[string]bool{}
	for _, s := range t.goes {
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				tests[f.Name.Name] = true
			}
		}
	}
	for _, f := range t.texts {
		for p := f.path; p != "."; p = path.Dir(p) {
			files[p] = true
		}
	}
	for _, p := range t.other {
		files[p] = true
	}
	test := regexp.MustCompile("`(Test[A-Z][A-Za-z0-9_]+)`")
	link := regexp.MustCompile(`\]\(([^):#]+)(#[^)]*)?\)`)
	named := regexp.MustCompile("`([a-z][a-z_-]*/[a-z_/-]+\\.go)`")
	for _, f := range t.texts {
		if f.path == "Makefile" {
			for _, name := range regexp.MustCompile(`\bTest[A-Z]\w*`).FindAllString(string(f.data), -1) {
				if !tests[name] {
					breaches = append(breaches, fmt.Sprintf("Makefile: there is no %s", name))
				}
			}
		}
		if path.Ext(f.path) != ".md" || strings.Contains(f.path, "testdata/") {
			continue
		}
		for _, m := range test.FindAllStringSubmatch(string(f.data), -1) {
			if !tests[m[1]] {
				breaches = append(breaches, fmt.Sprintf("%s: there is no %s", f.path, m[1]))
			}
		}
		for _, m := range named.FindAllStringSubmatch(string(f.data), -1) {
			if !files[m[1]] {
				breaches = append(breaches, fmt.Sprintf("%s: there is no file %s", f.path, m[1]))
			}
		}
		for _, m := range link.FindAllStringSubmatch(string(f.data), -1) {
			if !files[path.Join(path.Dir(f.path), m[1])] {
				breaches = append(breaches, fmt.Sprintf("%s: the link to %s leads nowhere", f.path, m[1]))
			}
		}
	}
	return breaches
}
