package daemon

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"

	"arcadiad/hosts"
)

// nodeExporter is the port that a target for Prometheus has unless somebody asks for another.
const nodeExporter = 9100

// targets answers Prometheus' http_sd_configs with the droplets of the fleet: /sd?port=9100&address=private.
func targets(read func(context.Context) ([]hosts.Host, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		network := hosts.Network(cmp.Or(q.Get("address"), string(hosts.Public)))
		port, err := strconv.ParseUint(cmp.Or(q.Get("port"), strconv.Itoa(nodeExporter)), 10, 16)
		if err != nil || port == 0 || network != hosts.Public && network != hosts.Private {
			http.Error(w, "port is a number up to 65535, and address is public or private", http.StatusBadRequest)
			return
		}
		list, err := read(r.Context())
		var body bytes.Buffer
		if err == nil {
			_, err = hosts.Write(&body, hosts.Prometheus, list, hosts.Options{Network: network, Port: int(port)})
		}
		if err != nil { // Prometheus keeps what it had
			http.Error(w, fmt.Sprintf("the state database cannot be read: %v", err), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.Write(body.Bytes())
	})
}
