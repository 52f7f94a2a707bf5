// Package metrics provides the Prometheus metrics.
//
// Counters and histograms grow with events: the daemon reports every pass, saga transition, request and version of the fleet file
// ([Metrics.Pass] and others). Gauges are read at each scrape: those of the fleet from the last good pass, those of the budget and
// of the sagas from the packages themselves ([Sources]). An unknown value is omitted, not 0.
//
// A process that stands by shows one of them ([Standby]).
//
// Every metric is one entry of catalogue.go or gauges.go; [Metrics.Catalogue] returns them all. docs/metrics.md is written from it.
// The registry is passed in, never global: tests have as many as they like.
package metrics
