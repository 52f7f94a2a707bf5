// Package hosts hands the droplets of a fleet on to other tools: as an inventory for Ansible, targets for Prometheus, a configuration for ssh, a
// table or JSON. It is pure: [Of] picks the droplets out of what the state database knows, and a [Format] writes them.
//
// Names and tags are text of strangers. None of it may end up as anything but a value: what names something in a format goes through [Safe], and
// what is a value through that format's own encoder.
//
// A file uses only those below it:
//
//	write.go                   the formats
//	ansible.go prometheus.go ssh.go csv.go
//	host.go                    a droplet as others see it
package hosts
