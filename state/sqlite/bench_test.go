package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state/sqlite"
)

// onDisk opens a new store on the disk that the system has its temporary files on, and says what it writes and syncs.
func onDisk(b *testing.B) (s *sqlite.Store, report func()) {
	b.Helper()
	s = open(b, filepath.Join(b.TempDir(), "arcadiad.db"))
	batches, before := s.CountBatches(), written(b)
	return s, func() {
		b.Helper()
		b.ReportMetric(float64(batches.Load())/float64(b.N), "fsyncs/op")
		b.ReportMetric(float64(written(b)-before)/float64(b.N), "written-bytes/op")
	}
}

// written is how many bytes this process has written so far, to whatever file.
func written(b *testing.B) (n int) {
	io, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0 // not on Linux
	}
	_, after, _ := strings.Cut(string(io), "wchar: ")
	line, _, _ := strings.Cut(after, "\n")
	return get(strconv.Atoi(line))(b)
}

// BenchmarkSave saves the same account again: what every sync of a converged fleet costs.
func BenchmarkSave(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint("droplets=", n), func(b *testing.B) {
			o := fleet.Observed{}
			for i := range n {
				d := droplet(int64(i+1), fmt.Sprint("web-", i), time.Time{})
				d.Data = []byte(fmt.Sprintf(`{"id":%d,"pad":%q}`, i, strings.Repeat("x", 3000)))
				o.Droplets = append(o.Droplets, d)
			}
			s := open(b, filepath.Join(b.TempDir(), "arcadiad.db"))
			o.BeganAt, o.EndedAt = at(0), at(0)
			must(b, s.Save(b.Context(), o))
			before := written(b)
			for i := 1; b.Loop(); i++ {
				o.BeganAt, o.EndedAt = at(i), at(i)
				must(b, s.Save(b.Context(), o))
			}
			b.ReportMetric(float64(written(b)-before)/float64(b.N), "written-bytes/op")
		})
	}
}

// BenchmarkLoad loads what a plan needs.
func BenchmarkLoad(b *testing.B) {
	s := fresh(b)
	o := fleet.Observed{BeganAt: at(1), EndedAt: at(1)}
	var sagas []saga.Saga
	for i := range 10_000 {
		o.Droplets = append(o.Droplets, droplet(int64(i+1), fmt.Sprint("web-", i), at(1)))
		sagas = append(sagas, draft(i+1, fmt.Sprint("web-", i)))
	}
	must(b, s.Save(b.Context(), o))
	must(b, s.Begin(b.Context(), sagas...))
	for b.Loop() {
		get(s.Load(b.Context()))(b)
	}
}

// BenchmarkFsync is the disk's own measure: a page appended to a file, and synced.
func BenchmarkFsync(b *testing.B) {
	f := get(os.Create(filepath.Join(b.TempDir(), "file")))(b)
	defer f.Close()
	page := make([]byte, 4096)
	for b.Loop() {
		get(f.Write(page))(b)
		must(b, f.Sync())
	}
}

// BenchmarkSteps runs so many sagas of ten steps side by side, each of which does nothing but commit.
func BenchmarkSteps(b *testing.B) {
	const steps = 10
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint("sagas=", n), func(b *testing.B) {
			s, report := onDisk(b)
			e := saga.New(s, saga.Options{})
			var names []saga.Step
			for i := range steps {
				names = append(names, saga.Step{Name: fmt.Sprint("Step", i), Run: func(context.Context, *saga.Run) error { return nil }})
			}
			e.Define("Steps", names...)
			must(b, e.Resume(b.Context()))
			for b.Loop() {
				begin(b, e, n)
				e.Wait()
			}
			report()
			b.ReportMetric(float64(b.N*n*steps)/b.Elapsed().Seconds(), "steps/s")
		})
	}
}

// begin begins n sagas of kind Steps.
func begin(b *testing.B, e *saga.Engine, n int) {
	b.Helper()
	var sagas []saga.Saga
	for i := range n {
		sagas = append(sagas, get(e.Draft("Steps", fmt.Sprint("web-", i), nil, nil, nil))(b))
	}
	must(b, e.Begin(b.Context(), sagas...))
}

// BenchmarkResume is from the start of an engine until each of so many open sagas runs a step again.
func BenchmarkResume(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint("sagas=", n), func(b *testing.B) {
			s, _ := onDisk(b)
			var running sync.WaitGroup
			wait := saga.Step{Name: "Wait", Run: func(ctx context.Context, _ *saga.Run) error {
				running.Done()
				<-ctx.Done()
				return ctx.Err()
			}}
			start := func(again bool) (stop func()) {
				ctx, cancel := context.WithCancel(b.Context())
				e := saga.New(s, saga.Options{})
				e.Define("Steps", wait)
				running.Add(n)
				must(b, e.Resume(ctx))
				if !again {
					begin(b, e, n)
				}
				running.Wait()
				return func() { cancel(); e.Wait() }
			}
			start(false)()
			for b.Loop() {
				stop := start(true)
				b.StopTimer()
				stop()
				b.StartTimer()
			}
		})
	}
}
