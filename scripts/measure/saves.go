package main

import (
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"arcadiad/scripts/stage"
)

// saves measures how soon the daemon follows the file: from the end of the save until the version is in force, and until the pass
// that it triggered has ended. Every other save replaces the file by a rename, as editors do.
func (m *measurer) saves(times int) error {
	if times == 0 {
		return nil
	}
	s, err := m.open(time.Millisecond)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.want(10); err != nil {
		return err
	}
	d, err := s.daemon("--wait-interval", "100ms")
	if err != nil {
		return err
	}
	if err := s.settled(d, 10); err != nil {
		return err
	}
	var inForce, planned []time.Duration
	for i := range times {
		content := append(stage.Fleet(10), fmt.Sprintf("# save %d\n", i)...)
		saved, err := s.save(content, i%2 == 0)
		if err != nil {
			return err
		}
		l, err := d.Until("the file in force", m.patience, func(l stage.Line) bool { return l.Msg == "fleet file in force" })
		if err != nil {
			return err
		}
		inForce = append(inForce, l.At.Sub(saved))
		if l, err = d.Until("the pass", m.patience, func(l stage.Line) bool { return l.Msg == "pass" && l.Fields["trigger"] == "file" }); err != nil {
			return err
		}
		planned = append(planned, l.At.Sub(saved))
	}
	fmt.Fprintf(m.out, "a saved file, %d times: in force after %v (at most %v), planned after %v (at most %v)\n",
		times, median(inForce), slices.Max(inForce).Round(time.Millisecond), median(planned), slices.Max(planned).Round(time.Millisecond))
	return d.End(syscall.SIGTERM)
}

// save writes the file, in place or by a rename, and tells when that was done.
func (s *site) save(content []byte, rename bool) (time.Time, error) {
	path := s.file()
	if rename {
		path += ".new"
	}
	err := os.WriteFile(path, content, 0o600)
	if err == nil && rename {
		err = os.Rename(path, s.file())
	}
	return time.Now(), err
}

func median(of []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2].Round(time.Millisecond)
}
