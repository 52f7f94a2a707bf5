package simulator_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"arcadiad/scripts/goldentest"
	"arcadiad/simulator"
)

// anonymous is a route without the names of what its path leaves open.
func anonymous(route string) string {
	return regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(route, "{}")
}

// The page says which routes of the API the simulator has, and which it lacks.
func TestRoutesPage(t *testing.T) {
	known, err := os.ReadFile("testdata/api-routes.txt")
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	for _, route := range simulator.Routes() {
		has[anonymous(route)] = true
	}
	var families []string
	with, without := map[string][]string{}, map[string][]string{}
	for line := range strings.Lines(string(known)) {
		route := strings.TrimSpace(line)
		if strings.HasPrefix(route, "#") {
			continue
		}
		method, path, _ := strings.Cut(route, " ")
		family := strings.Split(path, "/")[2]
		if !slices.Contains(families, family) {
			families = append(families, family)
		}
		words := fmt.Sprintf("`%s %s`", method, strings.TrimPrefix(path, "/v2/"))
		if has[anonymous(route)] {
			with[family] = append(with[family], words)
			delete(has, anonymous(route))
		} else {
			without[family] = append(without[family], words)
		}
	}
	for route := range has {
		t.Errorf("%s is not in testdata/api-routes.txt: the API does not have it, or the list lacks it", route)
	}
	var page strings.Builder
	page.WriteString("| resource | here | not here |\n|---|---|---|\n")
	for _, family := range families {
		fmt.Fprintf(&page, "| %s | %s | %s |\n", family, strings.Join(with[family], "<br>"), strings.Join(without[family], "<br>"))
	}
	goldentest.Part(t, "../docs/simulator.md", "routes", page.String())
}

// What the simulator does not have does not look like a missing object, and its log says so.
func TestUnknownRoute(t *testing.T) {
	var log bytes.Buffer
	s := simulator.New(simulator.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for _, path := range []string{"droplets/autoscale", "droplets/autoscale/7"} { // a pool, and not a droplet of that id
		stranger{t, s}.does(501, "GET", path, nil)
	}
	status, _, text, err := send(context.Background(), s.Transport(), "GET", "http://simulated/v2/kubernetes/clusters", "")
	if err != nil || status != 501 || !strings.Contains(text, `"id":"not_implemented"`) || !strings.Contains(text, "no route GET /v2/kubernetes/clusters") ||
		!strings.Contains(log.String(), "no route GET /v2/kubernetes/clusters") {
		t.Errorf("%d %s %v\n%s", status, text, err, log.String())
	}
}

// The 1-Click applications are the images for them.
func TestOneClicks(t *testing.T) {
	x := newStranger(t)
	x.shows("1-clicks", `{"1_clicks":[{"slug":"docker-20-04","type":"droplet"}`)
	x.shows("1-clicks?type=kubernetes", `{"1_clicks":[]}`)
}
