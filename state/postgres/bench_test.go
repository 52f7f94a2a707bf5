package postgres_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state/postgres/cluster"
	"arcadiad/state/sqlite"
	"arcadiad/state/statetest"
)

// many is how many droplets the account has.
const many = 10_000

// BenchmarkBesideSQLite does the same in a file and in a database, in turn, on a machine that may be busy: the ratios say more than the times. Of
// CPU it counts that of this process; the server has its own.
func BenchmarkBesideSQLite(b *testing.B) {
	for _, c := range []struct {
		name   string
		before func(testing.TB, statetest.Store) // not measured
		do     func(testing.TB, statetest.Store, fleet.Observed)
		again  bool // in the same store
	}{
		{"Save/first", nothing, save, false},
		{"Save/same", saved, save, true},
		{"Resources", recorded, func(t testing.TB, s statetest.Store, _ fleet.Observed) { get(s.Resources(t.Context()))(t) }, true},
		{"Load", recorded, func(t testing.TB, s statetest.Store, _ fleet.Observed) { get(s.Load(t.Context()))(t) }, true},
		{"Sagas/begin", nothing, func(t testing.TB, s statetest.Store, _ fleet.Observed) { must(t, s.Begin(t.Context(), drafts()...)) }, false},
		{"Sagas/commit", begun, func(t testing.TB, s statetest.Store, _ fleet.Observed) { commitAll(t, s) }, false},
		{"Sagas/live", begun, func(t testing.TB, s statetest.Store, _ fleet.Observed) { get(s.Live(t.Context()))(t) }, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			stores := [2]statetest.Store{}
			var costs [2][]cost
			url := ""
			for o := account(); b.Loop(); o.BeganAt, o.EndedAt = o.BeganAt.Add(time.Minute), o.EndedAt.Add(time.Minute) {
				for i, open := range []func() statetest.Store{
					func() statetest.Store { return openFile(b) },
					func() statetest.Store {
						url = cluster.Database(b)
						return open(b, url)
					},
				} {
					if stores[i] == nil {
						stores[i] = open()
						c.before(b, stores[i])
					}
					costs[i] = append(costs[i], measure(b, url, func() { c.do(b, stores[i], o) }))
					if !c.again {
						must(b, stores[i].Close())
						stores[i] = nil
					}
				}
			}
			for what, of := range map[string]func(cost) float64{
				"ms":     func(c cost) float64 { return c.time.Seconds() * 1000 },
				"cpu-ms": func(c cost) float64 { return c.cpu.Seconds() * 1000 },
				"MB":     func(c cost) float64 { return c.bytes / 1e6 },
			} {
				file, database := median(costs[0], of), median(costs[1], of)
				b.ReportMetric(file, "sqlite-"+what)
				b.ReportMetric(database, "postgres-"+what)
				b.ReportMetric(database/file, what+"-ratio")
			}
			b.ReportMetric(median(costs[1], func(c cost) float64 { return c.server.Seconds() * 1000 }), "server-cpu-ms")
			b.ReportMetric(0, "ns/op") // of both
		})
	}
}

// openFile opens a store in a file that is in memory, as what the server writes is.
func openFile(b *testing.B) *sqlite.Store {
	b.Helper()
	return get(sqlite.Open(b.Context(), filepath.Join(statetest.TempDir(b), "arcadiad.db"), sqlite.Options{}))(b)
}

// cost is what something took.
type cost struct {
	time, cpu, server time.Duration
	bytes             float64 // allocated
}

// serverTime is the CPU time of the server's processes that serve a database.
func serverTime(b *testing.B, url string) (total time.Duration) {
	if url == "" {
		return 0
	}
	const query = "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE application_name = 'arcadiad'"
	pids, _ := cluster.Value(b, url, query).(string)
	for _, pid := range strings.Fields(pids) {
		stat, err := os.ReadFile("/proc/" + pid + "/schedstat")
		if err != nil {
			continue
		}
		var ns time.Duration
		get(fmt.Sscan(string(stat), &ns))(b)
		total += ns
	}
	return total
}

func measure(b *testing.B, url string, do func()) cost {
	server := serverTime(b, url)
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, began := cpuTime(), time.Now()
	do()
	c := cost{time: time.Since(began), cpu: cpuTime() - cpu}
	c.server = serverTime(b, url) - server
	runtime.ReadMemStats(&after)
	c.bytes = float64(after.TotalAlloc - before.TotalAlloc)
	return c
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median(costs []cost, of func(cost) float64) float64 {
	slices.SortFunc(costs, func(a, b cost) int { return cmp.Compare(of(a), of(b)) })
	return of(costs[len(costs)/2])
}

// account is a look at the whole account.
func account() fleet.Observed {
	o := fleet.Observed{BeganAt: noon, EndedAt: noon.Add(time.Second)}
	for i := range many {
		o.Droplets = append(o.Droplets, shown(i))
	}
	return o
}

// shown is the i-th droplet, as long as the API's.
func shown(i int) fleet.Droplet {
	id, ip, slug := int64(530_000_000+i), fmt.Sprintf("203.0.%d.%d", i/250, i%250), "s-1vcpu-1gb"
	regions := `["` + strings.Repeat(`nyc1","sfo3","ams3","sgp1","lon1","fra1","tor1","blr1","syd1","`, 2) + `atl1"]`
	sizes := `["` + strings.Repeat(`s-1vcpu-1gb","s-2vcpu-2gb","c-4","g-8vcpu-32gb","so1_5-4vcpu-32gb","`, 20) + `m-8vcpu-64gb"]`
	data := fmt.Sprintf(`{"id":%d,"name":"web-%d","memory":1024,"vcpus":1,"disk":25,"locked":false,"status":"active","kernel":null,"created_at":"2026-11-20T09:14:03Z",`+
		`"features":["private_networking","monitoring","droplet_agent"],"backup_ids":[],"next_backup_window":null,"snapshot_ids":[],"image":{"id":190000001,`+
		`"name":"24.04 (LTS) x64","distribution":"Ubuntu","slug":"ubuntu-24-04-x64","public":true,"regions":%s,"created_at":"2026-10-01T02:03:04Z",`+
		`"min_disk_size":7,"type":"base","size_gigabytes":0.62,"description":"Ubuntu 24.04 (LTS) x64","tags":[],"status":"available"},"volume_ids":[],`+
		`"size":{"slug":%q,"memory":1024,"vcpus":1,"disk":25,"transfer":1.0,"price_monthly":6.0,"price_hourly":0.00893,"regions":%s,"available":true,`+
		`"description":"Basic","networking_throughput":2000,"disk_info":[{"type":"local","size":{"amount":25,"unit":"gib"}}]},"size_slug":%q,`+
		`"networks":{"v4":[{"ip_address":"10.10.%d.%d","netmask":"255.255.0.0","gateway":"10.10.0.1","type":"private"},{"ip_address":%q,"netmask":"255.255.240.0",`+
		`"gateway":"203.0.0.1","type":"public"}],"v6":[]},"region":{"name":"Sydney 1","slug":"syd1","features":["backups","ipv6","metadata","install_agent",`+
		`"storage","image_transfer","server_id"],"available":true,"sizes":%s},`+
		`"tags":["managed-by-arcadia-cloud","arcadia-fleet-demo","arcadia-saga-%08x","web"],"vpc_uuid":"5a4981aa-9653-4bd1-bef5-d6bff52042e4"}`,
		id, i, regions, slug, regions, slug, i/250, i%250, ip, sizes, i)
	return fleet.Droplet{
		ID: id, Name: fmt.Sprint("web-", i), Status: fleet.StatusActive, Region: "syd1", PublicIPv4: ip, CreatedAt: noon, Data: []byte(data),
		Tags: []string{"managed-by-arcadia-cloud", "arcadia-fleet-demo", fmt.Sprintf("arcadia-saga-%08x", i), "web"},
	}
}

func sent(i int) fleet.Record {
	return fleet.Record{
		DropletID: int64(530_000_000 + i), Name: fmt.Sprint("web-", i), ImageID: 190000001, SagaID: draft(i, "").ID, RecordedAt: noon,
		Values: fleet.Values{"size": "s-1vcpu-1gb", "region": "syd1", "image": "ubuntu-24-04-x64", "tags": "web", "ipv6": "false", "ssh_keys": "sha256:00"},
	}
}

func drafts() (sagas []saga.Saga) {
	for i := range many {
		sg := draft(i, fmt.Sprint("web-", i))
		sg.Secret, sg.Labels = []byte("#cloud-config"), map[string]string{"plan": "0123456789abcdef", "reason": "not in the account yet"}
		sagas = append(sagas, sg)
	}
	return sagas
}

func nothing(testing.TB, statetest.Store) {}

func saved(t testing.TB, s statetest.Store) { save(t, s, account()) }

func save(t testing.TB, s statetest.Store, o fleet.Observed) { must(t, s.Save(t.Context(), o)) }

func begun(t testing.TB, s statetest.Store) { must(t, s.Begin(t.Context(), drafts()...)) }

// recorded is an account in which each droplet was made by a saga.
func recorded(t testing.TB, s statetest.Store) {
	saved(t, s)
	begun(t, s)
	sagas := drafts()
	together(func(i int) { must(t, s.Commit(t.Context(), statetest.Ended(sagas[i], saga.Completed), []any{sent(i)})) })
}

// commitAll goes through all sagas side by side, as creates do.
func commitAll(t testing.TB, s statetest.Store) {
	sagas := drafts()
	together(func(i int) {
		sg, d := sagas[i], shown(i)
		d.SeenAt, d.Data = noon, nil
		sg.Status, sg.Begun, sg.Context = saga.Running, true, []byte(`{"droplet_id":530000000,"tries":1}`)
		must(t, s.Commit(t.Context(), sg, nil))
		s.Note([]string{sg.ID}, fleet.Call{Method: "POST", Path: "/v2/droplets", Status: 202, RequestID: "r", BeganAt: noon, LastAt: noon, Times: 1})
		sg.Step, sg.History = 1, []saga.StepTime{{Name: sg.Steps[0], Status: saga.StepDone, Attempts: 1, StartedAt: noon, EndedAt: noon}, sg.History[1]}
		must(t, s.Commit(t.Context(), sg, []any{d}))
		sg.Context = []byte(`{"droplet_id":530000000,"tries":2}`)
		must(t, s.Commit(t.Context(), sg, nil))
		must(t, s.Commit(t.Context(), statetest.Ended(sg, saga.Completed), []any{sent(i)}))
	})
}

// together does something for all droplets at once.
func together(do func(i int)) {
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() { do(i) })
	}
	wg.Wait()
}
