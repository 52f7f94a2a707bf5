package simulator_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"arcadiad/simulator"
)

// The switches over HTTP: no token, no rate limit, no faults of their own.
func TestControl(t *testing.T) {
	s := simulator.New(simulator.Options{Limits: simulator.Limits{Minute: 1}})
	do := func(method, path, body string, want int) string {
		t.Helper()
		status, header, text, err := send(context.Background(), s.Transport(), method, "http://simulated/simulator/"+path, body)
		if err != nil || status != want || header.Get(simulator.Header) != "1" {
			t.Errorf("%s %s: %d %v %s", method, path, status, err, text)
		}
		return text
	}
	do("PUT", "faults", `{"tag_visible_after":"30s","refuse":true}`, 200)
	do("PATCH", "faults", `{"server_error":true,"chance":{"server_error":0.5}}`, 200)
	if f := s.Faults(); f.TagVisibleAfter != 30*time.Second || !f.Refuse || !f.ServerError || f.Chance["server_error"] != 0.5 {
		t.Errorf("faults: %+v", f)
	}
	if text := do("PUT", "faults", `{"explode":true}`, 422); !strings.Contains(text, "explode") {
		t.Errorf("the refusal does not say what it is about: %s", text)
	}
	var shown simulator.Faults
	if err := json.Unmarshal([]byte(do("GET", "faults", "", 200)), &shown); err != nil || !shown.Refuse {
		t.Errorf("%v %+v", err, shown)
	}
	do("PUT", "faults", `{}`, 200)
	if f := s.Faults(); f.Refuse || f.TagVisibleAfter != 0 || len(f.Chance) != 0 {
		t.Errorf("PUT does not replace: %+v", f)
	}

	do("POST", "script", `{"route":"GET /v2/account","do":"status","code":429,"retry_after":"7s"}`, 204)
	do("POST", "script", `{"route":"GET /v2/nothing","do":"cut"}`, 422)
	do("POST", "script", `{"route":"GET /v2/account","do":"explode"}`, 422)
	status, header, _, err := send(context.Background(), s.Transport(), "GET", "http://simulated/v2/account", "")
	if err != nil || status != 429 || header.Get("Retry-After") != "7" {
		t.Errorf("%d %v %v", status, header, err)
	}
	do("POST", "script", `{"route":"*","times":-1,"do":"cut"}`, 204)
	do("DELETE", "script", "", 204)
	if s.ScriptLeft() != 0 {
		t.Error("the script was not cleared")
	}
	if text := do("GET", "requests", "", 200); !strings.Contains(text, `"total":1`) || !strings.Contains(text, `"writes":0`) {
		t.Errorf("requests: %s", text)
	}
	if text := do("GET", "", "", 200); !strings.Contains(text, "DIGITALOCEAN_API_URL=http://simulated") {
		t.Errorf("hints: %s", text)
	}
}

func TestHints(t *testing.T) {
	text := simulator.New(simulator.Options{Token: "dop_v1_secret"}).Hints("http://127.0.0.1:8025/")
	for _, want := range []string{
		"DIGITALOCEAN_API_URL=http://127.0.0.1:8025\n", "DIGITALOCEAN_ACCESS_TOKEN=", "--api-url http://127.0.0.1:8025 ",
		`api_endpoint = "http://127.0.0.1:8025"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the hints lack %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "secret") || strings.Contains(text, "{") && strings.Contains(text, "{url}") {
		t.Errorf("the hints show what they should not:\n%s", text)
	}
}

func TestRequestLog(t *testing.T) {
	s := simulator.New(simulator.Options{})
	for _, path := range []string{"/v2/account", "/v2/droplets/7", "/v2/droplets/8", "/v2/no/such"} {
		_, _, _, err := send(context.Background(), s.Transport(), "GET", "http://simulated"+path, "")
		must(t, 0, err)
	}
	_, _, _, err := send(context.Background(), s.Transport(), "POST", "http://simulated/v2/tags", `{"name":"t"}`)
	must(t, 0, err)
	counts := s.Requests()
	if counts.Total() != 5 || counts["GET /v2/droplets/{id}"] != 2 || counts["/"] != 1 || s.Writes() != 1 {
		t.Errorf("%v, %d writes", counts, s.Writes())
	}
	log := s.RequestLog()
	if len(log) != 5 || log[1].Path != "/v2/droplets/7" || log[1].Status != 404 || !strings.HasSuffix(log[4].String(), "POST /v2/tags Created") {
		t.Errorf("%v", log)
	}
	s.ResetRequests()
	if s.Requests().Total() != 0 || s.Writes() != 0 || len(s.RequestLog()) != 0 {
		t.Error("the reset left something")
	}
}
