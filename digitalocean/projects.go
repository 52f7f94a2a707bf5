package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/digitalocean/godo"

	"arcadiad/fleet"
)

// Projects lists every project of the account, ordered by name. ErrMoved says that the list changed between the pages.
func (c *Client) Projects(ctx context.Context) ([]fleet.Project, error) {
	r := request{op: "list projects", method: http.MethodGet, path: "v2/projects", scopes: "project:read"}
	var projects []fleet.Project
	total := 0
	err := c.pages(ctx, r, func(p page) error {
		total = p.total
		entries, err := entriesOf[godo.Project](p, "projects")
		for _, e := range entries {
			if e.ID == "" || e.Name == "" {
				return errors.New("a project without an id or a name")
			}
			projects = append(projects, fleet.Project{ID: e.ID, Name: e.Name, Default: e.IsDefault})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(projects, func(a, b fleet.Project) int { return strings.Compare(a.Name+"\x00"+a.ID, b.Name+"\x00"+b.ID) })
	projects = slices.Compact(projects)
	if len(projects) != total {
		return nil, fmt.Errorf("%s: %w: %d of %d", r.op, ErrMoved, len(projects), total)
	}
	return projects, nil
}

// AssignToProject puts a droplet into a project, out of the one that it is in. Doing so twice does no harm, so after an unknown outcome
// it may simply be done again. ErrNotFound means that there is no such project, or that it does not find the droplet: one that was just
// made may be found later. It passes the write gate; the intent is as in Create.
func (c *Client) AssignToProject(ctx context.Context, projectID string, dropletID int64, intent func(context.Context) error) error {
	urn := "do:droplet:" + strconv.FormatInt(dropletID, 10)
	r := request{
		op: fmt.Sprintf("put droplet %d into project %s", dropletID, projectID), method: http.MethodPost, path: "v2/projects/" + projectID + "/resources",
		body: map[string][]string{"resources": {urn}}, scopes: "project:update and droplet:read", write: true, intent: intent,
		wrong: errors.Join(checkProject(projectID), checkID("a droplet id", dropletID)),
	}
	of := func(e godo.ProjectResource) bool { return e.URN == urn }
	list, a, err := ask(ctx, c, r, "resources", func(list []godo.ProjectResource) bool { return slices.ContainsFunc(list, of) }, "the droplet is not in it")
	if err != nil {
		return err
	}
	switch status := list[slices.IndexFunc(list, of)].Status; status {
	case "ok", "assigned", "already_assigned":
		return nil
	case "not_found":
		return &Error{Op: r.op, Kind: ErrNotFound, Status: a.status, RequestID: a.header.Get("X-Request-Id"), Message: "the droplet is not found"}
	default: // service_down, and what is not documented
		return r.unread(a, fmt.Errorf("the droplet's status is %q", oneLine(status)))
	}
}

// projectPattern is what a project's id looks like.
var projectPattern = regexp.MustCompile(`^[0-9a-zA-Z-]{1,64}$`)

// checkProject refuses what would make a path that means something else.
func checkProject(id string) error {
	if !projectPattern.MatchString(id) {
		return fmt.Errorf("%q is not the id of a project", id)
	}
	return nil
}
