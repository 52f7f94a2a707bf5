package simulator_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"arcadiad/simulator"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

const description = "../../shared/do-openapi-droplets.yaml"

// described loads DigitalOcean's description of its API, loosened where the real API gives more
// (docs/digitalocean-api.md, "The OpenAPI description").
func described(t *testing.T) routers.Router {
	t.Helper()
	if _, err := os.Stat(description); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not here", description)
	}
	doc, err := openapi3.NewLoader().LoadFromFile(description)
	if err != nil {
		t.Fatal(err)
	}
	for schema, missing := range map[string]string{"region_slug": "atl1", "distribution": "AlmaLinux"} {
		value := doc.Components.Schemas[schema].Value
		value.Enum = append(value.Enum, missing)
	}
	// The description contradicts itself here: it documents this action, and leaves it out of the enumeration.
	kinds := doc.Components.Schemas["droplet_action"].Value.Properties["type"].Value
	kinds.Enum = append(kinds.Enum, "change_backup_policy")
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// checker sends requests and holds what comes back against the description.
type checker struct {
	t      *testing.T
	s      *simulator.Simulator
	router routers.Router
}

func (c checker) send(method, path, body string, want int) string {
	c.t.Helper()
	ctx := context.Background()
	newRequest := func() *http.Request {
		r, err := http.NewRequestWithContext(ctx, method, "https://api.digitalocean.com"+path, strings.NewReader(body))
		if err != nil {
			c.t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer any")
		r.Header.Set("Content-Type", "application/json")
		return r
	}
	resp, err := c.s.Transport().RoundTrip(newRequest())
	if err != nil {
		c.t.Fatal(err)
	}
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if resp.StatusCode != want {
		c.t.Errorf("%s %s: %d, want %d: %s", method, path, resp.StatusCode, want, raw)
	}
	r := newRequest()
	found, params, err := c.router.FindRoute(r)
	if err != nil {
		c.t.Fatalf("%s %s is not in the description: %v", method, path, err)
	}
	in := &openapi3filter.RequestValidationInput{Request: r, Route: found, PathParams: params,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}}
	if want < 400 {
		if err := openapi3filter.ValidateRequest(ctx, in); err != nil {
			c.t.Errorf("%s %s: the test's own request is wrong: %v", method, path, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header, Options: in.Options}
	out.SetBodyBytes(bytes.Clone(raw))
	if err := openapi3filter.ValidateResponse(ctx, out); err != nil {
		c.t.Errorf("%s %s: %v\n%s", method, path, err, raw)
	}
	return string(raw)
}

func TestAnswersFitTheDescription(t *testing.T) {
	s := simulator.New(simulator.Options{Activation: -1, ActionTime: -1, Limits: simulator.Unlimited()})
	c := checker{t, s, described(t)}
	key, print := s.AddKey("me")
	full := s.Add(simulator.Droplet{Name: "full", Tags: []string{"web"}, Backups: true, IPv6: true, Monitoring: true, Region: "syd1"})
	gpu := s.Add(simulator.Droplet{Name: "gpu", Size: "gpu-h100x1-80gb", Region: "nyc2"})
	volume := s.AttachVolume(full.ID)
	backup := s.Backup(full.ID)
	ip := s.ReserveIP(full.ID)
	s.AddFirewall(simulator.Firewall{Name: "fw", Droplets: []int64{full.ID}, Tags: []string{"web"}, Sources: []int64{gpu.ID}, SourceTags: []string{"web"}})
	newborn := s.Add(simulator.Droplet{Name: "newborn", Status: "new"})
	id := itoa(int(full.ID))

	good := `{"name":"web-1","region":"syd1","size":"s-1vcpu-1gb","image":"ubuntu-24-04-x64","tags":["web"],"ssh_keys":[` + itoa(int(key)) + `,"` + print + `"]}`
	c.send("POST", "/v2/droplets", good, 202)
	c.send("POST", "/v2/droplets", strings.Replace(good, `"name":"web-1"`, `"names":["a","b"]`, 1), 202)
	c.send("POST", "/v2/droplets", `{"name":"no_underscores","size":"s-1vcpu-1gb","image":"ubuntu-24-04-x64"}`, 422)
	c.send("POST", "/v2/droplets", `{`, 400)
	for path, has := range map[string]string{
		"/v2/account":                                               s.TeamUUID(),
		"/v2/account/keys":                                          print,
		"/v2/account/keys/" + print:                                 print,
		"/v2/droplets":                                              `"full"`,
		"/v2/droplets?per_page=1&page=2":                            `"prev"`,
		"/v2/droplets?type=gpus":                                    "nvidia_h100",
		"/v2/droplets?tag_name=web":                                 `"web-1"`,
		"/v2/droplets?name=FULL":                                    `"full"`,
		"/v2/droplets/" + id:                                        volume,
		"/v2/droplets/" + itoa(int(gpu.ID)):                         "gpu_info",
		"/v2/droplets/" + itoa(int(newborn.ID)):                     `"v4":[]`,
		"/v2/droplets/" + id + "/backups":                           itoa(int(backup)),
		"/v2/droplets/" + id + "/kernels":                           `"total":0`,
		"/v2/droplets/" + id + "/firewalls":                         `"fw"`,
		"/v2/droplets/" + id + "/neighbors":                         `[]`,
		"/v2/droplets/" + id + "/backups/policy":                    `"daily"`,
		"/v2/droplets/" + id + "/destroy_with_associated_resources": ip,
		"/v2/droplets/backups/policies":                             `"backup_enabled":true`,
		"/v2/droplets/backups/supported_policies":                   `"weekly"`,
		"/v2/actions":                                               `"create"`,
		"/v2/sizes?per_page=200":                                    `"s-1vcpu-512mb-10gb"`,
		"/v2/regions":                                               `"Sydney 1"`,
		"/v2/images?type=distribution":                              `"Ubuntu"`,
		"/v2/images?type=application":                               `"docker-20-04"`,
		"/v2/images/ubuntu-24-04-x64":                               `"24.04 (LTS) x64"`,
		"/v2/tags":                                                  `"web"`,
		"/v2/tags/web":                                              "last_tagged_uri",
	} {
		if body := c.send("GET", path, "", 200); !strings.Contains(body, has) {
			t.Errorf("GET %s lacks %s: %s", path, has, body)
		}
	}
	c.send("GET", "/v2/droplets/1", "", 404)
	c.send("GET", "/v2/tags/nobody", "", 404)
	for _, action := range []string{
		`{"type":"reboot"}`, `{"type":"power_off"}`, `{"type":"resize","size":"s-2vcpu-4gb","disk":true}`, `{"type":"power_on"}`,
		`{"type":"rename","name":"fuller"}`, `{"type":"change_backup_policy","backup_policy":{"plan":"weekly","weekday":"SUN","hour":20}}`,
		`{"type":"disable_backups"}`, `{"type":"enable_backups"}`, `{"type":"snapshot","name":"nice"}`, `{"type":"rebuild","image":"debian-12-x64"}`,
	} {
		c.send("POST", "/v2/droplets/"+id+"/actions", action, 201)
	}
	c.send("GET", "/v2/droplets/"+id+"/actions", "", 200)
	c.send("GET", "/v2/droplets/"+id+"/snapshots", "", 200)
	c.send("GET", "/v2/images?private=true", "", 200)
	c.send("POST", "/v2/droplets/"+id+"/actions", `{"type":"resize","size":"s-1vcpu-1gb"}`, 422)
	c.send("POST", "/v2/droplets/actions?tag_name=web", `{"type":"power_cycle"}`, 201)
	imported := c.send("POST", "/v2/images", `{"name":"mine","url":"http://example.com/disk.qcow2","region":"nyc3","distribution":"Debian"}`, 202)
	mine := regexp.MustCompile(`"id":(\d+)`).FindStringSubmatch(imported)[1]
	c.send("PUT", "/v2/images/"+mine, `{"name":"ours"}`, 200)
	c.send("DELETE", "/v2/images/"+mine, "", 204)
	c.send("DELETE", "/v2/droplets/"+itoa(int(gpu.ID))+"/destroy_with_associated_resources/dangerous", "", 400)
	c.send("DELETE", "/v2/droplets/"+itoa(int(gpu.ID))+"/destroy_with_associated_resources/selective", `{"volumes":[]}`, 202)
	c.send("GET", "/v2/droplets/"+itoa(int(gpu.ID))+"/destroy_with_associated_resources/status", "", 200)
	c.send("POST", "/v2/droplets/"+itoa(int(gpu.ID))+"/destroy_with_associated_resources/retry", "", 202)
	c.send("POST", "/v2/tags", `{"name":"extra"}`, 201)
	c.send("POST", "/v2/tags", `{"name":"no spaces"}`, 400)
	c.send("POST", "/v2/tags/extra/resources", `{"resources":[{"resource_id":"`+id+`","resource_type":"droplet"}]}`, 204)
	c.send("DELETE", "/v2/tags/extra/resources", `{"resources":[{"resource_id":"`+id+`","resource_type":"droplet"}]}`, 204)
	c.send("DELETE", "/v2/tags/extra", "", 204)
	c.send("PUT", "/v2/account/keys/"+itoa(int(key)), `{"name":"mine"}`, 200)
	c.send("DELETE", "/v2/account/keys/"+print, "", 204)
	c.send("DELETE", "/v2/droplets/"+id, "", 204)
	c.send("DELETE", "/v2/droplets/"+id, "", 404)
	c.send("DELETE", "/v2/droplets?tag_name=web", "", 204)
	s.Revoke("any")
	c.send("GET", "/v2/account", "", 401)
}

// Lies fit the description too, but for a member that is null or missing against it.
func TestLiesFitTheDescription(t *testing.T) {
	s := simulator.New(simulator.Options{Activation: -1, Limits: simulator.Unlimited()})
	c := checker{t, s, described(t)}
	d := s.Add(simulator.Droplet{Name: "web-1", Tags: []string{"web"}, Backups: true, Monitoring: true})
	for name, tc := range map[string]struct {
		faults simulator.Faults
		found  int
		has    string // in the list
	}{
		"blank":    {simulator.Faults{BlankReads: true}, 404, `"droplets":[],"links":{},"meta":{"total":0}`},
		"behind":   {simulator.Faults{ReadsBehind: time.Hour}, 404, `"total":0`},
		"hidden":   {simulator.Faults{HiddenFromLists: []string{"*"}, HiddenFromGet: []string{"*"}}, 404, `"total":0`},
		"off":      {simulator.Faults{ShownOff: []string{"web-1"}}, 200, `"status":"off"`},
		"features": {simulator.Faults{FeaturesLackBackups: true}, 200, `"features":["monitoring","private_networking"]`},
		"restless": {simulator.Faults{TotalMoves: true}, 200, `"total":3`},
		"empty":    {simulator.Faults{Members: []simulator.Member{{Name: "volume_ids", As: "empty"}, {Name: "tags", As: "empty"}}}, 200, `"tags":[]`},
		"missing":  {simulator.Faults{Members: []simulator.Member{{Name: "vpc_uuid", As: "missing"}, {Name: "image.slug", As: "null"}}}, 200, `"slug":null`},
	} {
		s.SetFaults(tc.faults)
		c.send("GET", "/v2/droplets/"+itoa(int(d.ID)), "", tc.found)
		if body := c.send("GET", "/v2/droplets", "", 200); !strings.Contains(body, tc.has) {
			t.Errorf("%s: the list lacks %s: %s", name, tc.has, body)
		}
	}
	s.SetFaults(simulator.Faults{TagCountOff: 4})
	if body := c.send("GET", "/v2/tags/web", "", 200); !strings.Contains(body, `"count":5`) {
		t.Errorf("the tag: %s", body)
	}
}
