package state_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// BenchmarkSave saves the same account again: what every sync of a converged fleet costs.
func BenchmarkSave(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := fresh(b)
			o := fleet.Observed{}
			for i := range n {
				d := droplet(int64(i+1), fmt.Sprint("web-", i), time.Time{})
				d.Data = []byte(fmt.Sprintf(`{"id":%d,"pad":%q}`, i, strings.Repeat("x", 3000)))
				o.Droplets = append(o.Droplets, d)
			}
			for i := 0; b.Loop(); i++ {
				o.BeganAt, o.EndedAt = at(i), at(i)
				must(b, s.Save(b.Context(), o))
			}
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

// BenchmarkCommit commits steps of so many sagas side by side, on whatever disk the tests have, and says how many share one fsync.
func BenchmarkCommit(b *testing.B) {
	for _, n := range []int{1, 10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := fresh(b)
			batches := s.CountBatches()
			var sagas []saga.Saga
			for i := range n {
				sagas = append(sagas, draft(i+1, fmt.Sprint("web-", i)))
			}
			must(b, s.Begin(b.Context(), sagas...))
			var next atomic.Int64
			b.SetParallelism(n)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				sg := sagas[int(next.Add(1))%n]
				for pb.Next() {
					must(b, s.Commit(b.Context(), sg, nil))
				}
			})
			b.ReportMetric(float64(b.N)/float64(batches.Load()), "commits/fsync")
		})
	}
}
