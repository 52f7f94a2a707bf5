package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
)

var (
	kills   = flag.Int("kills", 3, "how many fleets are built by processes that are killed")
	killOne = flag.Uint64("kill-seed", 0, "build the fleet of this seed alone")
)

// TestKill runs the real daemon against the real simulator in another process, kills it with SIGKILL at random moments while the
// file changes and the API misbehaves, and demands exactly one droplet for each name in the end. The seed decides the edits and the
// faults; the moments are what the machine makes of them.
func TestKill(t *testing.T) {
	t.Parallel()
	seeds := []uint64{*killOne}
	if *killOne == 0 {
		seeds = seeds[:0]
		for i := range uint64(*kills) {
			seeds = append(seeds, i+1)
		}
	}
	var mu sync.Mutex
	lives, sent := 0, 0
	t.Run("runs", func(t *testing.T) {
		for _, seed := range seeds {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				k := newKilling(t, seed)
				k.play()
				mu.Lock()
				defer mu.Unlock()
				lives += k.lives
				sent += k.count("POST /v2/droplets")
			})
		}
	})
	fmt.Printf("killed %d daemons while they built %d fleets with %d creates\n", lives, len(seeds), sent)
}

// killing is one fleet, built by daemons that are killed.
type killing struct {
	t     *testing.T
	rng   *rand.Rand
	dir   string
	state string
	home  string // of whoever gives a command
	url   string // of the simulator
	names []string
	lives int
	log   *bytes.Buffer // of all daemons

	decided map[string]bool // droplets that the person destroyed
}

func newKilling(t *testing.T, seed uint64) *killing {
	dir, err := os.MkdirTemp("/dev/shm", "arcadiad-kill-")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	k := &killing{t: t, rng: rand.New(rand.NewPCG(seed, 0x5161c11)), dir: dir, state: filepath.Join(dir, "arcadiad.db"), home: dir, log: &bytes.Buffer{}, decided: map[string]bool{}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("again: go test ./cmd/arcadiad -run TestKill -kill-seed %d\nthe daemons said:\n%s", seed, k.log)
		}
	})
	k.simulate(seed)
	return k
}

// simulate starts the simulated API, and learns where it listens.
func (k *killing) simulate(seed uint64) {
	cmd := exec.Command("arcadiad", "simulate", "--listen", "127.0.0.1:0", "--activation", "100ms", "--seed", fmt.Sprint(seed))
	out, err := cmd.StdoutPipe()
	k.must(err)
	gone, err := attend(cmd)
	k.must(err)
	k.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-gone
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, url, ok := strings.Cut(lines.Text(), "export DIGITALOCEAN_API_URL="); ok {
			k.url = url
			return
		}
	}
	k.t.Fatal("the simulator did not say where it listens")
}

// attend starts a program that dies with this process, and tells when it has ended.
func attend(cmd *exec.Cmd) (gone <-chan error, err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started, ended := make(chan error), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the signal comes when this thread ends
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
			close(ended)
		}
	}()
	return ended, <-started
}

func (k *killing) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *killing) api(method, path, body string) string {
	k.t.Helper()
	said, err := call(k.url, []string{method, path, body})
	k.must(err)
	return said
}

// arcadiad is a command on this fleet.
func (k *killing) arcadiad(args ...string) *exec.Cmd {
	return k.known(append(args, "--api-url", k.url, "--wait-interval", "200ms", "--fleet", filepath.Join(k.dir, "fleet.yaml"))...)
}

// known is a command on what is known of this fleet.
func (k *killing) known(args ...string) *exec.Cmd {
	cmd := exec.Command("arcadiad", append(args, "--state", k.state)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + k.home, "DIGITALOCEAN_ACCESS_TOKEN=any"}
	return cmd
}

func (k *killing) play() {
	k.begin()
	for range 2 + k.rng.IntN(4) {
		k.misbehave()
		k.live()
	}
	k.api("PUT", "/simulator/faults", "{}")
	k.edit()
	k.rest()
}

// begin has somebody else's droplet in the account, and a first fleet file.
func (k *killing) begin() {
	k.api("POST", "/v2/droplets", `{"name":"web-1","region":"syd1","size":"s-1vcpu-1gb","image":"ubuntu-24-04-x64"}`)
	k.edit()
}

// edit saves another fleet file.
func (k *killing) edit() {
	k.names = nil
	file := "version: 1\nfleet: kill\ndefaults: {region: syd1, image: ubuntu-24-04-x64, size: s-1vcpu-1gb}\npolicy: {max_destroy: 100%}\ndroplets:\n"
	n := 1 + k.rng.IntN(8)
	file += fmt.Sprintf("  - {name: web, count: %d}\n", n)
	for i := range n {
		k.names = append(k.names, fmt.Sprintf("web-%d", i+1))
	}
	if k.rng.IntN(2) == 0 {
		file += fmt.Sprintf("  - {name: db, size: %s}\n", []string{"s-1vcpu-2gb", "s-2vcpu-2gb"}[k.rng.IntN(2)])
		k.names = append(k.names, "db")
	}
	slices.Sort(k.names)
	next := filepath.Join(k.dir, "fleet.yaml.new")
	k.must(os.WriteFile(next, []byte(file), 0o600))
	k.must(os.Rename(next, filepath.Join(k.dir, "fleet.yaml")))
}

// misbehave puts random faults in force over HTTP.
func (k *killing) misbehave() {
	faults := []string{
		`{}`, `{}`,
		`{"cut_after_work":true,"chance":{"cut_after_work":0.3}}`,
		`{"cut_before_work":true,"chance":{"cut_before_work":0.2}}`,
		`{"server_error_after_work":true,"html_error":true,"chance":{"server_error_after_work":0.3,"html_error":0.1}}`,
		`{"truncated_202":true,"tag_visible_after":"700ms","chance":{"truncated_202":0.5,"tag_visible_after":0.5}}`,
		`{"list_visible_after":"600ms","get_404_for":"300ms"}`,
		`{"latency":"150ms","delete_lag":"500ms","delete_list_lag":"400ms"}`,
		`{"too_many_requests":true,"retry_after":"1s","chance":{"too_many_requests":0.1}}`,
		`{"size_422":true,"chance":{"size_422":0.2}}`,
	}
	k.api("PUT", "/simulator/faults", faults[k.rng.IntN(len(faults))])
}

// live runs a daemon, edits the file now and then, and kills it once so many requests have been sent.
func (k *killing) live() {
	k.lives++
	cmd := k.arcadiad("run", "--create-settle", "2s", "--log-level", "info")
	log, err := cmd.StderrPipe()
	k.must(err)
	fmt.Fprintf(k.log, "--- life %d\n", k.lives)
	k.must(cmd.Start())
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = k.log.ReadFrom(log)
	}()
	start := k.total()
	end, edit := start+1+k.rng.IntN(60), start+k.rng.IntN(60)
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); {
		now := k.total()
		if now >= edit {
			k.edit()
			edit = end + 1000
		}
		if now >= end {
			break
		}
		k.tick()
	}
	_ = cmd.Process.Kill()
	<-read
	_ = cmd.Wait()
}

// tick is the pause between two looks at another process.
func (k *killing) tick() { <-time.After(2 * time.Millisecond) }

func (k *killing) total() int { return k.count("") }

// count is how many requests the simulator has had of a route; of all for the empty one.
func (k *killing) count(route string) int {
	var counts struct {
		Total  int            `json:"total"`
		Routes map[string]int `json:"routes"`
	}
	k.must(json.Unmarshal([]byte(k.api("GET", "/simulator/requests", "")), &counts))
	if route == "" {
		return counts.Total
	}
	return counts.Routes[route]
}

// rest lets a last daemon run until there is nothing to do, and holds the account against the file. A create that was
// answered and never shown may take five minutes, and so may a droplet that a person destroyed.
func (k *killing) rest() {
	cmd := k.arcadiad("run", "--create-settle", "2s", "--log-level", "info")
	cmd.Stderr = k.log
	fmt.Fprintln(k.log, "--- the last life")
	const look = "GET /v2/account"
	before := k.count(look)
	k.must(cmd.Start())
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			k.t.Errorf("the last daemon ended with %v", err)
		}
	}()
	var why string
	for deadline := time.Now().Add(15 * time.Minute); time.Now().Before(deadline); <-time.After(time.Second) {
		if why = k.wrong(); why == "" {
			// Not before it has looked for itself: until then a signal may find nobody who listens for it. The plan looks too.
			looks := k.count(look)
			if why = k.pending(); why == "" && k.wrong() == "" && looks > before {
				return
			}
			before += k.count(look) - looks
		}
		answers := k.approve()
		k.decide()
		if answers { // a SIGHUP kills who does not listen for it yet
			k.must(cmd.Process.Signal(syscall.SIGHUP)) // a person who asks does not wait for a backoff
		}
	}
	k.t.Errorf("the fleet never came to rest: %s", why)
}

// approve is the person who wants a second web-1, beside the one that is somebody else's. Nothing else is approved. It tells whether the daemon
// answers.
func (k *killing) approve() (answers bool) {
	plan, answers := k.approvable()
	if plan == "" {
		return answers
	}
	if out, err := k.known("approve", plan).CombinedOutput(); err != nil { // the plan has changed meanwhile
		k.t.Logf("approve: %s", out)
	}
	return answers
}

// approvable is the plan of the daemon that waits for this person; empty: there is none.
func (k *killing) approvable() (plan string, answers bool) {
	var st struct {
		Daemon *control.Live `json:"daemon"`
	}
	k.must(json.Unmarshal(k.output("status", "-o", "json"), &st))
	if st.Daemon == nil || !st.Daemon.Approvable {
		return "", st.Daemon != nil
	}
	for _, held := range st.Daemon.HeldBack {
		if held.Approvable && (held.By != "name_taken" || held.Name != "web-1") {
			return "", true
		}
	}
	return st.Daemon.Plan, true
}

// decide is the person who is told that the file asks for a droplet again whose DELETE was sent: this one destroys it.
func (k *killing) decide() {
	var sagas []struct{ Step, Status, Error string }
	k.must(json.Unmarshal(k.output("saga", "list", "-o", "json"), &sagas))
	for _, s := range sagas {
		if id := droplet.FindStringSubmatch(s.Error); s.Status == "stuck" && s.Step == "DestroyDroplet" && id != nil && !k.decided[id[1]] {
			k.decided[id[1]] = true
			k.api("DELETE", "/v2/droplets/"+id[1], "")
		}
	}
}

var droplet = regexp.MustCompile(`droplet (\d+)`)

// output is what a command on what is known of this fleet prints.
func (k *killing) output(args ...string) []byte {
	out, err := k.known(args...).Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		k.t.Fatalf("arcadiad %s: %v: %s", strings.Join(args, " "), err, failed.Stderr)
	}
	k.must(err)
	return out
}

// pending is what `arcadiad plan` still has to do; empty: nothing. A destroy whose answer died with its daemon, be it on a way
// back, is over when two looks confirm that the droplet is gone, which the test does not wait for.
func (k *killing) pending() string {
	out, err := k.arcadiad("plan").CombinedOutput()
	if err == nil || strings.Contains(string(out), "Nothing new to do") && !making.Match(out) {
		return ""
	}
	return string(out)
}

var making = regexp.MustCompile(": (pending|stuck|running at (Create|Wait|Register|Protect))")

// wrong says what is wrong with the account; empty: exactly one droplet of ours bears each desired name, and what is not ours is there.
func (k *killing) wrong() string {
	var listed struct {
		Droplets []fleetDroplet `json:"droplets"`
	}
	said, err := call(k.url, []string{"GET", "/v2/droplets?per_page=200"})
	if err != nil {
		return err.Error() // a rate limit is on everybody
	}
	k.must(json.Unmarshal([]byte(said), &listed))
	var names []string
	foreign := 0
	for _, d := range listed.Droplets {
		switch {
		case len(d.Tags) == 0:
			foreign++
		case slices.Contains(d.Tags, fleet.ManagedTag):
			names = append(names, d.Name)
		}
	}
	slices.Sort(names)
	if foreign == 0 {
		k.t.Fatal("the droplet of somebody else is gone")
	}
	if foreign > 1 {
		return fmt.Sprintf("%d droplets without tags, want one", foreign) // tags come late
	}
	if !slices.Equal(names, k.names) {
		return fmt.Sprintf("droplets %v, want %v", names, k.names)
	}
	return ""
}

type fleetDroplet struct {
	Name string   `json:"name"`
	Tags []string `json:"tags"`
}
