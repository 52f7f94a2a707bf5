package fleet

import "testing"

// Law 9: an approval covers the action that the person saw, for the facts that the person saw.
func TestLaw09WhatAGrantCovers(t *testing.T) {
	need := Grant{Kind: "destroy", Name: "db", DropletID: 7, Spec: "abc", Rule: "volumes", Facts: []string{"v-1", "v-2"}}
	for name, tt := range map[string]struct {
		alter func(g *Grant)
		want  bool
	}{
		"the same":           {func(*Grant) {}, true},
		"seen more":          {func(g *Grant) { g.Facts = []string{"v-0", "v-1", "v-2"} }, true},
		"another plan":       {func(g *Grant) { g.Plan, g.ID = "0a1b2c3d4e5f", 3 }, true},
		"another kind":       {func(g *Grant) { g.Kind = "replace" }, false},
		"another name":       {func(g *Grant) { g.Name = "web" }, false},
		"another droplet":    {func(g *Grant) { g.DropletID = 8 }, false},
		"another spec":       {func(g *Grant) { g.Spec = "abd" }, false},
		"another rule":       {func(g *Grant) { g.Rule = "max_destroy" }, false},
		"a fact less":        {func(g *Grant) { g.Facts = []string{"v-1"} }, false},
		"as many, but other": {func(g *Grant) { g.Facts = []string{"v-1", "v-3"} }, false},
	} {
		g := need
		tt.alter(&g)
		if got := g.Covers(need); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
