package simulator

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Project is a project of the account. One of them is the default: what is put into no other is in it
// (docs/digitalocean-api.md, "Projects").
type Project struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Default     bool      `json:"default,omitempty"`
	Description string    `json:"description,omitempty"`
	Purpose     string    `json:"purpose"`
	Environment string    `json:"environment,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
}

// defaultProject is the project that each team has. Its id goes by that of the team, so that an account from an older file has the same one
// each time.
func defaultProject(team string, now time.Time) *Project {
	sum := sha256.Sum256([]byte("project of " + team))
	return &Project{ID: uuidOf([16]byte(sum[:16])), Name: "first-project", Default: true, Purpose: "Just trying out DigitalOcean", CreatedAt: now}
}

// Projects gives all projects, the default one first.
func (a *Account) Projects() []Project {
	return peek(a, a.projects, func(p Project) Project { return p })
}

// AddProject makes a project and gives its id. It panics when the name is taken.
func (a *Account) AddProject(name string) string {
	a.s.mu.Lock()
	defer a.unlock()
	if a.projectNamed(name) {
		panic("simulator: there is a project named " + name)
	}
	p := &Project{ID: newUUID(), Name: name, Purpose: "Service or API", CreatedAt: time.Now()}
	a.projects = append(a.projects, p)
	return p.ID
}

// ProjectOf gives the name of the project that a droplet is in; empty: there is no such droplet.
func (a *Account) ProjectOf(id int64) (name string) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.advance(time.Now())
	if d := a.droplets[id]; d != nil && d.present() {
		name = a.project(d.Project).Name
	}
	return name
}

// MoveToProject puts a droplet into a project; false: there is no such droplet, or no such project.
func (a *Account) MoveToProject(id int64, project string) (done bool) {
	a.console(id, func(d *droplet, _ time.Time) {
		if p := a.project(project); p != nil {
			d.Project, done = p.ID, true
		}
	})
	return done
}

// project finds a project by its id; default or nothing is the default one. nil: there is none.
func (a *Account) project(id string) *Project {
	i := slices.IndexFunc(a.projects, func(p *Project) bool { return p.ID == id || p.Default && (id == "" || id == "default") })
	if i < 0 {
		return nil
	}
	return a.projects[i]
}

func (a *Account) projectNamed(name string) bool {
	return slices.ContainsFunc(a.projects, func(p *Project) bool { return p.Name == name })
}

func (c *call) projectBody(p *Project) map[string]any {
	return map[string]any{
		"id": p.ID, "owner_uuid": c.a.team, "owner_id": 258992, "name": p.Name, "description": p.Description, "purpose": p.Purpose,
		"environment": p.Environment, "is_default": p.Default, "created_at": timestamp(p.CreatedAt), "updated_at": timestamp(p.CreatedAt),
	}
}

func listProjects(c *call) answer {
	return c.page("projects", len(c.a.projects), func(i int) []byte { return encode(c.projectBody(c.a.projects[i])) })
}

// ofProject finds the project of the request's path for a handler.
func ofProject(handle func(*call, *Project) answer) func(*call) answer {
	return of(func(c *call) *Project { return c.a.project(c.r.PathValue("project")) }, handle)
}

func getProject(c *call, p *Project) answer {
	return c.json(http.StatusOK, map[string]any{"project": c.projectBody(p)})
}

// updateProject changes what the request has: PUT and PATCH do the same here.
func updateProject(c *call, p *Project) answer {
	req := struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Purpose     string `json:"purpose"`
		Environment string `json:"environment"`
		Default     bool   `json:"is_default"`
	}{p.Name, p.Description, p.Purpose, p.Environment, p.Default}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	if req.Name == "" || req.Name != p.Name && c.a.projectNamed(req.Name) {
		return c.errorAnswer(http.StatusConflict, "conflict", "name is already in use")
	}
	p.Name, p.Description, p.Purpose, p.Environment = req.Name, req.Description, req.Purpose, req.Environment
	if req.Default && !p.Default {
		for _, d := range c.a.droplets {
			if d.Project == "" { // what was put into none stays where it is
				d.Project = c.a.project("").ID
			}
		}
		for _, other := range c.a.projects {
			other.Default = other == p
		}
	}
	return getProject(c, p)
}

func deleteProject(c *call, p *Project) answer {
	for _, d := range c.a.droplets {
		if c.a.project(d.Project) == p {
			return c.errorAnswer(http.StatusPreconditionFailed, "precondition_failed", "cannot delete a project with resources")
		}
	}
	if p.Default {
		return c.forbidden()
	}
	c.a.projects = slices.DeleteFunc(c.a.projects, func(other *Project) bool { return other == p })
	return c.noContent()
}

func createProject(c *call) answer {
	var req struct{ Name, Description, Purpose, Environment string }
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	switch {
	case req.Name == "" || len(req.Name) > 175 || req.Purpose == "":
		return c.unprocessable("name and purpose are required")
	case req.Environment != "" && !slices.Contains([]string{"Development", "Staging", "Production"}, req.Environment):
		return c.unprocessable("environment must be one of Development, Staging, Production")
	case c.a.projectNamed(req.Name):
		return c.errorAnswer(http.StatusConflict, "conflict", "name is already in use")
	}
	p := &Project{
		ID: newUUID(), Name: req.Name, Description: req.Description, Purpose: req.Purpose, Environment: req.Environment, CreatedAt: c.now,
	}
	c.a.projects = append(c.a.projects, p)
	return c.json(http.StatusCreated, map[string]any{"project": c.projectBody(p)})
}

type resourceBody struct {
	URN        string            `json:"urn"`
	AssignedAt string            `json:"assigned_at,omitempty"`
	Links      map[string]string `json:"links"`
	Status     string            `json:"status"`
}

const dropletURN = "do:droplet:"

func (c *call) resource(d *droplet, status string) resourceBody {
	id := strconv.FormatInt(d.ID, 10)
	return resourceBody{dropletURN + id, timestamp(d.CreatedAt), map[string]string{"self": absolute(c.r, "/v2/droplets/"+id)}, status}
}

// listProjectResources lists the droplets of a project; other resources are in none here.
func listProjectResources(c *call, p *Project) answer {
	var list []resourceBody
	for _, l := range []listing{c.a.standard, c.a.gpus} {
		for _, d := range l.list {
			if c.a.project(d.Project) == p {
				list = append(list, c.resource(d, "ok"))
			}
		}
	}
	return pageOf(c, "resources", list)
}

// assignResources puts droplets into a project. Each has a status of its own; one that GET does not find yet is not found here.
func assignResources(c *call, p *Project) answer {
	var req struct{ Resources []string }
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	if !c.scopes.has("project:assign_resource") && !c.scopes.has("project:update") || !c.scopes.has("droplet:read") {
		return c.forbidden()
	}
	list := []resourceBody{}
	for _, urn := range req.Resources {
		word, ok := strings.CutPrefix(urn, dropletURN)
		id, err := strconv.ParseInt(word, 10, 64)
		if !ok || err != nil {
			return c.unprocessable(fmt.Sprintf("%s is not the URN of a Droplet", urn))
		}
		d := c.a.found(id, c.now)
		switch {
		case d == nil:
			list = append(list, resourceBody{URN: urn, Links: map[string]string{}, Status: "not_found"})
		case c.s.holds(c.s.faults.ProjectsDown, "projects_down", d.Name):
			list = append(list, c.resource(d, "service_down"))
		case c.a.project(d.Project) == p:
			list = append(list, c.resource(d, "already_assigned"))
		default:
			d.Project = p.ID
			list = append(list, c.resource(d, "assigned"))
		}
	}
	return c.json(http.StatusOK, map[string]any{"resources": list})
}
