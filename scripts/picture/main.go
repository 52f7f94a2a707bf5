package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"arcadiad/scripts/browser"
	"arcadiad/scripts/stage"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run(args []string) (err error) {
	if len(args) != 2 {
		return errors.New("usage: picture BINARY FILE.png")
	}
	binary, err := filepath.Abs(args[0])
	if err != nil {
		return err
	}
	chromium, err := browser.Find()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "arcadiad-picture-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := &shop{dir: dir}
	if err := s.open(binary); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.daemon.End(syscall.SIGTERM)) }()
	if err := s.busy(); err != nil {
		return err
	}
	picture, err := photograph(chromium, s.page)
	if err != nil {
		return err
	}
	return os.WriteFile(args[1], picture, 0o644)
}

// shop is a fleet on its simulated account.
type shop struct {
	dir           string
	text          string // of the fleet file
	daemon        *stage.Daemon
	account, page string // URLs
}

// patience is how long each thing may take.
const patience = time.Minute

// file is the fleet file, which people edit.
const file = `version: 1
fleet: shop
defaults: {region: fra1, image: ubuntu-24-04-x64}
droplets:
  - {name: bastion, size: s-1vcpu-512mb-10gb}
  - {name: web, count: 6, size: s-1vcpu-1gb, tags: [web], rollout: {canary: 1}}
  - {name: worker, count: 15, size: s-1vcpu-2gb, destroy: {keep: 24h}}
  - {name: db, count: 2, size: s-2vcpu-4gb, protect: true}
policy: {max_destroy: 6}
`

// edits are what they change, with who did it and why.
var edits = []struct {
	author, subject string
	old, new        string
}{
	{"Ada Lovelace", "shop: web, workers and databases", "", ""},
	{"Grace Hopper", "worker: one less", "count: 15", "count: 14"},
	{"Grace Hopper", "web: twice the memory", "count: 6, size: s-1vcpu-1gb", "count: 6, size: s-1vcpu-2gb"},
	{"Ada Lovelace", "worker: half of them", "count: 14", "count: 6"},
}

// open starts the daemon on the fleet, and waits until it is there.
func (s *shop) open(binary string) error {
	if err := s.git("init", "--quiet"); err != nil {
		return err
	}
	s.text = file
	if err := s.edit(0); err != nil {
		return err
	}
	var err error
	s.daemon, err = stage.Start(exec.Command(binary, "run", "--simulate", "--fleet", filepath.Join(s.dir, "fleet.yaml"),
		"--state", filepath.Join(s.dir, "shop.db"), "--listen", "0", "--wait-interval", "2s", "--log-format", "json"))
	if err != nil {
		return err
	}
	for _, url := range []struct {
		msg string
		to  *string
	}{{"hosting the simulated account", &s.account}, {"status page, metrics and health", &s.page}} {
		line, err := s.daemon.Until(url.msg, patience, func(l stage.Line) bool { return l.Msg == url.msg })
		if err != nil {
			return err
		}
		*url.to, _ = line.Fields["url"].(string)
	}
	if err := s.settled(24); err != nil {
		return err
	}
	if err := s.edit(1); err != nil {
		return err
	}
	return s.settled(23)
}

// busy brings a rollout under way, and something that waits beside it, and has somebody rename a droplet in the console.
func (s *shop) busy() error {
	if err := s.rename("bastion", "bastion-old"); err != nil {
		return err
	}
	if err := s.edit(2); err != nil {
		return err
	}
	ended := 0
	made := func(l stage.Line) bool {
		name, _ := l.Fields["droplet"].(string)
		if strings.HasPrefix(name, "web-") && l.Msg == "saga ended" {
			ended++
		}
		return l.Msg == "step done" && l.Fields["step"] == "CreateDroplet"
	}
	if _, err := s.daemon.Until("the first member is under way", patience, made); err != nil {
		return err
	}
	if err := s.edit(3); err != nil {
		return err
	}
	_, err := s.daemon.Until("the third member is under way", 2*patience, func(l stage.Line) bool { return made(l) && ended == 2 })
	return err
}

func (s *shop) settled(n int) error {
	_, err := s.daemon.Until(fmt.Sprint(n, " droplets"), patience, func(l stage.Line) bool { return l.Msg == "pass" && l.Number("unchanged") == n })
	return err
}

// edit makes the edit of that number to the file, saves it, and commits it.
func (s *shop) edit(number int) error {
	e := edits[number]
	s.text = strings.Replace(s.text, e.old, e.new, 1)
	if err := os.WriteFile(filepath.Join(s.dir, "fleet.yaml"), []byte(s.text), 0o644); err != nil {
		return err
	}
	mail := strings.ToLower(strings.Fields(e.author)[0]) + "@example.com"
	return errors.Join(s.git("add", "fleet.yaml"), s.git("-c", "user.name="+e.author, "-c", "user.email="+mail, "commit", "--quiet", "-m", e.subject))
}

func (s *shop) git(args ...string) error {
	cmd := exec.Command("git", append([]string{"-C", s.dir}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("git %s: %w: %s", args[0], err, out)
	}
	return nil
}

// rename renames a droplet behind arcadiad's back, by the API.
func (s *shop) rename(from, to string) error {
	var list struct {
		Droplets []struct {
			ID   int64  `json:"id"`
			Name string `json:"name"`
		} `json:"droplets"`
	}
	if err := s.ask(http.MethodGet, "/v2/droplets?per_page=200", "", &list); err != nil {
		return err
	}
	for _, d := range list.Droplets {
		if d.Name == from {
			return s.ask(http.MethodPost, fmt.Sprintf("/v2/droplets/%d/actions", d.ID), fmt.Sprintf(`{"type":"rename","name":%q}`, to), &struct{}{})
		}
	}
	return fmt.Errorf("there is no droplet %s", from)
}

func (s *shop) ask(method, path, body string, answer any) error {
	req, err := http.NewRequest(method, s.account+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer simulated")
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", method, path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}

// photograph takes the picture of the page as it is now.
func photograph(chromium, url string) (picture []byte, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	b, err := browser.Start(chromium)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	p, err := b.Open(ctx, url, browser.Screen{Width: 1000, Height: 1130})
	if err != nil {
		return nil, err
	}
	picture, err = p.Picture(ctx)
	if err != nil {
		return nil, err
	}
	return small(picture)
}

// small is the picture with the 256 colours that it has most of: that is a third of the bytes, and looks the same.
func small(picture []byte) ([]byte, error) {
	full, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, err
	}
	area, count := full.Bounds(), map[color.Color]int{}
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			count[full.At(x, y)]++
		}
	}
	colors := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return count[b] - count[a] })
	few := image.NewPaletted(area, colors[:min(256, len(colors))])
	draw.Draw(few, area, full, area.Min, draw.Src)
	var b bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, few)
	return b.Bytes(), err
}
