package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"arcadiad/simulator"
)

func TestProjects(t *testing.T) {
	ctx := t.Context()
	sim := simulator.New(simulator.Options{})
	mail := sim.AddProject("Mail")
	for i := range perPage {
		sim.AddProject(fmt.Sprintf("more-%03d", i))
	}
	d := sim.Add(simulator.Droplet{Name: "mail"})
	c := newAPI(t, Config{BaseURL: "http://localhost", Transport: sim.Transport()}).Client(PrioritySaga)
	all, err := c.Projects(ctx)
	if err != nil || len(all) != perPage+2 || all[0].Name != "Mail" || all[0].ID != mail || all[0].Default || !all[1].Default {
		t.Fatalf("%d of them, first %+v, %v", len(all), all[:min(2, len(all))], err)
	}
	intents := 0
	for range 2 { // the second time it is there already
		if err := c.AssignToProject(ctx, mail, d.ID, func(context.Context) error { intents++; return nil }); err != nil || sim.ProjectOf(d.ID) != "Mail" {
			t.Errorf("in %s, %v", sim.ProjectOf(d.ID), err)
		}
	}
	if intents != 2 {
		t.Errorf("%d intents", intents)
	}
	assign := func(project string, droplet int64, want error) {
		t.Helper()
		if err := c.AssignToProject(ctx, project, droplet, nil); !errors.Is(err, want) {
			t.Errorf("droplet %d into %q: %v, want %v", droplet, project, err, want)
		}
	}
	assign(mail, 1, ErrNotFound)
	assign("no", d.ID, ErrNotFound)
	sim.SetFaults(simulator.Faults{ProjectsDown: true})
	assign(mail, d.ID, ErrUnknown)
	sim.SetFaults(simulator.Faults{WithoutScopes: []string{"project:read", "project:update", "project:assign_resource"}})
	assign(mail, d.ID, ErrForbidden)
	if _, err := c.Projects(ctx); !errors.Is(err, ErrForbidden) {
		t.Errorf("without the scope: %v", err)
	}
	sim.ResetRequests()
	for _, wrong := range []string{"", "..", "a/b", "a?b", "a b"} {
		assign(wrong, d.ID, ErrRejected)
	}
	assign(mail, 0, ErrRejected)
	if n := sim.Requests().Total(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// What is not said about the droplet is not taken for success.
func TestProjectsThatCannotBeRead(t *testing.T) {
	answering := func(body string) *Client {
		return newAPI(t, Config{Transport: inProcess(func(*http.Request) (*http.Response, error) { return reply(200, body), nil })}).Client(PrioritySaga)
	}
	for body, want := range map[string]error{
		`{"resources":[{"urn":"do:droplet:6","status":"not_found"},{"urn":"do:droplet:5","status":"ok"}]}`: nil,
		`{"resources":[{"urn":"do:droplet:6","status":"ok"}]}`:                                             ErrUnknown,
		`{"resources":[{"urn":"do:droplet:5"}]}`:                                                           ErrUnknown,
		`{"resources":[{"urn":"do:droplet:5","status":"lost"}]}`:                                           ErrUnknown,
		`{"resources":[]}`: ErrUnknown,
		`{}`:               ErrUnknown,
	} {
		if err := answering(body).AssignToProject(t.Context(), "p", 5, nil); !errors.Is(err, want) {
			t.Errorf("%s: %v", body, err)
		}
	}
	for body, want := range map[string]error{
		`{"projects":[{"id":"a","name":"n"}],"meta":{"total":2}}`:                       ErrMoved,
		`{"projects":[{"id":"a","name":"n"},{"id":"a","name":"n"}],"meta":{"total":2}}`: ErrMoved,
		`{"projects":[{"id":"a","name":""}],"meta":{"total":1}}`:                        ErrUnavailable,
		`{"projects":[{"name":"n"}],"meta":{"total":1}}`:                                ErrUnavailable,
		`{"projects":[{"id":"a","name":"n"}]}`:                                          ErrUnavailable,
	} {
		if got, err := answering(body).Projects(t.Context()); !errors.Is(err, want) || got != nil {
			t.Errorf("%s: %v, %v", body, got, err)
		}
	}
}
