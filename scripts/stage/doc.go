// Package stage serves the measuring scripts: a simulated account over HTTP on loopback in the script's own process, and other
// programs as processes whose costs the kernel reports.
package stage
