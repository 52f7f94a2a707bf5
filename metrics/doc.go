// Package metrics counts what the rooms tell of, for Prometheus.
//
// Counters and histograms grow with what happens: the daemon passes on every pass, saga transition, request and version of the
// fleet file ([Metrics.Pass] and its like). Gauges are read when somebody scrapes: those of the fleet from the last good pass,
// those of the budget and of the sagas from the rooms themselves ([Sources]). What is not known yet is left out rather than 0.
//
// Every metric is one entry of catalogue.go or gauges.go; [Metrics.Catalogue] gives them all. docs/metrics.md is written from it.
// A registry is given, never global: tests have as many as they like.
package metrics
