package simulator

import (
	"cmp"
	"slices"
	"strings"
)

// balancerSettings are what a load balancer does, as the API shows it.
type balancerSettings struct {
	Kind      string           `json:"type"`
	Algorithm string           `json:"algorithm"`
	SizeUnit  int              `json:"size_unit"`
	Size      string           `json:"size,omitempty"` // what came before size_unit
	Rules     []forwardingRule `json:"forwarding_rules"`
	Check     *healthCheck     `json:"health_check"`
	Sticky    *stickySessions  `json:"sticky_sessions"`

	Redirect     bool   `json:"redirect_http_to_https"`
	Proxy        bool   `json:"enable_proxy_protocol"`
	Keepalive    bool   `json:"enable_backend_keepalive"`
	IdleTimeout  int    `json:"http_idle_timeout_seconds"`
	NoRecords    bool   `json:"disable_lets_encrypt_dns_records"`
	Network      string `json:"network"`
	NetworkStack string `json:"network_stack"`
	Ciphers      string `json:"tls_cipher_policy"`

	Firewall *struct {
		Allow []string `json:"allow"`
		Deny  []string `json:"deny"`
	} `json:"firewall,omitempty"`

	Domains []struct { // of a global one, as are those that follow
		Name        string `json:"name"`
		Managed     bool   `json:"is_managed"`
		Certificate string `json:"certificate_id,omitempty"`
	} `json:"domains,omitempty"`
	Global *struct {
		Protocol   string         `json:"target_protocol"`
		Port       int            `json:"target_port"`
		Priorities map[string]int `json:"region_priorities,omitempty"`
		Failover   int            `json:"failover_threshold,omitempty"`
		CDN        *struct {
			On bool `json:"is_enabled"`
		} `json:"cdn,omitempty"`
	} `json:"glb_settings,omitempty"`
	Targets []string `json:"target_load_balancer_ids,omitempty"`
}

const globalBalancer = "GLOBAL"

type forwardingRule struct {
	EntryProtocol  string `json:"entry_protocol"`
	EntryPort      int    `json:"entry_port"`
	TargetProtocol string `json:"target_protocol"`
	TargetPort     int    `json:"target_port"`
	Certificate    string `json:"certificate_id"`
	Passthrough    bool   `json:"tls_passthrough"`
}

// same compares two rules by their ports and protocols.
func (r forwardingRule) same(other forwardingRule) bool {
	r.Certificate, r.Passthrough = other.Certificate, other.Passthrough
	return r == other
}

// collides tells whether two rules listen at one port: those over UDP and those over TCP have ports of their own.
func (r forwardingRule) collides(other forwardingRule) bool {
	udp := func(r forwardingRule) bool { return r.EntryProtocol == "udp" || r.EntryProtocol == "http3" }
	return r.EntryPort == other.EntryPort && udp(r) == udp(other)
}

type healthCheck struct {
	Protocol  string `json:"protocol"`
	Port      int    `json:"port"`
	Path      string `json:"path"`
	Interval  int    `json:"check_interval_seconds"`
	Timeout   int    `json:"response_timeout_seconds"`
	Healthy   int    `json:"healthy_threshold"`
	Unhealthy int    `json:"unhealthy_threshold"`
}

type stickySessions struct {
	Kind string `json:"type"`
	Name string `json:"cookie_name,omitempty"`
	TTL  int    `json:"cookie_ttl_seconds,omitempty"`
}

// defaultSettings are those of a load balancer that a peek makes, and what a request need not say.
func defaultSettings() *balancerSettings {
	return &balancerSettings{
		Kind: "REGIONAL", Algorithm: "round_robin", SizeUnit: 1, IdleTimeout: 60, Network: "EXTERNAL", NetworkStack: "IPV4", Ciphers: "DEFAULT",
		Rules: []forwardingRule{{EntryProtocol: "http", EntryPort: 80, TargetProtocol: "http", TargetPort: 80}},
		Check: &healthCheck{}, Sticky: &stickySessions{},
	}
}

// settings of a load balancer; those that a peek or an older file left out have their defaults.
func (l *LoadBalancer) settings() *balancerSettings {
	s := defaultSettings()
	if l.Settings != nil {
		s = new(*l.Settings)
	}
	s.fill()
	return s
}

// fill puts defaults where nothing is said.
func (s *balancerSettings) fill() {
	d := defaultSettings()
	s.Kind, s.Algorithm, s.SizeUnit = cmp.Or(s.Kind, d.Kind), cmp.Or(s.Algorithm, d.Algorithm), cmp.Or(s.SizeUnit, d.SizeUnit)
	s.IdleTimeout, s.Network = cmp.Or(s.IdleTimeout, d.IdleTimeout), cmp.Or(s.Network, d.Network)
	s.NetworkStack, s.Ciphers = cmp.Or(s.NetworkStack, d.NetworkStack), cmp.Or(s.Ciphers, d.Ciphers)
	check, sticky := healthCheck{}, stickySessions{}
	if s.Check != nil {
		check = *s.Check
	}
	if s.Sticky != nil {
		sticky = *s.Sticky
	}
	check.Protocol, check.Port = cmp.Or(check.Protocol, "http"), cmp.Or(check.Port, 80)
	if check.Protocol != "tcp" {
		check.Path = cmp.Or(check.Path, "/")
	}
	check.Interval, check.Timeout = cmp.Or(check.Interval, 10), cmp.Or(check.Timeout, 5)
	check.Healthy, check.Unhealthy = cmp.Or(check.Healthy, 5), cmp.Or(check.Unhealthy, 3)
	sticky.Kind = cmp.Or(sticky.Kind, "none")
	s.Check, s.Sticky = &check, &sticky
}

// settle puts the settings into the words in which the API shows them. It says why they are no good: the message of the 422, or nothing.
func (s *balancerSettings) settle(a *Account) (refusal string) {
	s.fill()
	port := func(n int) bool { return n > 0 && n < 1<<16 }
	among := func(words, word string) bool { return word != "" && slices.Contains(strings.Fields(words), word) }
	switch {
	case len(s.Rules) == 0:
		return "forwarding_rules must have at least one rule"
	case !among("REGIONAL REGIONAL_NETWORK GLOBAL", s.Kind):
		return "type is invalid"
	case !among("round_robin least_connections", s.Algorithm):
		return "algorithm is invalid"
	case s.SizeUnit < 1 || s.SizeUnit > 100:
		return "size_unit must be from 1 to 100"
	case !among("http https tcp", s.Check.Protocol) || !port(s.Check.Port):
		return "health_check is invalid"
	case !among("none cookies", s.Sticky.Kind) || s.Sticky.Kind == "cookies" && (s.Sticky.Name == "" || s.Sticky.TTL == 0):
		return "sticky_sessions is invalid"
	}
	for i, r := range s.Rules {
		switch {
		case !among("http https http2 http3 tcp udp", r.EntryProtocol) || !port(r.EntryPort):
			return "forwarding rule has an invalid entry"
		case !among("http https http2 tcp udp", r.TargetProtocol) || !port(r.TargetPort) || (r.EntryProtocol == "udp") != (r.TargetProtocol == "udp"):
			return "forwarding rule has an invalid target"
		case r.Certificate != "" && a.certificate(r.Certificate) == nil:
			return "forwarding rule has an invalid certificate_id"
		case slices.ContainsFunc(s.Rules[:i], r.collides):
			return "forwarding rules must have entry ports of their own"
		}
	}
	return ""
}
