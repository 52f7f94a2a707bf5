package hosts

import (
	"net"
	"strconv"
	"strings"
)

// target is an element of what Prometheus reads with file_sd_configs and http_sd_configs.
type target struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// targets gives one for each host. Labels that begin with __meta_ are for relabelling, and dropped after it.
func targets(list []Host, o Options) []target {
	all := []target{}
	for _, h := range list {
		address, _ := h.address(o.Network)
		labels := map[string]string{"droplet": h.Name, "fleet": h.Fleet, "group": h.Group, "region": h.Region, "__meta_arcadiad_id": itoa(h.ID)}
		if len(h.Tags) > 0 { // as Prometheus itself lists tags, so that ".*,web,.*" finds one
			labels["__meta_arcadiad_tags"] = "," + strings.Join(h.Tags, ",") + ","
		}
		for name, value := range map[string]string{
			"status": h.Status, "size": h.Size, "image": h.Image, "public_ip": h.PublicIP, "private_ip": h.PrivateIP, "reserved_ip": h.ReservedIP,
		} {
			if value != "" {
				labels["__meta_arcadiad_"+name] = value
			}
		}
		all = append(all, target{[]string{net.JoinHostPort(address, strconv.Itoa(o.Port))}, labels})
	}
	return all
}
