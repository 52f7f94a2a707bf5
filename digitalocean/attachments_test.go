package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"arcadiad/fleet"
	"arcadiad/simulator"
)

type listing func(context.Context) (Attached, error)

// What hangs on droplets by their ids is read from all pages, with the tags that other things go by.
func TestAttachments(t *testing.T) {
	sim := simulator.New(simulator.Options{})
	web, db, bare := sim.Add(simulator.Droplet{Name: "web", Tags: []string{"web"}}), sim.Add(simulator.Droplet{Name: "db"}), sim.Add(simulator.Droplet{Name: "bare"})
	ip := sim.ReserveIP(web.ID)
	spare := sim.ReserveIP(bare.ID)
	sim.Delete(bare.ID)            // its address stays, unassigned
	for i := range 2*perPage + 1 { // on three pages
		sim.AddFirewall(simulator.Firewall{Name: fmt.Sprint("empty-", i)})
	}
	both := sim.AddFirewall(simulator.Firewall{Name: "both", Droplets: []int64{web.ID, db.ID}, Tags: []string{"Web"}, Sources: []int64{web.ID, web.ID}})
	sim.AddFirewall(simulator.Firewall{Name: "rules", Tags: []string{"web"}, SourceTags: []string{"bastion", "web"}, DestinationTags: []string{"Store"}})
	lb := sim.AddLoadBalancer(simulator.LoadBalancer{Name: "by-id", Droplets: []int64{db.ID}})
	for _, tag := range []string{"web", "API", "Web"} {
		sim.AddLoadBalancer(simulator.LoadBalancer{Name: "by-tag", Tag: tag})
	}
	c := newAPI(t, Config{BaseURL: "http://localhost", Transport: sim.Transport()}).Client(PrioritySync)

	member := fleet.Attachment{Kind: fleet.AttachedFirewall, ID: both.ID, Name: "both", Tags: []string{"Web"}}
	for name, tt := range map[string]struct {
		list listing
		want map[int64][]fleet.Attachment
		tags []string
		ips  []fleet.Address
	}{
		"reserved IPs": {c.ReservedIPs, map[int64][]fleet.Attachment{web.ID: {{Kind: fleet.AttachedReservedIP, ID: ip}}}, nil,
			[]fleet.Address{{IP: ip, Region: "nyc3", DropletID: web.ID}, {IP: spare, Region: "nyc3"}}},
		"firewalls": {c.Firewalls, map[int64][]fleet.Attachment{
			web.ID: {member, {Kind: fleet.AttachedFirewallRule, ID: both.ID, Name: "both"}}, db.ID: {member}}, []string{"bastion", "store", "web"}, nil},
		"load balancers": {c.LoadBalancers, map[int64][]fleet.Attachment{db.ID: {{Kind: fleet.AttachedLoadBalancer, ID: lb.ID, Name: "by-id"}}},
			[]string{"api", "web"}, nil},
	} {
		want := Attached{ByDroplet: tt.want, Tags: tt.tags, Addresses: tt.ips}
		if got, err := tt.list(t.Context()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
	}
	if n := sim.Requests(); n["GET /v2/firewalls"] != 3 || n["GET /v2/load_balancers"] != 1 {
		t.Errorf("requests %v", n)
	}
}

// A list that lacks something, or says what cannot be, is an error of its kind, and never half a list.
func TestAttachmentsThatCannotBeRead(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		want   error
	}{
		{403, `{"id":"forbidden","message":"You do not have permission to perform this action."}`, ErrForbidden},
		{200, `{"firewalls":[{"id":"a","droplet_ids":[1]}],"meta":{"total":2}}`, ErrMoved},
		{200, `{"firewalls":[{"id":"a"},{"id":"a"}],"meta":{"total":2}}`, ErrMoved},
		{200, `{"firewalls":[{"name":"no id"}],"meta":{"total":1}}`, ErrUnavailable},
		{200, `{"firewalls":[{"id":"a","droplet_ids":["1"]}],"meta":{"total":1}}`, ErrUnavailable},
		{200, `{"meta":{"total":0}}`, ErrUnavailable},
		{200, `{"firewalls":[]}`, ErrUnavailable},
		{200, `{"firewalls":[],"meta":{"total":0}}`, nil},
		{200, `{"firewalls":[{"id":"a","name":"n","droplet_ids":null,"tags":null,"inbound_rules":null}],"links":{},"meta":{"total":1}}`, nil},
	} {
		a := newAPI(t, Config{Transport: inProcess(func(*http.Request) (*http.Response, error) { return reply(tt.status, tt.body), nil })})
		got, err := a.Client(PrioritySync).Firewalls(t.Context())
		if !errors.Is(err, tt.want) || tt.want != nil && !reflect.DeepEqual(got, Attached{}) || tt.want == nil && len(got.ByDroplet) != 0 {
			t.Errorf("%d %s: %v, %v; want %v", tt.status, tt.body, got, err, tt.want)
		}
	}
}

// A firewall that does not say its tags may go by any.
func TestFirewallsThatDoNotSayTheirTags(t *testing.T) {
	for body, untold := range map[string]bool{
		`[]`:                        false,
		`[{"id":"a","tags":[]}]`:    false,
		`[{"id":"a","tags":["x"]}]`: false,
		`[{"id":"a","tags":null}]`:  true,
		`[{"id":"a"}]`:              true,
		`[{"id":"a","tags":["x"]},{"id":"b","tags":null},{"id":"c","tags":[]}]`:                        true,
		`[{"id":"a","tags":[],"inbound_rules":[{"sources":{"addresses":["0.0.0.0/0"],"tags":null}}]}]`: false,
	} {
		total := strings.Count(body, `"id"`)
		a := newAPI(t, Config{Transport: inProcess(func(*http.Request) (*http.Response, error) {
			return reply(200, fmt.Sprintf(`{"firewalls":%s,"meta":{"total":%d}}`, body, total)), nil
		})})
		if got, err := a.Client(PrioritySync).Firewalls(t.Context()); err != nil || got.Untold != untold {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
}
