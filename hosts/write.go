package hosts

import (
	"encoding/json"
	"io"
)

// Format is a form in which hosts are handed on.
type Format string

const (
	Ansible    Format = "ansible"
	Prometheus Format = "prometheus"
	SSHConfig  Format = "ssh-config"
	CSV        Format = "csv"
	JSON       Format = "json"
)

// Formats are all of them.
func Formats() []string {
	return []string{string(Ansible), string(Prometheus), string(SSHConfig), string(CSV), string(JSON)}
}

// Write writes the hosts. Left out are those without an address in the network, where the format needs one.
func Write(w io.Writer, f Format, list []Host, o Options) (leftOut []string, err error) {
	reachable := []Host{}
	for _, h := range list {
		if _, ok := h.address(o.Network); ok {
			reachable = append(reachable, h)
		} else {
			leftOut = append(leftOut, h.Name)
		}
	}
	switch f {
	case Ansible:
		return leftOut, writeAnsible(w, reachable, o)
	case Prometheus:
		return leftOut, writeJSON(w, targets(reachable, o))
	case SSHConfig:
		return leftOut, writeSSH(w, reachable, o)
	case CSV:
		return nil, writeCSV(w, list)
	}
	return nil, writeJSON(w, list)
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
