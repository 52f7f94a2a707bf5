package digitalocean

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestAct(t *testing.T) {
	for name, tt := range map[string]struct {
		request ActionRequest
		body    string
		status  int
		answer  string
		kind    error
		hint    string
	}{
		"resize": {ActionRequest{Type: ActResize, Size: "s-2vcpu-2gb", Disk: true}, `{"type":"resize","size":"s-2vcpu-2gb","disk":true}`,
			201, `{"action":{"id":7,"type":"resize","status":"in-progress","started_at":"2026-11-20T09:20:00Z"}}`, nil, ""},
		"rename": {ActionRequest{Type: ActRename, Name: "web-1"}, `{"type":"rename","name":"web-1"}`,
			201, `{"action":{"id":7,"type":"rename","status":"in-progress","started_at":"2026-11-20T09:20:00Z"}}`, nil, ""},
		"busy": {ActionRequest{Type: ActPowerOn}, `{"type":"power_on"}`,
			422, `{"id":"unprocessable_entity","message":"Droplet already has a pending event."}`, ErrPendingEvent, ""},
		"off already": {ActionRequest{Type: ActPowerOff}, `{"type":"power_off"}`,
			422, `{"id":"unprocessable_entity","message":"Droplet is already powered off"}`, ErrAlreadySo, ""},
		"on already": {ActionRequest{Type: ActPowerOn}, `{"type":"power_on"}`,
			422, `{"id":"unprocessable_entity","message":"Droplet is already powered on"}`, ErrAlreadySo, ""},
		"no room": {ActionRequest{Type: ActResize, Size: "l"}, `{"type":"resize","size":"l"}`,
			422, `{"id":"unprocessable_entity","message":"Size is too large to fit on your droplet's server"}`, ErrRejected, ""},
		"no scope": {ActionRequest{Type: ActResize, Size: "l"}, `{"type":"resize","size":"l"}`,
			403, `{"id":"forbidden","message":"no"}`, ErrForbidden, "this needs droplet:update and droplet:create"},
		"no action":      {ActionRequest{Type: ActShutdown}, `{"type":"shutdown"}`, 201, `{"links":{}}`, ErrUnknown, ""},
		"half an answer": {ActionRequest{Type: ActShutdown}, `{"type":"shutdown"}`, 201, `{"action":{"id":7,`, ErrUnknown, ""},
	} {
		order := ""
		c := newAPI(t, Config{Transport: inProcess(func(r *http.Request) (*http.Response, error) {
			order += "wire"
			body, err := io.ReadAll(r.Body)
			if got := strings.TrimSpace(string(body)); err != nil || got != tt.body || r.Method+r.URL.Path != "POST/v2/droplets/5/actions" {
				t.Errorf("%s: %s %s %s, %v", name, r.Method, r.URL.Path, got, err)
			}
			return reply(tt.status, tt.answer), nil
		})}).Client(PrioritySaga)
		a, err := c.Act(t.Context(), 5, tt.request, nil)
		if !errors.Is(err, tt.kind) || err != nil && !strings.Contains(err.Error(), tt.hint) || order != "wire" {
			t.Errorf("%s: %v, sent %q", name, err, order)
		}
		want := Action{ID: 7, Type: tt.request.Type, Status: ActionInProgress, StartedAt: time.Date(2026, 11, 20, 9, 20, 0, 0, time.UTC)}
		if err == nil && a != want {
			t.Errorf("%s: got %+v", name, a)
		}
	}
	if _, err := new(Client).Act(t.Context(), 0, ActionRequest{Type: ActPowerOn}, nil); !errors.Is(err, ErrRejected) {
		t.Errorf("a droplet 0: %v", err)
	}
}

func TestAction(t *testing.T) {
	c := newAPI(t, Config{Transport: inProcess(func(r *http.Request) (*http.Response, error) {
		switch r.URL.Path {
		case "/v2/actions/7":
			return reply(200, `{"action":{"id":7,"type":"resize","status":"errored","started_at":"2026-11-20T09:20:00Z","completed_at":"2026-11-20T09:21:00Z"}}`), nil
		case "/v2/actions/8":
			return reply(200, `{"action":{"id":8}}`), nil
		}
		return reply(404, `{"id":"not_found","message":"gone"}`), nil
	})}).Client(PriorityPoll)
	a, err := c.Action(t.Context(), 7)
	if err != nil || a.Status != ActionErrored || a.CompletedAt.Sub(a.StartedAt) != time.Minute {
		t.Errorf("got %+v, %v", a, err)
	}
	for id, kind := range map[int64]error{8: ErrUnavailable, 9: ErrNotFound, 0: ErrRejected} {
		if _, err := c.Action(t.Context(), id); !errors.Is(err, kind) {
			t.Errorf("action %d: %v, want %v", id, err, kind)
		}
	}
}
