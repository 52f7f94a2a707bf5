package metrics

import "github.com/prometheus/client_golang/prometheus"

const (
	leading     = "leading"
	leadingHelp = "1: this process leads; 0: it stands by. Omitted unless hosts share the state database. A process that stands by has no other metric."
)

// Standby registers what a process shows while it stands by: whatever else it said of the fleet would be old.
func Standby(r prometheus.Registerer) {
	r.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: prefix + leading, Help: leadingHelp}))
}
