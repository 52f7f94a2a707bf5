package arcadiad_test

import (
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Words that a reader stumbles over, each with a plain one in the glossary of docs/architecture.md: a duplicate, a license, the index,
// a transfer. The first group stays out of all that is read, the second out of the names of Go only.
var (
	unclear      = []string{"survey", "warrant", "twin", "orphan", "labour", "pulse", "onlook", "lookout", "yard", "errand", "licence", "handover"}
	unclearNames = slices.Concat(unclear, []string{"claim", "takes", "house", "room", "wanted"})
)

// wireWords are literals in journals, on the control socket and in metrics, which programs read: they are never renamed.
var wireWords = []string{"licence", "handover", "handovers", "errand", "/handover", "/handover/offer", "orphaned"}

var (
	unclearProse = regexp.MustCompile(`(?i)\b(un)?(` + strings.Join(unclear, "|") + `)(e?s|ed|ing)?\b`)
	wirePhrase   = regexp.MustCompile(`\borphaned\b`) // a metric's label value, where a page or a help text lists the values
	nameWord     = regexp.MustCompile(`[A-Z]?[a-z]+|[A-Z]+`)
	structTag    = regexp.MustCompile(`json:"[^"]*"`)
)

// checkWords: names and prose are made of words that need no explanation.
func checkWords(t *tree) (breaches []string) {
	for _, s := range t.goes {
		if path.Base(s.path) == "words_test.go" {
			continue
		}
		prose := func(n ast.Node, text string) {
			if word := unclearProse.FindString(wirePhrase.ReplaceAllString(text, "")); word != "" {
				breaches = append(breaches, t.at(n.Pos())+": "+word+" is unclear: say it with a word of the glossary")
			}
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				for _, word := range nameWord.FindAllString(n.Name, -1) {
					if i := slices.IndexFunc(unclearNames, func(bad string) bool { return unclearIn(strings.ToLower(word), bad) }); i >= 0 {
						breaches = append(breaches, t.at(n.Pos())+": "+n.Name+": "+unclearNames[i]+" is unclear in a name")
					}
				}
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); err == nil && !slices.Contains(wireWords, text) {
					prose(n, structTag.ReplaceAllString(text, ""))
				}
			}
			return true
		})
		for _, group := range s.ast.Comments {
			for _, c := range group.List {
				prose(c, c.Text)
			}
		}
	}
	for _, text := range t.texts {
		if path.Ext(text.path) == ".go" || strings.Contains(text.path, "testdata/") {
			continue
		}
		for i, line := range strings.Split(string(text.data), "\n") {
			if word := unclearProse.FindString(wirePhrase.ReplaceAllString(line, "")); word != "" {
				breaches = append(breaches, text.path+":"+strconv.Itoa(i+1)+": "+word+" is unclear: say it with a word of the glossary")
			}
		}
	}
	return breaches
}

// unclearIn tells whether a word of a name is an unclear one, in whatever form: claims, claimed, unclaimed.
func unclearIn(word, unclear string) bool {
	return strings.HasPrefix(strings.TrimPrefix(word, "un"), unclear)
}
