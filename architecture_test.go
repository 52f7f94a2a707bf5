// Package arcadiad_test holds the repository to the rules that a compiler does not know: who may import whom, who may destroy, that
// each law has its tests, and a few conventions. The rules read the source files themselves, so that go test notices every change
// of them; a test that asked another program would stay green in go's cache.
package arcadiad_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rule looks at the whole tree and names every breach that it finds, beginning with the place.
type rule struct {
	name  string
	check func(*tree) []string
}

func rules() []rule {
	return []rule{
		{"imports", checkImports},
		{"destroying", checkDestroying},
		{"licenses", checkLicenses},
		{"laws", checkLaws},
		{"sleeping", checkSleeping},
		{"skipping", checkSkipping},
		{"names", checkNames},
		{"size", checkSize},
		{"comments", checkComments},
		{"secrets", checkSecrets},
		{"docs", checkDocs},
		{"words", checkWords},
		{"citations", checkCitations},
		{"layers", checkLayers},
	}
}

func TestArchitecture(t *testing.T) {
	repository := theRepository(t)
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			for _, breach := range r.check(repository) {
				t.Error(breach)
			}
		})
	}
}

func theRepository(t *testing.T) *tree {
	repository, err := read(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	return repository
}

// tree is the repository as the rules see it.
type tree struct {
	fset  *token.FileSet
	goes  []*source
	texts []text
	other []string // the paths of binary files
}

// source is one Go file.
type source struct {
	path  string // slash-separated, from the root
	dir   string
	pkg   string // the row of the table that dir belongs to, or the first element of dir; empty at the root
	test  bool   // a _test.go file, or one of a package of test helpers such as saga/sagatest
	ast   *ast.File
	lines int
}

// text is any file that is not binary, Go files too.
type text struct {
	path string
	data []byte
}

// read parses the files of a repository. What git does not keep is not looked at.
func read(fsys fs.FS) (*tree, error) {
	t := &tree{fset: token.NewFileSet()}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bin", "dist"}, name):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		if !bytes.ContainsRune(data, 0) {
			t.texts = append(t.texts, text{name, data})
		} else {
			t.other = append(t.other, name)
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		file, err := parser.ParseFile(t.fset, name, data, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		s := &source{path: name, dir: path.Dir(name), ast: file, lines: bytes.Count(data, []byte("\n"))}
		s.pkg = packageOf(s.dir)
		s.test = strings.HasSuffix(name, "_test.go") || strings.HasSuffix(s.dir, "test")
		t.goes = append(t.goes, s)
		return nil
	})
	return t, err
}

func (t *tree) at(pos token.Pos) string {
	p := t.fset.Position(pos)
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// imports gives the paths that a file imports, by the name under which it knows them.
func (s *source) imports() map[string]*ast.ImportSpec {
	found := map[string]*ast.ImportSpec{}
	for _, spec := range s.ast.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			found[p] = spec
		}
	}
	return found
}

// function names the top-level function that a position lies in; empty: none.
func (s *source) function(pos token.Pos) string {
	for _, d := range s.ast.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Pos() <= pos && pos < f.End() {
			return f.Name.Name
		}
	}
	return ""
}

// packageOf gives the package that a directory belongs to: that of the nearest row of the table, from the directory upwards.
func packageOf(dir string) string {
	if dir == "." {
		return ""
	}
	for at := dir; at != "."; at = path.Dir(at) {
		if _, known := mayImport()[at]; known {
			return at
		}
	}
	first, _, _ := strings.Cut(dir, "/")
	return first
}

// mayImport is the table of docs/architecture.md: the packages that the code of a package may import beside itself. A package is a directory
// and what lies below it; one that is not in the table is none.
func mayImport() map[string][]string {
	return map[string][]string{
		"fleet":          {},
		"saga":           {},
		"simulator":      {},
		"fleetfile":      {"fleet"},
		"pull":           {"fleet", "fleetfile"},
		"plan":           {"fleet"},
		"hosts":          {"fleet"},
		"digitalocean":   {"fleet"},
		"state":          {"fleet", "saga"},
		"state/tables":   {"fleet", "saga", "state"},
		"state/sqlite":   {"fleet", "saga", "state", "state/tables"},
		"state/lease":    {},
		"state/postgres": {"fleet", "state", "state/lease", "state/tables", "state/sqlite"},
		"inventory":      {"fleet", "digitalocean"},
		"provision":      {"fleet", "plan", "saga", "digitalocean", "inventory"},
		"reconcile":      {"fleet", "fleetfile", "plan", "saga", "inventory", "provision"},
		"condition":      {"fleet", "saga", "plan"},
		"notify":         {"fleet", "condition"},
		"metrics":        {"fleet", "fleetfile", "plan", "saga", "digitalocean", "reconcile", "condition"}, // counts what these tell of
		"doctor":         {"fleet", "fleetfile", "digitalocean", "state"},                                  // looks at what each of them lives on
		"control":        {"fleet", "saga", "plan", "condition", "doctor", "state"},
		"daemon": {"fleet", "fleetfile", "plan", "saga", "digitalocean", "inventory", "provision", "reconcile",
			"state", "state/sqlite", "state/lease", "state/postgres", "condition", "notify", "metrics", "doctor", "control", "hosts", "view"},
		"view":    {"fleet", "saga", "plan", "condition", "doctor", "control"},
		"cmd":     {"control", "daemon", "doctor", "fleetfile", "hosts", "plan", "pull", "simulator", "view", "fleet", "saga"}, // the last two are words of the reader's answers
		"scripts": {"simulator", "state/sqlite", "fleet", "saga"},
	}
}

// mayUse is who may import which module from outside. A module that is not in it is a new dependency: it wants a good reason.
func mayUse() map[string][]string {
	return map[string][]string{
		"github.com/coreos/go-systemd":           {"cmd"},
		"github.com/cpuguy83/go-md2man/v2":       {"cmd"},
		"github.com/digitalocean/godo":           {"digitalocean"},
		"github.com/fatih/color":                 {"view"},
		"github.com/fsnotify/fsnotify":           {"fleetfile"},
		"github.com/google/go-containerregistry": {"scripts"}, // writes and reads the OCI image
		"github.com/go-json-experiment/json":     {"digitalocean"},
		"github.com/jackc/pgx/v5":                {"state/postgres"},
		"github.com/mattn/go-sqlite3":            {"state/sqlite"},
		"github.com/mitchellh/go-wordwrap":       {"cmd"},
		"github.com/pressly/goose/v3":            {"state/sqlite", "state/postgres"},
		"github.com/prometheus/client_golang":    {"metrics", "daemon"}, // the daemon makes the registry and serves it
		"github.com/robfig/cron/v3":              {"reconcile"},
		"github.com/spf13/cobra":                 {"cmd"},
		"github.com/spf13/pflag":                 {"cmd"},
		"github.com/vbauerster/mpb/v8":           {"view"},
		"golang.org/x/crypto/x509roots/fallback": {"scripts"}, // the root certificates of the OCI image
		"golang.org/x/sys":                       {"state/sqlite", "state/lease", "doctor", "pull"},
		"golang.org/x/term":                      {"cmd"},
		"gopkg.in/yaml.v3":                       {"fleetfile", "hosts", "cmd"}, // cmd reads doctl's configuration
	}
}

// ownTests are the modules that even the tests of other packages leave alone.
func ownTests() []string { return []string{"github.com/mattn/go-sqlite3"} }

// checkImports: the packages import each other as the table says, and each module from outside has its package. Tests may import more.
func checkImports(t *tree) (breaches []string) {
	const module = "arcadiad/"
	table, modules := mayImport(), mayUse()
	for _, s := range t.goes {
		allowed, known := table[s.pkg]
		if !known && s.pkg != "" {
			breaches = append(breaches, s.path+": there is no package "+s.pkg+"; add it to the table, or put the file into one")
			continue
		}
		for imported, spec := range s.imports() {
			if inside, ok := strings.CutPrefix(imported, module); ok {
				pkg := packageOf(inside)
				if !s.test && pkg != s.pkg && !slices.Contains(allowed, pkg) {
					breaches = append(breaches, fmt.Sprintf("%s: %s must not import %s", t.at(spec.Pos()), s.pkg, pkg))
				}
				continue
			}
			if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
				continue // the standard library
			}
			owner := moduleOf(imported, modules)
			switch {
			case s.test && !slices.Contains(ownTests(), owner):
			case owner == "":
				breaches = append(breaches, fmt.Sprintf("%s: %s is a new dependency; add it to the table if it is worth it", t.at(spec.Pos()), imported))
			case !slices.Contains(modules[owner], s.pkg):
				breaches = append(breaches, fmt.Sprintf("%s: only %s may import %s", t.at(spec.Pos()), strings.Join(modules[owner], ", "), owner))
			}
		}
	}
	return breaches
}

// moduleOf finds the module of the table that a package belongs to.
func moduleOf(imported string, modules map[string][]string) string {
	for m := range modules {
		if imported == m || strings.HasPrefix(imported, m+"/") {
			return m
		}
	}
	return ""
}

// checkDestroying: outside tests, one function calls the client's Destroy, and it is one of provision. Nobody destroys by tag, and
// in digitalocean only the functions that take something away send a DELETE.
func checkDestroying(t *tree) (breaches []string) {
	const home = "provision"
	sendsDelete := []string{"Destroy", "Untag", "DeleteTag"}
	callers := map[string]bool{}
	for _, s := range t.goes {
		if s.test || s.pkg == "simulator" || s.pkg == "scripts" {
			continue
		}
		called := map[ast.Expr]bool{}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				called[call.Fun] = true
			}
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			in := s.function(sel.Pos())
			switch sel.Sel.Name {
			case "Destroy":
				// A bare x.Destroy may be a constant of package plan, or a field; in provision itself it must not even be looked at.
				x, plain := sel.X.(*ast.Ident)
				_, expression := sel.X.(*ast.ParenExpr) // (*digitalocean.Client).Destroy
				if called[sel] || expression || s.pkg == home && !(plain && x.Name == "plan") {
					callers[s.dir+"."+in] = true
					if s.pkg != home {
						breaches = append(breaches, fmt.Sprintf("%s: only %s destroys droplets", t.at(sel.Pos()), home))
					}
				}
			case "DeleteByTag":
				breaches = append(breaches, t.at(sel.Pos())+": droplets are never destroyed by tag")
			case "MethodDelete":
				if s.pkg != "digitalocean" || !slices.Contains(sendsDelete, in) {
					breaches = append(breaches, fmt.Sprintf("%s: a DELETE is sent only by digitalocean's %s", t.at(sel.Pos()), strings.Join(sendsDelete, ", ")))
				}
			}
			return true
		})
	}
	if len(callers) != 1 {
		breaches = append(breaches, fmt.Sprintf("%s: one function must call the client's Destroy, not %d: %v", home, len(callers), sorted(callers)))
	}
	return breaches
}

// checkLicenses: outside tests, one function fills a plan.License, and it is one of package plan.
func checkLicenses(t *tree) (breaches []string) {
	fillers := map[string]bool{}
	for _, s := range t.goes {
		if s.test {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok || len(lit.Elts) == 0 {
				return true
			}
			name := ""
			switch typ := lit.Type.(type) {
			case *ast.Ident:
				name = typ.Name
			case *ast.SelectorExpr:
				name = typ.Sel.Name
			}
			if name != "License" {
				return true
			}
			fillers[s.dir+"."+s.function(lit.Pos())] = true
			if s.dir != "plan" {
				breaches = append(breaches, t.at(lit.Pos())+": only package plan fills licenses")
			}
			return true
		})
	}
	if len(fillers) != 1 {
		breaches = append(breaches, fmt.Sprintf("plan: one function must fill licenses, not %d: %v", len(fillers), sorted(fillers)))
	}
	return breaches
}

func sorted(set map[string]bool) []string {
	var list []string
	for k := range set {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}
