package main

import (
	"fmt"
	"syscall"
	"time"

	"arcadiad/scripts/stage"
)

// passes is how many passes share one figure.
const passes = 5

// atRest measures the daemon on n droplets that are as the file asks.
func (m *measurer) atRest(n int) error {
	s, err := m.open(time.Millisecond)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.want(n); err != nil {
		return err
	}
	maker, err := s.daemon("--wait-interval", "500ms")
	if err != nil {
		return err
	}
	if err := s.settled(maker, n); err != nil {
		return err
	}
	_, rush, err := maker.Memory()
	if err != nil {
		return err
	}
	if err := maker.End(syscall.SIGTERM); err != nil {
		return err
	}

	d, err := s.daemon() // one that has made nothing itself
	if err != nil {
		return err
	}
	if err := s.settled(d, n); err != nil {
		return err
	}
	s.Took()
	before, err := d.CPU()
	if err != nil {
		return err
	}
	began := time.Now()
	for range passes {
		if err := d.Signal(syscall.SIGHUP); err != nil {
			return err
		}
		if err := s.settled(d, n); err != nil {
			return err
		}
	}
	wall := time.Since(began)
	after, err := d.CPU()
	if err != nil {
		return err
	}
	requests := s.Took()
	now, most, err := d.Memory()
	if err != nil {
		return err
	}
	time.Sleep(m.idle)
	later, _, err := d.Memory()
	if err != nil {
		return err
	}
	fmt.Fprintf(m.out, "at rest, %d droplets: resident %s after %d passes, at most %s, %s after %v alone; a pass takes %v of CPU, %v of time, %d requests "+
		"(%d in all); at most %s while it made them\n",
		n, mebi(now), passes+1, mebi(most), mebi(later), m.idle, (after-before)/passes, (wall / passes).Round(time.Millisecond), requests.Total()/passes, requests.Total(),
		mebi(rush))
	return d.End(syscall.SIGTERM)
}

func mebi(kibi int) string { return fmt.Sprintf("%.1f MiB", float64(kibi)/1024) }

// waiting measures the daemon with n sagas that wait for droplets that do not become active, then kills it and starts it again.
func (m *measurer) waiting(n int) error {
	s, err := m.open(24 * time.Hour)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.want(n); err != nil {
		return err
	}
	d, err := s.daemon("--log-level", "debug")
	if err != nil {
		return err
	}
	created := 0
	if _, err := d.Until(fmt.Sprintf("%d creates", n), m.patience, func(l stage.Line) bool {
		if l.Msg == "step done" && l.Fields["step"] == "CreateDroplet" {
			created++
		}
		return created == n
	}); err != nil {
		return err
	}
	if err := m.ticks(d, 2); err != nil {
		return err
	}
	now, most, err := d.Memory()
	if err != nil {
		return err
	}
	if err := d.End(syscall.SIGKILL); err != nil {
		return err
	}

	again, err := s.daemon("--log-level", "debug")
	if err != nil {
		return err
	}
	loaded, err := again.Until("the sagas are loaded", m.patience, func(l stage.Line) bool { return l.Msg == "sagas resumed" })
	if err != nil {
		return err
	}
	started := 0
	running, err := again.Until(fmt.Sprintf("%d sagas run", n), m.patience, func(l stage.Line) bool {
		if l.Msg == "saga started" {
			started++
		}
		return started == n
	})
	if err != nil {
		return err
	}
	cpu, err := again.CPU()
	if err != nil {
		return err
	}
	fmt.Fprintf(m.out, "waiting, %d sagas: resident %s, at most %s; after a kill they are loaded %v after the start of the process, and all "+
		"run after %v (%v of CPU)\n", n, mebi(now), mebi(most), loaded.At.Sub(again.Began).Round(time.Millisecond),
		running.At.Sub(again.Began).Round(time.Millisecond), cpu)
	return again.End(syscall.SIGKILL)
}

// ticks waits for so many polls: listings that begin with the first page.
func (m *measurer) ticks(d *stage.Daemon, n int) error {
	last := time.Now()
	for n > 0 {
		_, err := d.Until("a poll", m.patience, func(l stage.Line) bool {
			fresh := l.Msg == "api request" && l.Fields["path"] == "v2/droplets" && l.At.Sub(last) > time.Second
			if fresh {
				last = l.At
			}
			return fresh
		})
		if err != nil {
			return err
		}
		n--
	}
	return nil
}
