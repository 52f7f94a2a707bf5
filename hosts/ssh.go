package hosts

import (
	"fmt"
	"io"
	"strings"
)

// writeSSH writes a Host block for each host. Its key is remembered under the droplet's id and not under the address, which DigitalOcean gives to
// another droplet once this one is gone.
func writeSSH(w io.Writer, list []Host, o Options) error {
	var b strings.Builder
	names := named(list)
	for i, h := range list {
		address, _ := h.address(o.Network)
		fmt.Fprintf(&b, "Host %s\n    HostName %s\n    HostKeyAlias droplet-%d\n", names[i], address, h.ID)
		if o.User != "" {
			fmt.Fprintf(&b, "    User %s\n", Safe(o.User))
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
