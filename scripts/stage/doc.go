// Package stage is what the scripts that measure stand on: a simulated account behind HTTP on loopback, served by the script's own
// process, and other programs as processes whose costs are taken from the kernel.
package stage
