package daemon

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"arcadiad/fleet"
	"arcadiad/simulator"
)

// A group with padded names and a template is one group: a larger count touches nobody else, an edit replaces those whose text changed, a few
// at a time in one rollout, and a smaller count leaves the others in service. The serving watch says whether law 18 holds meanwhile.
func TestLaw18ATemplatedGroupIsOneGroup(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		file := func(count int, text string) string {
			return fleetOf(fmt.Sprintf(`name: 'Worker-[[ printf "%%02d" .Ordinal ]]', count: %d, tags: ['n[[ .Ordinal ]]'], user_data_template: true, user_data: '%s'`, count, text))
		}
		members := func() map[string]int64 {
			ids := map[string]int64{}
			for _, d := range w.sim.Droplets() {
				ids[d.Name] = d.ID
				number := fleet.Numbering{Prefix: "worker-", Width: 2}.Number(d.Name)
				if tag := fmt.Sprintf("n%d", number); !d.HasTag(tag) || d.UserData == "" {
					t.Errorf("%s has the tags %q and the user data %q", d.Name, d.Tags, d.UserData)
				}
			}
			return ids
		}
		watchServing(w)
		w.edit(file(3, "#!/bin/[[ .Name ]]"))
		w.start()
		w.rest()
		three := members()
		if names := slices.Sorted(maps.Keys(three)); !slices.Equal(names, []string{"Worker-01", "Worker-02", "Worker-03"}) {
			t.Fatalf("%q", names)
		}

		w.edit(file(4, "#!/bin/[[ .Name ]]"))
		w.rest()
		four := members()
		if four["Worker-04"] == 0 || four["Worker-01"] != three["Worker-01"] || four["Worker-03"] != three["Worker-03"] {
			t.Errorf("%v grew to %v", three, four)
		}

		w.edit(file(4, "#!/bin/[[ .Name ]][[ if ne .Ordinal 2 ]] -e[[ end ]]"))
		w.rest()
		edited := members()
		for name, id := range edited {
			if (id == four[name]) != (name == "Worker-02") {
				t.Errorf("%s was %d and is %d", name, four[name], id)
			}
		}
		recorded, err := w.reader().Load(context.Background())
		w.must(err)
		rollouts := map[string]int{}
		for _, saga := range recorded.Sagas {
			if saga.Kind == fleet.SagaReplace {
				rollouts[saga.Rollout]++
			}
		}
		if n := slices.Collect(maps.Values(rollouts)); !slices.Equal(n, []int{3}) {
			t.Errorf("the replaces are of the rollouts %v", rollouts)
		}

		w.edit(file(2, "#!/bin/[[ .Name ]][[ if ne .Ordinal 2 ]] -e[[ end ]]"))
		w.rest()
		if two := members(); len(two) != 2 || two["Worker-01"] != edited["Worker-01"] || two["Worker-02"] != edited["Worker-02"] {
			t.Errorf("%v shrank to %v", edited, two)
		}
	})
}
