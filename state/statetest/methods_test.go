package statetest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"testing"
)

// A method that no test calls would be a second store's to guess.
func TestEveryMethodOfAStoreIsTested(t *testing.T) {
	called := map[string]bool{}
	for _, dir := range []string{".", "../../saga/sagatest"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		must(t, err)
		for _, name := range files {
			file := get(parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution))(t)
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if method, ok := call.Fun.(*ast.SelectorExpr); ok {
						called[method.Sel.Name] = true
					}
				}
				return true
			})
		}
	}
	for m := range reflect.TypeFor[Store]().Methods() {
		if !called[m.Name] {
			t.Errorf("no test calls %s", m.Name)
		}
	}
}
