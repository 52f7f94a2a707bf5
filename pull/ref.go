package pull

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// find asks the repository which of its refs is meant, and which object that leads to. For git a tag goes before a branch of the same
// name, so whoever may push a tag could put it before a branch that is protected.
func (g git) find(ctx context.Context) (name, object string, err error) {
	if commits.MatchString(g.o.Ref) {
		return g.o.Ref, g.o.Ref, nil
	}
	names := []string{g.o.Ref}
	if g.o.Ref != "HEAD" && !strings.HasPrefix(g.o.Ref, "refs/") {
		names = []string{"refs/heads/" + g.o.Ref, "refs/tags/" + g.o.Ref, "refs/" + g.o.Ref}
	}
	listed, err := g.run(ctx, nil, append([]string{"ls-remote", "--quiet", "--", g.o.Repo}, names...)...)
	if err != nil {
		return "", "", fmt.Errorf("git fetch: %w", err)
	}
	var found []string
	for line := range strings.Lines(listed) {
		id, ref, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if slices.Contains(names, ref) && commits.MatchString(id) {
			object, found = id, append(found, ref)
		}
	}
	switch len(found) {
	case 0:
		return "", "", fmt.Errorf("it has no branch and no tag %s", g.o.Ref)
	case 1:
		return found[0], object, nil
	}
	return "", "", fmt.Errorf("it has more than one %s: the ref must be %s", g.o.Ref, strings.Join(found, " or "))
}
