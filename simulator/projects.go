package simulator

import (
	"crypto/sha256"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
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
	return firstOf(a.projects, func(p *Project) bool { return p.ID == id || p.Default && (id == "" || id == "default") })
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

// projectRequest is what a request says of a project.
type projectRequest struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Purpose     string `json:"purpose"`
	Environment string `json:"environment"`
	Default     bool   `json:"is_default"`
}

// purposes are those that the API knows; it puts "Other: " before any other one.
func purposes() []string {
	return []string{
		"Just trying out DigitalOcean", "Class project / Educational purposes", "Website or blog", "Web Application", "Service or API",
		"Mobile Application", "Machine learning / AI / Data processing", "IoT", "Operational / Developer tooling",
	}
}

// settleProject puts the request into the words of the API, and refuses what it does not take. There is no project yet where p is nil.
func (c *call) settleProject(req *projectRequest, p *Project) *answer {
	environments := []string{"Development", "Staging", "Production"}
	at := slices.IndexFunc(environments, func(e string) bool { return strings.EqualFold(e, req.Environment) })
	switch {
	case req.Name == "" || utf8.RuneCountInString(req.Name) > 175 || req.Purpose == "":
		return new(c.unprocessable("name and purpose are required"))
	case utf8.RuneCountInString(req.Description) > 255 || utf8.RuneCountInString(req.Purpose) > 255:
		return new(c.unprocessable("description and purpose have at most 255 characters"))
	case req.Environment != "" && at < 0:
		return new(c.unprocessable("environment must be one of Development, Staging, Production"))
	case (p == nil || req.Name != p.Name) && c.a.projectNamed(req.Name):
		return new(c.errorAnswer(http.StatusConflict, "conflict", "name is already in use"))
	}
	if at >= 0 {
		req.Environment = environments[at]
	}
	if !slices.Contains(purposes(), req.Purpose) && !strings.HasPrefix(req.Purpose, "Other: ") {
		req.Purpose = "Other: " + req.Purpose
	}
	return nil
}

func createProject(c *call) answer {
	var req projectRequest
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	if bad := c.settleProject(&req, nil); bad != nil {
		return *bad
	}
	p := &Project{
		ID: newUUID(), Name: req.Name, Description: req.Description, Purpose: req.Purpose, Environment: req.Environment, CreatedAt: c.now,
	}
	c.a.projects = append(c.a.projects, p)
	return c.json(http.StatusCreated, map[string]any{"project": c.projectBody(p)})
}

// updateProject changes what the request has: PUT and PATCH do the same here.
func updateProject(c *call, p *Project) answer {
	req := projectRequest{p.Name, p.Description, p.Purpose, p.Environment, p.Default}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	if bad := c.settleProject(&req, p); bad != nil {
		return *bad
	}
	p.Name, p.Description, p.Purpose, p.Environment = req.Name, req.Description, req.Purpose, req.Environment
	if req.Default && !p.Default {
		for _, b := range c.a.belongings() {
			*b.project = c.a.project(*b.project).ID // what was put into none stays where it is
		}
		for _, other := range c.a.projects {
			other.Default = other == p
		}
	}
	return getProject(c, p)
}

func deleteProject(c *call, p *Project) answer {
	if p.Default {
		return c.forbidden()
	}
	if slices.ContainsFunc(c.a.belongings(), func(b belonging) bool { return c.a.project(*b.project) == p }) {
		return c.errorAnswer(http.StatusPreconditionFailed, "precondition_failed", "cannot delete a project with resources")
	}
	c.a.projects = slices.DeleteFunc(c.a.projects, func(other *Project) bool { return other == p })
	return c.noContent()
}
