package fleetfile

import (
	"time"

	"arcadiad/fleet"

	"gopkg.in/yaml.v3"
)

// readyKey is the key of a stanza that says how its droplets show that they serve.
const readyKey = "ready"

// The bounds of the times of a probe.
const (
	leastWithin = time.Second
	mostWithin  = 24 * time.Hour
	mostFor     = time.Hour
)

// pathForm is what a request for a path can carry: anything else has to be percent-encoded, and a # never reaches the server.
var pathForm = form{noun: "a path", patterns: match(`^/([!"$&-~]|%[0-9a-fA-F]{2})*$`), maxBytes: 2048,
	hint: "it begins with / and has no spaces or control characters; percent-encode what is not plain ASCII"}

// ports are those that a droplet may listen on.
func ports() kind[int] { return wholes(1, 65535, "") }

// readyTable has the keys under `ready:`.
var readyTable = []member[fleet.Ready]{
	keyOf("tcp", ports(), "The port that must accept a TCP connection.", func(r *fleet.Ready, port int) { r.Port = port }),
	{
		name: "http",
		schema: func() object {
			s := membersSchema(httpTable, "The HTTP request (GET) that must be answered well. Redirects are not followed.")
			s["required"] = []string{"port"}
			return s
		}(),
		read: func(d *decoder, n *yaml.Node, r *fleet.Ready) {
			r.HTTP, r.Path = true, "/"
			if said, ok := readMembers(d, n, "http", httpTable, r); ok && said["port"] == nil {
				d.fail(d.follow(n), "such as port: 80", "http has no port")
			}
		},
	},
	keyOf("address", wordsOf([]string{"public", "private"}, "public"),
		"The address of the droplet that is probed. The private one can be reached only from the same VPC.",
		func(r *fleet.Ready, word string) { r.Private = word == "private" }),
	keyOf("within", durations(leastWithin, mostWithin, fleet.DefaultReadyWithin),
		"How long a new droplet may take, from active, until it is ready; from 1s to 24h.",
		func(r *fleet.Ready, length time.Duration) { r.Within = length }),
	keyOf("for", durations(0, mostFor, 0),
		"How long the probe must keep passing until the droplet counts as ready; less than `within`, at most 1h.",
		func(r *fleet.Ready, length time.Duration) { r.For = length }),
}

// httpTable has the keys under `ready.http:`.
var httpTable = []member[fleet.Ready]{
	keyOf("port", ports(), "The port.", func(r *fleet.Ready, port int) { r.Port = port }),
	keyOf("path", textsOf(pathForm, "/"), "The path, with its query.", func(r *fleet.Ready, path string) { r.Path = path }),
	keyOf("status", wholes(200, 599, "leave it out for any from 200 to 299"),
		"The only good status, such as 204 or 301; without it any from 200 to 299.",
		func(r *fleet.Ready, status int) { r.Status = status }),
	keyOf("tls", flags(), "Whether to ask by HTTPS. The certificate is not verified.", func(r *fleet.Ready, tls bool) { r.TLS = tls }),
}

func readySchema() object {
	s := membersSchema(readyTable, "How a droplet shows that it serves: by a probe of its own address, tcp or http. "+
		"Without it a droplet serves when it is active.")
	s["oneOf"] = []object{{"required": []string{"tcp"}}, {"required": []string{"http"}}}
	return s
}

// ready reads how a droplet shows that it serves.
func (d *decoder) ready(n *yaml.Node) value {
	r := &fleet.Ready{Within: fleet.DefaultReadyWithin}
	said, ok := readMembers(d, n, readyKey, readyTable, r)
	switch tcp, http := said["tcp"], said["http"]; {
	case tcp != nil && http != nil:
		ok = d.fail(d.follow(http), "remove one of them", "ready has both tcp and http")
	case ok && tcp == nil && http == nil:
		ok = d.fail(d.follow(n), "such as tcp: 22, or http: {port: 80}", "ready has neither tcp nor http")
	case ok && r.For >= r.Within:
		ok = d.fail(d.follow(said["for"]), "allow more time with within", "for must be below within, which is %s", fleet.ShortDuration(r.Within))
	}
	return value{ok: ok, ready: r, at: n}
}
