package provision_test

import (
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/simulator"
)

const routeProject = "POST /v2/projects/{project}/resources"

func inProject(name string) fleet.Spec {
	s := spec("web")
	s.Project = name
	return s
}

// A new droplet is put into its project before it is registered, whatever becomes of the request.
func TestAssignProject(t *testing.T) {
	for name, tt := range map[string]struct {
		effect simulator.Effect
		posts  int
	}{
		"answered":            {simulator.Pass(), 1},
		"answer lost":         {simulator.Cut().After(), 2},
		"500 after the work":  {simulator.Status(500).After(), 2},
		"cut before the work": {simulator.Cut(), 2},
		"429":                 {simulator.TooMany(10 * time.Second), 2},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			y.sim.AddProject("Mail & more")
			if err := y.sim.Script(routeProject, 1, tt.effect); err != nil {
				t.Fatal(err)
			}
			done := y.until(y.provision(inProject("Mail & more")), saga.Completed)
			if steps := strings.Join(done.Steps, " "); steps != "CreateDroplet WaitDropletActive AssignProject RegisterDroplet" {
				t.Errorf("%s: steps %s", name, steps)
			}
			d := y.sim.Named("web")[0]
			if got := y.sim.ProjectOf(d.ID); got != "Mail & more" {
				t.Errorf("%s: it is in %s", name, got)
			}
			if r := y.recorded(d.ID); r.Values[fleet.FieldProject] != "Mail & more" {
				t.Errorf("%s: recorded %v", name, r.Values)
			}
			if n := y.sim.Requests()[routeProject]; n != tt.posts {
				t.Errorf("%s: %d posts, want %d", name, n, tt.posts)
			}
			if n := len(y.sim.Droplets()); n != 1 {
				t.Errorf("%s: %d droplets", name, n)
			}
		})
	}
}

// Where it cannot be done a person is told, and the droplet stays.
func TestAssignProjectThatCannotBeDone(t *testing.T) {
	for name, tt := range map[string]struct {
		faults simulator.Faults
		says   string
	}{
		"no such project":   {simulator.Faults{}, "the account has no project Mail"},
		"no scope to look":  {simulator.Faults{WithoutScopes: []string{"project:read"}}, "project:read"},
		"no scope to write": {simulator.Faults{WithoutScopes: []string{"project:update", "project:assign_resource"}}, "project:update"},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			if name != "no such project" {
				y.sim.AddProject("Mail")
			}
			y.sim.SetFaults(tt.faults)
			id := y.provision(inProject("Mail"))
			stuck := y.until(id, saga.Stuck)
			if !strings.Contains(stuck.Error, tt.says) || len(y.sim.Droplets()) != 1 {
				t.Errorf("%s: %s, %d droplets", name, stuck.Error, len(y.sim.Droplets()))
			}
		})
	}
}

// Wherever the process dies, one droplet is in the project in the end.
func TestAssignProjectWhereverItDies(t *testing.T) {
	for place, hear := range places() {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			deaths := 0
			for alive := false; !alive; deaths += stride() {
				inStage(t, simulator.Options{}, func(y *stage) {
					y.sim.AddProject("Mail")
					left := y.dieAt(deaths, hear)
					id := y.provision(inProject("Mail"))
					for left.Load() > 0 && y.saga(id).Status.Live() {
						time.Sleep(time.Second)
					}
					if alive = left.Load() > 0; !alive {
						y.restart()
						y.observe()
					}
					y.until(id, saga.Completed)
					if all := y.sim.Droplets(); len(all) != 1 || y.sim.ProjectOf(all[0].ID) != "Mail" {
						t.Errorf("death %d: %+v", deaths, all)
					}
				})
			}
			if deaths < 3 {
				t.Errorf("only %d places to die in", deaths)
			}
		})
	}
}

// Without a project in the file there is no such step, and nobody asks for projects.
func TestNoProject(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		done := y.until(y.provision(spec("web")), saga.Completed)
		if strings.Contains(strings.Join(done.Steps, " "), "Project") || y.sim.Requests()["GET /v2/projects"] != 0 {
			t.Errorf("steps %v, requests %v", done.Steps, y.sim.Requests())
		}
	})
}

// The file names another project, or none, while the one that it named is not there: the saga goes on with that.
func TestAssignProjectThatTheFileCorrects(t *testing.T) {
	for _, project := range []string{"Mail", ""} {
		inStage(t, simulator.Options{}, func(y *stage) {
			y.sim.AddProject("Mail")
			id := y.provision(inProject("Mial"))
			y.until(id, saga.Stuck)
			y.want(inProject(project))
			y.until(id, saga.Completed)
			d := y.sim.Named("web")[0]
			if in, recorded := y.sim.ProjectOf(d.ID), y.recorded(d.ID).Values[fleet.FieldProject]; recorded != project || project != "" && in != project {
				t.Errorf("%q: it is in %s, and recorded as %q", project, in, recorded)
			}
		})
	}
}
