package simulator

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// fileVersion is the layout of the account's file.
const fileVersion = 1

// saved is the account's file. It holds the Simulator's own account; those of AddAccount live in memory alone.
type saved struct {
	Simulator    int        `json:"arcadiad_simulator"` // fileVersion
	Listener     string     `json:"listener,omitempty"` // URL of the process that serves the account, if one does
	UUID         string     `json:"uuid"`
	Team         string     `json:"team_uuid"`
	DropletLimit int        `json:"droplet_limit"`
	Next         ids        `json:"next_ids"`
	Created      int        `json:"created"`
	Faults       Faults     `json:"faults"`
	VPCs         []*vpc     `json:"vpcs"`
	Keys         []*key     `json:"ssh_keys"`
	Images       []*image   `json:"images"`
	Tags         []string   `json:"tags"`
	Droplets     []*droplet `json:"droplets"`
	Actions      []*action  `json:"actions"`

	ReservedIPs   []*reservedIP   `json:"reserved_ips,omitempty"`
	Firewalls     []*Firewall     `json:"firewalls,omitempty"`
	LoadBalancers []*LoadBalancer `json:"load_balancers,omitempty"`
	Volumes       []*volume       `json:"volumes,omitempty"`
	Projects      []*Project      `json:"projects,omitempty"` // none: the file is older, and has the default one alone

	VolumeSnapshots []*volumeSnapshot `json:"volume_snapshots,omitempty"`
	Domains         []*domain         `json:"domains,omitempty"`
	ReservedIPv6s   []*reservedIPv6   `json:"reserved_ipv6s,omitempty"`
	Certificates    []*certificate    `json:"certificates,omitempty"`
}

// ErrInUse says that another process has the account's file open. Listener may tell where it serves it.
var ErrInUse = errors.New("the simulated account is in use by another process")

// Open keeps the account in a file from now on: what the file holds becomes the account; where there is none yet, it is made.
// Each change is on disk before the request that made it is answered. The file is locked (FILE.lock) until Close. Open is called
// before the first request. Faults are saved with the next change; accounts of AddAccount, scripts and Ended are not.
func (s *Simulator) Open(path string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the simulated account's directory: %w", err)
	}
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock the simulated account: %w", err)
	}
	defer func() {
		if err != nil {
			lock.Close()
		}
	}()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("%s: %w", path, ErrInUse)
		}
		return fmt.Errorf("lock the simulated account: %w", err)
	}
	in, found, err := read(path)
	if err != nil {
		return err
	}
	s.mu.Lock()
	if s.file != nil {
		s.mu.Unlock()
		return fmt.Errorf("%s: the simulator keeps its account in %s already", path, s.path)
	}
	if found {
		s.restore(in)
	}
	s.file, s.path = lock, path
	s.changes++
	changes := s.changes
	s.mu.Unlock()
	if err := s.saveUpTo(changes); err != nil {
		s.mu.Lock()
		s.file, s.path = nil, ""
		s.mu.Unlock()
		return err
	}
	return nil
}

// Save writes the account's file now; without one it does nothing. Changes made through the API or the peeks are saved by themselves.
func (s *Simulator) Save() error {
	s.mu.Lock()
	s.changes++
	changes := s.changes
	s.mu.Unlock()
	return s.saveUpTo(changes)
}

// Close takes the listener out of the file, saves it and lets it go. The simulator goes on in memory.
func (s *Simulator) Close() error {
	err := s.SetListener("")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		err = errors.Join(err, s.file.Close())
		s.file, s.path = nil, ""
	}
	return err
}

// SetListener notes in the file under which URL this process serves the account, for other processes to find with Listener.
func (s *Simulator) SetListener(url string) error {
	s.mu.Lock()
	s.listener = url
	s.mu.Unlock()
	return s.Save()
}

// Listener reads from an account's file under which URL it is served. Empty: nobody said so. The process that did may have died
// since: ask it, and look for Header in its answer.
func Listener(path string) (url string, err error) {
	in, _, err := read(path)
	return in.Listener, err
}

func read(path string) (in saved, found bool, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return in, false, nil
	}
	if err != nil {
		return in, false, fmt.Errorf("read the simulated account: %w", err)
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return in, false, fmt.Errorf("read the simulated account: %s: %w (delete the file to start with an empty account)", path, err)
	}
	if in.Simulator != fileVersion {
		return in, false, fmt.Errorf("%s: not a simulated account of version %d (found %d); delete the file to start with an empty one",
			path, fileVersion, in.Simulator)
	}
	return in, true, nil
}

// saveUpTo makes sure that the file has the first so many changes. Requests that wait for each other share one write.
func (s *Simulator) saveUpTo(changes uint64) error {
	s.mu.Lock()
	path := s.path
	s.mu.Unlock()
	if path == "" {
		return nil
	}
	s.saving.Lock()
	defer s.saving.Unlock()
	if s.saved >= changes {
		return nil
	}
	s.mu.Lock()
	covers := s.changes
	b := encode(s.snapshotFile())
	s.mu.Unlock()
	if err := replaceFile(path, b); err != nil {
		return fmt.Errorf("save the simulated account: %w", err)
	}
	s.saved = covers
	return nil
}

func (s *Simulator) snapshotFile() saved {
	a := s.Account
	out := saved{
		Simulator: fileVersion, Listener: s.listener, UUID: a.uuid, Team: a.team, DropletLimit: a.dropletLimit, Next: s.nextID,
		Created: a.created, Faults: s.faults, VPCs: a.vpcs, Keys: a.keys, Images: a.images,
		ReservedIPs: a.reservedIPs, Firewalls: a.firewalls, LoadBalancers: a.balancers, Projects: a.projects,
		Volumes: a.volumes, VolumeSnapshots: a.volumeSnapshots, Domains: a.domains, ReservedIPv6s: a.reservedIPv6s,
		Certificates: a.certificates,
	}
	for _, t := range a.tags {
		out.Tags = append(out.Tags, t.Name)
	}
	for _, d := range a.droplets {
		out.Droplets = append(out.Droplets, d)
		out.Actions = append(out.Actions, d.actions...)
	}
	for _, r := range a.reservedIPs {
		out.Actions = append(out.Actions, r.actions...)
	}
	for _, r := range a.reservedIPv6s {
		out.Actions = append(out.Actions, r.actions...)
	}
	for _, v := range a.volumes {
		out.Actions = append(out.Actions, v.actions...)
	}
	for _, img := range a.images {
		out.Actions = append(out.Actions, img.actions...)
	}
	slices.SortFunc(out.Droplets, func(x, y *droplet) int { return cmp.Compare(x.ID, y.ID) })
	slices.SortFunc(out.Actions, func(x, y *action) int { return cmp.Compare(x.ID, y.ID) })
	return out
}

// restore makes the file's account the simulator's.
func (s *Simulator) restore(in saved) {
	*s.Account = *newAccount(s) // in place: whoever holds the account holds the restored one
	a := s.Account
	a.uuid, a.team, a.dropletLimit, a.created = in.UUID, in.Team, in.DropletLimit, in.Created
	a.vpcs, a.keys, a.images = in.VPCs, in.Keys, in.Images
	a.reservedIPs, a.firewalls, a.balancers = in.ReservedIPs, in.Firewalls, in.LoadBalancers
	a.volumes, a.volumeSnapshots = in.Volumes, in.VolumeSnapshots
	a.domains, a.reservedIPv6s, a.certificates = in.Domains, in.ReservedIPv6s, in.Certificates
	a.projects = in.Projects
	if len(a.projects) == 0 {
		a.projects = []*Project{defaultProject(a.team, time.Now())}
	}
	s.nextID, s.faults = in.Next, in.Faults
	for _, img := range a.images {
		a.settleImage(img)
	}
	for _, name := range in.Tags {
		a.ensureTag(name)
	}
	for _, d := range in.Droplets {
		a.droplets[d.ID] = d
		a.ensureVolumes(d, time.Now())
		a.settle(d)
		s.rolls[rollKey("boot", d.Name)] = max(s.rolls[rollKey("boot", d.Name)], d.Boot)
	}
	for _, act := range in.Actions {
		if on := a.actedOn(act); on != nil {
			a.keepAction(act, on)
			a.settleAction(act)
		}
	}
	a.advance(time.Now())
}

// replaceFile writes a file so that a crash leaves the old one or the new one.
func replaceFile(path string, b []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(append(b, '\n')); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
