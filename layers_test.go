package arcadiad_test

import (
	"fmt"
	"go/ast"
	"go/types"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// layered are the packages whose comment must list their files.
func layered() []string {
	return []string{"condition", "control", "daemon", "plan", "provision", "reconcile", "view"}
}

func TestLayersAreListed(t *testing.T) {
	repository := theRepository(t)
	for _, dir := range layered() {
		if len(repository.layers(dir)) == 0 {
			t.Errorf("%s: its package comment must say %q, and list its files", dir, layersBegin)
		}
	}
}

const layersBegin = "A file uses only those below it:"

var leadingFiles = regexp.MustCompile(`^//\t((?:[a-z0-9_]+\.go ?)+)`)

// layers are the files that a package comment lists, from the top: one or more at the beginning of each indented line.
func (t *tree) layers(dir string) (order []string) {
	for _, s := range t.goes {
		if s.dir != dir || s.test || s.ast.Doc == nil {
			continue
		}
		begun := false
		for _, line := range s.ast.Doc.List {
			found := leadingFiles.FindStringSubmatch(line.Text)
			switch {
			case strings.Contains(line.Text, layersBegin):
				begun = true
			case begun && found != nil:
				order = append(order, strings.Fields(found[1])...)
			case len(order) > 0:
				return order
			}
		}
	}
	return order
}

// checkLayers: where the package comment lists the files, each of them is listed once, and uses only what is declared in those below it: so
// a type stands below its methods too. The methods of a type lie in three files at most.
func checkLayers(t *tree) (breaches []string) {
	const most = 3
	check := checker{t, map[string]*types.Package{}, map[*ast.Ident]types.Object{}}
	for _, dir := range t.dirs() {
		order := t.layers(dir)
		if len(order) == 0 {
			continue
		}
		if _, err := check.Import("arcadiad/" + dir); err != nil {
			breaches = append(breaches, err.Error())
		}
		place := map[string]int{}
		for i, name := range order {
			if _, twice := place[path.Join(dir, name)]; twice {
				breaches = append(breaches, dir+": "+name+" is listed twice")
			}
			place[path.Join(dir, name)] = i
		}
		methods := map[string][]string{} // the files with methods, by type
		for _, s := range t.files(dir) {
			if _, listed := place[s.path]; !listed && path.Base(s.path) != "doc.go" {
				breaches = append(breaches, s.path+" is missing in the list of the package comment")
			}
			told := map[string]bool{}
			ast.Inspect(s.ast, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncDecl:
					if of := receiver(n); of != "" && !slices.Contains(methods[of], s.path) {
						methods[of] = append(methods[of], s.path)
					}
				case *ast.Ident:
					used := check.uses[n]
					if used == nil || !used.Pos().IsValid() {
						break
					}
					from := t.fset.Position(used.Pos()).Filename
					if at, listed := place[from]; listed && at < place[s.path] && !told[from] {
						told[from] = true
						breaches = append(breaches, fmt.Sprintf("%s: %s is declared above, in %s", t.at(n.Pos()), n.Name, from))
					}
				}
				return true
			})
		}
		for _, name := range order {
			if !slices.ContainsFunc(t.files(dir), func(s *source) bool { return path.Base(s.path) == name }) {
				breaches = append(breaches, dir+": there is no "+name)
			}
		}
		for of, files := range methods {
			if len(files) > most {
				breaches = append(breaches, fmt.Sprintf("%s: the methods of %s lie in %d files: %v", dir, of, len(files), files))
			}
		}
	}
	return breaches
}

// files are the files of a package but for its tests.
func (t *tree) files(dir string) (files []*source) {
	for _, s := range t.goes {
		if s.dir == dir && !s.test {
			files = append(files, s)
		}
	}
	return files
}

// receiver names the type that a method is of; empty: it is a function.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	of := f.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	if generic, ok := of.(*ast.IndexExpr); ok {
		of = generic.X
	}
	name, _ := of.(*ast.Ident)
	return name.String()
}

// checker finds out what the identifiers of the repository's packages stand for. What is imported from elsewhere is taken for empty, and
// the errors that this leads to are left alone: nothing need be built, and hardly anything of a package's own is missed.
type checker struct {
	tree *tree
	done map[string]*types.Package
	uses map[*ast.Ident]types.Object
}

// Import implements [types.Importer].
func (c checker) Import(name string) (*types.Package, error) {
	if p := c.done[name]; p != nil {
		return p, nil
	}
	dir, ours := strings.CutPrefix(name, "arcadiad/")
	if !ours {
		c.done[name] = types.NewPackage(name, path.Base(name))
		c.done[name].MarkComplete()
		return c.done[name], nil
	}
	var files []*ast.File
	for _, s := range c.tree.files(dir) {
		files = append(files, s.ast)
	}
	config := types.Config{Importer: c, Error: func(error) {}}
	p, _ := config.Check(name, c.tree.fset, files, &types.Info{Uses: c.uses}) // its errors are those of what is taken for empty
	c.done[name] = p
	return p, nil
}
