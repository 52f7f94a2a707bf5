package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

const (
	region = "syd1"
	size   = "s-1vcpu-512mb-10gb"
	image  = "ubuntu-24-04-x64"
)

// smoke is one run.
type smoke struct {
	account  *account
	binary   string
	args     []string      // more for arcadiad
	interval time.Duration // between two looks at the account
	lag      time.Duration // how long a listing may be behind
	out      io.Writer

	name   string            // of the fleet, the droplet and a tag; no other run has it
	dir    string            // the fleet file and the state database lie here
	owner  owner             // of the account
	before map[int64]droplet // what the account held when it began
}

// prepare looks at the account, makes the run's name, and says what is going to happen. It changes nothing in the account.
func (s *smoke) prepare(ctx context.Context) (err error) {
	if s.owner, err = s.account.owner(ctx); err != nil {
		return err
	}
	if s.before, err = s.account.droplets(ctx); err != nil {
		return err
	}
	id := make([]byte, 6)
	rand.Read(id) // never fails
	s.name = "smoke-" + hex.EncodeToString(id)
	s.say("account %s %q at %s: %d droplets of %d", s.uuid(), s.owner.Team.Name, s.account.url, len(s.before), s.owner.DropletLimit)
	s.say("going to make one %s in %s, named %s, and to destroy it again: about one cent", size, region, s.name)
	return nil
}

// uuid is what arcadiad pins its database to.
func (s *smoke) uuid() string {
	if s.owner.Team.UUID != "" {
		return s.owner.Team.UUID
	}
	return s.owner.UUID
}

// prove does it all, and cleans up behind it. Where something failed, the state database is kept for whoever wants to know why.
func (s *smoke) prove(ctx context.Context) (err error) {
	if s.dir, err = os.MkdirTemp("", s.name+"-"); err != nil {
		return err
	}
	err = s.provisionAndDestroy(ctx)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	// A create that was cut off may still show up.
	looks := 1
	if err != nil {
		s.say("FAILED: %v", err)
		looks = 30
	}
	if left := s.cleanUp(context.WithoutCancel(ctx), looks); left != nil {
		return errors.Join(err, left)
	}
	if err != nil {
		s.say("the fleet file and the state database are kept in %s", s.dir)
		return err
	}
	s.say("PASSED: the account holds its %d droplets, as before", len(s.before))
	return os.RemoveAll(s.dir)
}

func (s *smoke) provisionAndDestroy(ctx context.Context) error {
	one := fmt.Sprintf("droplets:\n  - name: %s\n    region: %s\n    size: %s\n    image: %s\n    tags: [%s]\n", s.name, region, size, image, s.name)
	none := "droplets: []\npolicy: {max_destroy: 100%}\n"

	s.say("--- provision")
	if err := s.write(one); err != nil {
		return err
	}
	if err := s.arcadiad(ctx, 2, "plan"); err != nil {
		return err
	}
	if err := s.sameAsBefore(ctx); err != nil {
		return fmt.Errorf("a plan changed the account: %w", err)
	}
	if err := s.arcadiad(ctx, 0, "apply", "--yes"); err != nil {
		return err
	}
	id, err := s.checkProvisioned(ctx)
	if err != nil {
		return fmt.Errorf("after the provision: %w", err)
	}
	if err := s.arcadiad(ctx, 0, "plan"); err != nil {
		return err
	}

	s.say("--- destroy")
	if err := s.write(none); err != nil {
		return err
	}
	if err := s.arcadiad(ctx, 2, "plan"); err != nil {
		return err
	}
	if err := s.arcadiad(ctx, 0, "apply", "--yes"); err != nil {
		return err
	}
	if err := s.checkDestroyed(ctx, id); err != nil {
		return fmt.Errorf("after the destroy: %w", err)
	}
	return s.arcadiad(ctx, 0, "plan")
}

func (s *smoke) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

func (s *smoke) fleetFile() string { return filepath.Join(s.dir, "fleet.yaml") }
func (s *smoke) database() string  { return filepath.Join(s.dir, "arcadiad.db") }

// write writes the fleet file.
func (s *smoke) write(droplets string) error {
	return os.WriteFile(s.fleetFile(), []byte("version: 1\nfleet: "+s.name+"\n"+droplets), 0o600)
}

// arcadiad runs the binary and checks its exit code. When the context ends it is asked to stop, as systemd would.
func (s *smoke) arcadiad(ctx context.Context, want int, command string, args ...string) error {
	args = slices.Concat([]string{command, "--fleet", s.fleetFile(), "--state", s.database(), "--api-url", s.account.url}, args, s.args)
	s.say("$ arcadiad %s", command)
	var output bytes.Buffer
	c := exec.CommandContext(ctx, s.binary, args...)
	c.Env = append(os.Environ(), "DIGITALOCEAN_ACCESS_TOKEN="+s.account.token, "NO_COLOR=1")
	both := io.MultiWriter(s.out, &output)
	c.Stdout, c.Stderr = both, both                     // one and the same: exec copies both in one goroutine
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a ^C reaches it once, from here
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 15 * time.Second
	err := c.Run()
	if c.ProcessState == nil || ctx.Err() != nil {
		return fmt.Errorf("arcadiad %s: %w", command, errors.Join(err, ctx.Err()))
	}
	if got := c.ProcessState.ExitCode(); got != want {
		return fmt.Errorf("arcadiad %s: exit code %d instead of %d", command, got, want)
	}
	if bytes.Contains(output.Bytes(), []byte(s.account.token)) {
		return fmt.Errorf("arcadiad %s printed the token", command)
	}
	return nil
}

// mine tells whether a droplet is of this run: it was not there before, and bears the run's name, or the tag of its fleet.
func (s *smoke) mine(d droplet) bool {
	_, old := s.before[d.ID]
	return !old && (d.Name == s.name || d.hasTag("arcadia-fleet-"+s.name))
}

// cleanUp destroys whatever this run has made until it is gone, and its tags. It looks so many times, and again after each find.
func (s *smoke) cleanUp(ctx context.Context, looks int) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	tags := map[string]bool{s.name: true, "arcadia-fleet-" + s.name: true}
	for try, quiet := 0, 0; quiet < looks; try++ {
		if try > 0 {
			if err := pause(ctx, s.interval); err != nil {
				return s.leftovers(err)
			}
		}
		all, err := s.account.droplets(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return s.leftovers(err)
			}
			s.say("could not look for what is left: %v", err)
			continue
		}
		quiet++
		for _, d := range all {
			if !s.mine(d) {
				continue
			}
			quiet = 0
			for _, t := range d.Tags {
				if isSagaTag(t) {
					tags[t] = true
				}
			}
			s.say("destroying the droplet %d, which was left", d.ID)
			if err := s.account.destroy(ctx, d.ID); err != nil {
				s.say("%v", err)
			}
		}
	}
	for _, t := range s.sagaTags(ctx) {
		tags[t] = true
	}
	for _, t := range slices.Sorted(maps.Keys(tags)) {
		if err := s.account.deleteTag(ctx, t); err != nil {
			s.say("the tag %s is left in the account, which costs nothing: %v", t, err)
		}
	}
	return nil
}

func (s *smoke) leftovers(err error) error {
	return fmt.Errorf("cleaning up failed; destroy what is named %s or tagged arcadia-fleet-%s by hand: %w", s.name, s.name, err)
}

// eventually waits for a check to pass; listings lag by some seconds (docs/digitalocean-api.md, "New droplets").
func (s *smoke) eventually(ctx context.Context, check func() error) error {
	deadline := time.Now().Add(s.lag)
	for {
		err := check()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		if stopped := pause(ctx, s.interval); stopped != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
