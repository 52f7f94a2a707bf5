package daemon

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"arcadiad/reconcile"
	"arcadiad/view"
)

// site has the status page. It is read and laid out only when somebody looks, and then for all of them at once: after something has
// happened, and at most once a second, however many ask.
type site struct {
	read    func(context.Context) (view.Overview, error)
	droplet func(context.Context, view.Overview, string) (view.Document, bool, error) // false: nothing is known of the name
	log     *slog.Logger

	happened chan struct{} // has one element where something happened since the page was made

	making sync.Mutex // of what is below, while it is made anew
	made   edition

	hearing listeners
}

// edition is the page as it was at a time.
type edition struct {
	at       time.Time     // when it was last tried to make it
	took     time.Duration // how long that took
	err      error         // why that failed; the rest is of the time before
	version  string
	overview view.Overview
	main     page
	stories  map[string]page
}

// page is one page as it goes out.
type page struct {
	known bool // false: it is about a name that nobody knows
	plain []byte
	small []byte // gzip's
}

const (
	makeEvery   = time.Second      // the page is made anew at most so often
	makeAnyway  = 15 * time.Second // what changes by itself, such as the budget, is shown as of so long ago at most
	makeTime    = 20 * time.Second // how long that may take
	mostStories = 200              // pages of droplets that are kept of one edition
)

func newSite(log *slog.Logger) *site { return &site{log: log, happened: make(chan struct{}, 1)} }

// touch hears that what the page tells may have changed. It never waits.
func (s *site) touch() {
	select {
	case s.happened <- struct{}{}:
	default:
	}
}

// current gives the page of now. What another asker made a moment ago is good enough.
func (s *site) current(ctx context.Context) (page, error) {
	s.making.Lock()
	defer s.making.Unlock()
	err := s.renew(ctx)
	return s.made.main, err
}

// of gives the page of a droplet.
func (s *site) of(ctx context.Context, name string) (page, error) {
	s.making.Lock()
	defer s.making.Unlock()
	if err := s.renew(ctx); err != nil {
		return page{}, err
	}
	if p, there := s.made.stories[name]; there {
		return p, nil
	}
	ctx, cancel := context.WithTimeout(ctx, makeTime)
	defer cancel()
	doc, known, err := s.droplet(ctx, s.made.overview, name)
	if err != nil {
		return page{}, err
	}
	p, err := pageOf(doc, s.made.version)
	p.known = known
	if len(s.made.stories) >= mostStories {
		clear(s.made.stories)
	}
	s.made.stories[name] = p
	return p, err
}

// renew makes the page anew, if that is due.
func (s *site) renew(ctx context.Context) error {
	first, age := s.made.at.IsZero(), time.Since(s.made.at)
	if !first && age < s.pause() {
		return s.made.err
	}
	select {
	case <-s.happened:
	default:
		if !first && age < makeAnyway {
			return s.made.err
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), makeTime) // others wait for it too
	defer cancel()
	began := time.Now()
	if s.made.err = s.make(ctx); s.made.err != nil {
		s.touch()
	}
	s.made.at = time.Now()
	s.made.took = s.made.at.Sub(began)
	return s.made.err
}

// pause is how long the page stays as it is: a large one takes a tenth of the time at most.
func (s *site) pause() time.Duration { return max(makeEvery, 9*s.made.took) }

func (s *site) make(ctx context.Context) error {
	overview, err := s.read(ctx)
	if err != nil {
		return fmt.Errorf("read what the status page shows: %w", err)
	}
	doc, err := overview.Page()
	if err != nil {
		return err
	}
	s.made.overview, s.made.stories = overview, map[string]page{}
	version := doc.Version()
	if version == s.made.version {
		return nil
	}
	if s.made.main, err = pageOf(doc, version); err != nil {
		return err
	}
	s.made.main.known, s.made.version = true, version
	s.hearing.tell(version)
	return nil
}

// watch makes the page anew for those who listen, until the context ends. While nobody does, it does nothing.
func (s *site) watch(ctx context.Context) {
	for s.hearing.some(ctx) {
		s.making.Lock()
		err := s.renew(ctx)
		rest := s.pause() - time.Since(s.made.at)
		s.making.Unlock()
		if err != nil {
			s.log.Warn("the status page cannot be shown", "error", err)
			rest = makeAnyway
		}
		select {
		case <-time.After(rest):
		case <-ctx.Done():
			return
		}
		select {
		case <-s.happened:
			s.touch()
		case <-time.After(makeAnyway):
		case <-ctx.Done():
			return
		}
	}
}

func pageOf(doc view.Document, version string) (p page, err error) {
	var plain, small bytes.Buffer
	if err := doc.HTML(&plain, version); err != nil {
		return p, err
	}
	z := gzip.NewWriter(&small)
	if _, err := z.Write(plain.Bytes()); err != nil {
		return p, err
	}
	if err := z.Close(); err != nil {
		return p, err
	}
	return page{plain: plain.Bytes(), small: small.Bytes()}, nil
}

// passes are the last passes, newest first, for the status page.
type passes struct {
	mu   sync.Mutex
	last []view.Pass
}

const mostPasses = 8

func (p *passes) add(r reconcile.Report) {
	p.mu.Lock()
	defer p.mu.Unlock()
	told := view.PassOf(r.At, r.Took, r.Trigger, r.Outcome.Pass.Plan, r.Err)
	p.last = append([]view.Pass{told}, p.last[:min(len(p.last), mostPasses-1)]...)
}

func (p *passes) list() []view.Pass {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.last)
}
