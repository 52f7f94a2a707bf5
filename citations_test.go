package arcadiad_test

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"strings"
)

// checkCitations: whatever is cited is in the repository. A comment cites a section of a page by its heading, as in
// docs/safety.md, "What it promises". Other files cite pages by their whole path. (The links between pages are TestDocsLinks'.)
func checkCitations(t *tree) (breaches []string) {
	headings := map[string]map[string]bool{} // of each page
	for _, f := range t.texts {
		if path.Ext(f.path) == ".md" {
			headings[f.path] = headingsOf(f.data)
		}
	}
	cited := regexp.MustCompile(`([\w./-]+\.md)\b((?:(?:,| and) "[^"]+")*)`)
	section := regexp.MustCompile(`"([^"]+)"`)
	for _, s := range t.goes {
		for _, comment := range s.ast.Comments {
			for _, m := range cited.FindAllStringSubmatch(unwrapped(comment), -1) {
				page := m[1]
				if headings[page] == nil {
					page = path.Join(s.dir, page)
				}
				if headings[page] == nil {
					breaches = append(breaches, fmt.Sprintf("%s: there is no page %s", t.at(comment.Pos()), m[1]))
					continue
				}
				for _, name := range section.FindAllStringSubmatch(m[2], -1) {
					if !headings[page][name[1]] {
						breaches = append(breaches, fmt.Sprintf("%s: %s has no section %q", t.at(comment.Pos()), page, name[1]))
					}
				}
			}
		}
	}
	whole := regexp.MustCompile(`\bdocs/[\w-]+\.md\b`)
	for _, f := range t.texts {
		if strings.Contains(f.path, "testdata/") {
			continue
		}
		for _, page := range whole.FindAllString(string(f.data), -1) {
			if headings[page] == nil {
				breaches = append(breaches, fmt.Sprintf("%s: there is no page %s", f.path, page))
			}
		}
	}
	return breaches
}

// unwrapped is a comment as one line: a citation may be wrapped.
func unwrapped(comment *ast.CommentGroup) string {
	return strings.Join(strings.Fields(comment.Text()), " ")
}

func headingsOf(page []byte) map[string]bool {
	headings := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		if marks, name, found := strings.Cut(strings.TrimSpace(line), " "); found && strings.Trim(marks, "#") == "" {
			headings[name] = true
		}
	}
	return headings
}
