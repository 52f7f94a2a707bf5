package simulator_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"

	"github.com/digitalocean/godo"
)

// A new droplet is in the default project until it is put into another.
func TestProjects(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{})
	path := filepath.Join(t.TempDir(), "simulated.db")
	must(t, 0, s.Open(path))
	c := inProcess(t, s, "any")
	first, _, err := c.Projects.GetDefault(ctx)
	if must(t, first, err).ID != s.Projects()[0].ID || !first.IsDefault || len(s.Projects()) != 1 {
		t.Errorf("the default: %+v", first)
	}
	made, resp, err := c.Projects.Create(ctx, &godo.CreateProjectRequest{Name: "Mail & more", Purpose: "Service or API", Environment: "Production"})
	if must(t, made, err).Name != "Mail & more" || made.IsDefault || made.Environment != "Production" || resp.StatusCode != 201 {
		t.Errorf("made: %+v, status %d", made, resp.StatusCode)
	}
	other := s.AddProject("other")
	d := create(t, c, "web-1")
	urns := func(id string) (out []string) {
		t.Helper()
		list, _, err := c.Projects.ListResources(ctx, id, nil)
		for _, r := range must(t, list, err) {
			out = append(out, r.URN+" "+r.Status)
		}
		return out
	}
	if got := urns("default"); len(got) != 1 || got[0] != d.URN()+" ok" || s.ProjectOf(int64(d.ID)) != "first-project" {
		t.Errorf("in the default one: %v", got)
	}
	for _, want := range []string{"assigned", "already_assigned"} {
		list, resp, err := c.Projects.AssignResources(ctx, made.ID, d, "do:droplet:1")
		if must(t, list, err)[0].Status != want || list[0].URN != d.URN() || list[1].Status != "not_found" || resp.StatusCode != 200 {
			t.Errorf("%s: %+v, status %d", want, list, resp.StatusCode)
		}
	}
	if got := urns(made.ID); len(got) != 1 || len(urns("default")) != 0 || s.ProjectOf(int64(d.ID)) != "Mail & more" {
		t.Errorf("moved: %v", got)
	}
	must(t, 0, s.Close())
	s = simulator.New(simulator.Options{})
	must(t, 0, s.Open(path))
	defer s.Close()
	c = inProcess(t, s, "any")
	if s.ProjectOf(int64(d.ID)) != "Mail & more" || !s.MoveToProject(int64(d.ID), other) || s.ProjectOf(int64(d.ID)) != "other" ||
		s.MoveToProject(int64(d.ID), "no") || s.ProjectOf(1) != "" {
		t.Error("from the file")
	}
	one, _, err := c.Projects.List(ctx, &godo.ListOptions{Page: 3, PerPage: 1})
	if len(must(t, one, err)) != 1 || one[0].ID != other {
		t.Errorf("the third page: %+v", one)
	}
	long := strings.Repeat("x", 176)
	for why, request := range map[string]godo.CreateProjectRequest{
		"taken": {Name: "other", Purpose: "p"}, "nameless": {Purpose: "p"}, "purposeless": {Name: "n"}, "long": {Name: long, Purpose: "p"},
		"elsewhere": {Name: "n", Purpose: "p", Environment: "Moon"},
	} {
		want := 422
		if why == "taken" {
			want = 409
		}
		if _, resp, err := c.Projects.Create(ctx, &request); statusOf(t, resp, err) != want {
			t.Errorf("%s: %v", why, err)
		}
	}
	if _, resp, err := c.Projects.AssignResources(ctx, "no", d); statusOf(t, resp, err) != 404 {
		t.Errorf("into no project: %v", err)
	}
	if _, resp, err := c.Projects.AssignResources(ctx, other, "floatingip:192.0.2.1"); statusOf(t, resp, err) != 422 {
		t.Errorf("something else: %v", err)
	}
	s.SetFaults(simulator.Faults{ProjectsDown: true})
	if list, _, err := c.Projects.AssignResources(ctx, made.ID, d); must(t, list, err)[0].Status != "service_down" || s.ProjectOf(int64(d.ID)) != "other" {
		t.Errorf("down: %+v", list)
	}
	for _, lacks := range [][]string{{"project:update", "project:assign_resource"}, {"droplet:read"}} {
		s.SetFaults(simulator.Faults{WithoutScopes: lacks})
		if _, resp, err := c.Projects.AssignResources(ctx, made.ID, d); statusOf(t, resp, err) != 403 {
			t.Errorf("without %v: %v", lacks, err)
		}
	}
	s.SetFaults(simulator.Faults{WithoutScopes: []string{"project:update", "project:read", "project:create"}})
	if _, _, err := c.Projects.AssignResources(ctx, made.ID, d); err != nil {
		t.Errorf("with project:assign_resource alone: %v", err)
	}
	if _, resp, err := c.Projects.List(ctx, nil); statusOf(t, resp, err) != 403 {
		t.Errorf("list: %v", err)
	}
	if _, resp, err := c.Projects.Create(ctx, &godo.CreateProjectRequest{Name: "n", Purpose: "p"}); statusOf(t, resp, err) != 403 {
		t.Errorf("create: %v", err)
	}
}

// A droplet that GET does not find yet is not found by a project either.
func TestProjectsDoNotFindTheYoungest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s := simulator.New(simulator.Options{})
		s.SetFaults(simulator.Faults{Get404For: time.Second})
		c := inProcess(t, s, "any")
		project := s.AddProject("p")
		d := create(t, c, "web-1")
		for _, want := range []string{"not_found", "assigned"} {
			list, _, err := c.Projects.AssignResources(ctx, project, d)
			if must(t, list, err)[0].Status != want {
				t.Errorf("%+v, want %s", list, want)
			}
			time.Sleep(time.Second)
		}
	})
}

// Volumes, addresses, domains and load balancers are in projects too. An address that a droplet has is where the droplet is.
func TestProjectsOfAllKinds(t *testing.T) {
	x := newStranger(t)
	is := x.everything()
	project := "projects/" + is["project"]
	urns := []string{"do:droplet:" + is["id"], "do:volume:" + is["volume"], "do:domain:example.com", "do:loadbalancer:" + is["balancer"], "do:reservedip:" + is["ip"]}
	x.shows(project+"/resources", append(urns, `"total":5`)...)
	x.shows("projects/default/resources", `"total":0`)
	x.shows("reserved_ips/"+is["ip"], `"project_id":"`+is["project"])
	x.shows("load_balancers/"+is["balancer"], `"project_id":"`+is["project"])
	x.does(412, "POST", "projects/default/resources", m{"resources": urns[4:]})
	x.does(412, "DELETE", project, nil)
	x.does(200, "POST", "projects/default/resources", m{"resources": []string{urns[4], urns[0]}}) // with its droplet
	x.shows("projects/default/resources", `"total":2`)
	x.does(201, "POST", "reserved_ips/"+is["ip"]+"/actions", m{"type": "unassign"})
	x.does(200, "POST", project+"/resources", m{"resources": []string{"do:floatingip:" + is["ip"], "do:space:none"}})
	x.shows(project+"/resources", `"total":4`)
	x.does(202, "POST", "reserved_ips", m{"region": "syd1", "project_id": is["project"]})
	x.shows(project+"/resources", `"total":5`)
	x.does(422, "POST", "reserved_ips", m{"region": "syd1", "project_id": "none"})
	x.does(200, "PATCH", project, m{"is_default": true, "environment": "staging", "purpose": "my own"})
	x.shows(project, `"environment":"Staging"`, `"purpose":"Other: my own"`, `"is_default":true`)
	x.shows("droplets/"+is["id"], is["id"])
	if name := x.s.Projects()[0].Name; x.s.ProjectOf(x.s.Droplets()[0].ID) != name {
		t.Errorf("the droplet left %s when another project became the default", name)
	}
	x.does(403, "DELETE", project, nil)
	x.does(422, "PATCH", project, m{"environment": "moon"})
}
