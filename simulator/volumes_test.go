package simulator_test

import (
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"
)

// A volume is made of a snapshot in the snapshot's region, and not smaller. What is on its way to a droplet stays.
func TestVolumesOfSnapshots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := stranger{t, simulator.New(simulator.Options{ActionTime: time.Minute, Activation: -1})}
		v := x.does(201, "POST", "volumes", m{"name": "data", "region": "syd1", "size_gigabytes": 10})["id"].(string)
		snapshot := x.does(201, "POST", "volumes/"+v+"/snapshots", m{"name": "s"})["id"]
		for why, ask := range map[string]m{
			"another region": {"region": "ams3", "size_gigabytes": 10}, "too small": {"size_gigabytes": 9}, "no snapshot": {"snapshot_id": v, "size_gigabytes": 10, "region": "syd1"},
			"no filesystem": {"filesystem_type": "ntfs"}, "a long label": {"filesystem_type": "xfs", "filesystem_label": "thirteen-long"}, "no name": {"name": "Data"},
		} {
			for k, fallback := range (m{"name": "copy", "snapshot_id": snapshot}) {
				if ask[k] == nil {
					ask[k] = fallback
				}
			}
			if status, text := x.ask("POST", "volumes", ask); status != 422 {
				t.Errorf("%s: %d %s", why, status, text)
			}
		}
		made := x.does(201, "POST", "volumes", m{"name": "copy", "snapshot_id": snapshot})
		if made["size_gigabytes"] != 10.0 || made["region"].(m)["slug"] != "syd1" {
			t.Errorf("made of a snapshot: %v", made)
		}
		create := m{"name": "db", "region": "syd1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "volumes": []any{v, v}}
		x.does(422, "POST", "droplets", create) // the volume twice
		create["volumes"] = nil
		d := x.does(202, "POST", "droplets", create)["id"]
		act := x.does(202, "POST", "volumes/"+v+"/actions", m{"type": "attach", "droplet_id": d})["id"].(float64)
		x.does(409, "DELETE", "volumes/"+v, nil)
		x.does(204, "DELETE", "droplets/"+itoa(int(d.(float64))), nil)
		time.Sleep(time.Minute)
		x.shows("actions/"+itoa(int(act)), `"errored"`) // its droplet went before it arrived
		x.does(204, "DELETE", "volumes/"+v, nil)
	})
}
