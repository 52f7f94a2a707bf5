package digitalocean

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// bookServer serves pages of droplets that it is given, each after its latency, and remembers which it was asked for.
type bookServer struct {
	book    func(n int) leaf
	latency func() time.Duration

	mu             sync.Mutex
	asked          []int
	inFlight, most int
}

// leaf is one answer: a page with what it says of the others.
type leaf struct {
	ids    []int64
	total  int
	next   bool
	last   int // of the link to the last page; 0: there is none
	status int // 0: 200
}

func (s *bookServer) RoundTrip(r *http.Request) (*http.Response, error) {
	var n int
	if _, err := fmt.Sscan(r.URL.Query().Get("page"), &n); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.asked = append(s.asked, n)
	s.inFlight++
	s.most = max(s.most, s.inFlight)
	answered := time.After(s.latency())
	s.mu.Unlock()
	select {
	case <-r.Context().Done():
	case <-answered:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return s.book(n).reply(), nil
}

func (l leaf) reply() *http.Response {
	if l.status != 0 {
		return reply(l.status, "{}")
	}
	var b strings.Builder
	for i, id := range l.ids {
		b.WriteString(","[:min(i, 1)] + `{"id":` + strconv.FormatInt(id, 10) + `}`)
	}
	var links []string
	if l.next {
		links = append(links, `"next":"https://evil.example/v2/droplets?page=9"`)
	}
	if l.last != 0 {
		links = append(links, fmt.Sprintf(`"last":"https://evil.example/v2/droplets?page=%d&per_page=200"`, l.last))
	}
	return reply(200, fmt.Sprintf(`{"droplets":[%s],"links":{"pages":{%s}},"meta":{"total":%d}}`, b.String(), strings.Join(links, ","), l.total))
}

// bound are the pages of a list, as the API has them.
func bound(ids []int64) []leaf {
	var pages []leaf
	for part := range slices.Chunk(ids, perPage) {
		pages = append(pages, leaf{ids: part, total: len(ids), next: true, last: (len(ids) + perPage - 1) / perPage})
	}
	if len(pages) == 0 {
		return []leaf{{}}
	}
	pages[len(pages)-1].next, pages[len(pages)-1].last = false, 0
	return pages
}

// at is page n of a list, which may lie beyond its end.
func at(pages []leaf, n int) leaf {
	if n > len(pages) {
		return leaf{total: pages[0].total}
	}
	return pages[n-1]
}

// numbers are n ids, the newest first.
func numbers(n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(n - i)
	}
	return ids
}

// listed reads a list with so many requests in flight at most.
func (s *bookServer) listed(t *testing.T, concurrency int) (Listing, error) {
	a := newAPI(t, Config{Transport: s, Budget: NewBudget(BudgetOptions{Concurrency: concurrency})})
	return a.Client(PrioritySync).List(t.Context(), Filter{})
}

func steady(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

// Ten thousand droplets are fifty requests, ten at a time: the first page alone, then five times ten.
func TestPagesAreReadSideBySide(t *testing.T) {
	for concurrency, want := range map[int]time.Duration{1: 5, 10: 1 + 5, 100: 2} {
		synctest.Test(t, func(t *testing.T) {
			pages := bound(numbers(1000))
			if concurrency == 10 {
				pages = bound(numbers(10_000))
			}
			s := &bookServer{book: func(n int) leaf { return at(pages, n) }, latency: steady(50 * time.Millisecond)}
			began := time.Now()
			l, err := s.listed(t, concurrency)
			if err != nil || len(l.Droplets) != pages[0].total || l.Pages != len(pages) || len(s.asked) != len(pages) || s.most > concurrency {
				t.Errorf("%d droplets on %d pages with %d requests, %d at once: %v", len(l.Droplets), l.Pages, len(s.asked), s.most, err)
			}
			if took := time.Since(began); took != want*50*time.Millisecond {
				t.Errorf("concurrency %d: took %v", concurrency, took)
			}
		})
	}
}

// Whatever the pages say, it is judged as if they had been read one after the other; and hardly more of them are asked for.
func TestLaw07PagesSideBySideAreJudgedLikeOneAfterTheOther(t *testing.T) {
	const concurrency = 4
	for name, spoil := range map[string]func([]leaf) []leaf{
		"whole":                    func(p []leaf) []leaf { return p },
		"no link to the last":      func(p []leaf) []leaf { p[0].last = 0; return p },
		"the last is said earlier": func(p []leaf) []leaf { p[0].last = 3; return p },
		"the last is said later":   func(p []leaf) []leaf { p[0].last = 99; return p },
		"the last is no page":      func(p []leaf) []leaf { p[0].last = -1; return p },
		"more is said to be there": func(p []leaf) []leaf {
			for i := range p {
				p[i].total, p[i].last = 5000, 25
			}
			return p
		},
		"more than a list can have": func(p []leaf) []leaf { p[0].total, p[0].last = 1_100_000, 5500; return p },
		"less is said to be there": func(p []leaf) []leaf {
			for i := range p {
				p[i].total, p[i].last = 300, 2
			}
			return p
		},
		"no total to speak of":      func(p []leaf) []leaf { p[0].total = -1; return p },
		"a total that falls":        func(p []leaf) []leaf { p[3].total--; return p },
		"a total that rises":        func(p []leaf) []leaf { p[4].total++; return p },
		"a short page":              func(p []leaf) []leaf { p[2].ids = p[2].ids[1:]; return p },
		"a droplet twice":           func(p []leaf) []leaf { p[4].ids[0] = p[3].ids[199]; return p },
		"one twice, none missing":   func(p []leaf) []leaf { p[4].ids = append(p[4].ids, p[3].ids[199]); return p },
		"a page twice":              func(p []leaf) []leaf { p[3] = p[2]; return p },
		"an empty page":             func(p []leaf) []leaf { p[3].ids = nil; return p },
		"an empty list behind it":   func(p []leaf) []leaf { p[2] = leaf{}; return p },
		"a page that ends the list": func(p []leaf) []leaf { p[2].next = false; return p },
		"a list that goes on":       func(p []leaf) []leaf { p[4].next = true; return p },
		"a page that fails":         func(p []leaf) []leaf { p[3].status = 500; return p },
		"two pages that fail":       func(p []leaf) []leaf { p[2].status, p[4].status = 500, 403; return p },
		"the first fails":           func(p []leaf) []leaf { p[0].status = 500; return p },
		"one page":                  func(p []leaf) []leaf { p[0].next, p[0].total = false, 200; return p },
	} {
		synctest.Test(t, func(t *testing.T) {
			read := func(concurrency int) (Listing, string, *bookServer) {
				rng := rand.New(rand.NewPCG(7, 7))
				pages := spoil(bound(numbers(850)))
				s := &bookServer{
					book:    func(n int) leaf { return at(pages, n) },
					latency: func() time.Duration { return time.Duration(1+rng.IntN(90)) * time.Millisecond },
				}
				l, err := s.listed(t, concurrency)
				l.BeganAt = time.Time{}
				slices.Sort(s.asked)
				for i := range l.Droplets {
					l.Droplets[i].SeenAt = time.Time{}
				}
				for i := range l.Seen {
					l.Seen[i].SeenAt = time.Time{}
				}
				return l, fmt.Sprint(err), s
			}
			want, wantErr, one := read(1)
			got, gotErr, many := read(concurrency)
			if gotErr != wantErr || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %d droplets, %d seen on %d pages, %s\nnot %d, %d on %d, %s", name, len(got.Droplets), len(got.Seen), got.Pages, gotErr,
					len(want.Droplets), len(want.Seen), want.Pages, wantErr)
			}
			if one.most != 1 || many.most > concurrency || len(many.asked) > len(one.asked)+concurrency-1 {
				t.Errorf("%s: asked for %v, one after the other for %v", name, many.asked, one.asked)
			}
			if strings.Contains(name, "the last") && many.most != 1 {
				t.Errorf("%s: %d pages at once, and nobody knows how many there are", name, many.most)
			}
			if gotErr == "<nil>" && !slices.Equal(many.asked, one.asked) {
				t.Errorf("%s: a whole list took %v, one after the other %v", name, many.asked, one.asked)
			}
		})
	}
}

// A list changes while its pages are read in any order: what was there all the time is in it, or it is said to have moved.
func TestLaw07NothingSlipsPastPagesSideBySide(t *testing.T) {
	whole, moved := 0, 0
	for seed := range uint64(50) {
		synctest.Test(t, func(t *testing.T) {
			waits, changes := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
			there := numbers(450 + changes.IntN(200))
			newest, always := there[0], map[int64]bool{}
			for _, id := range there {
				always[id] = true
			}
			s := &bookServer{
				latency: func() time.Duration { return time.Duration(1+waits.IntN(100)) * time.Millisecond },
				book:    func(n int) leaf { return at(bound(there), n) },
			}
			change := func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				which := changes.IntN(8) // mostly both, so that the total is the same as before
				if which != 0 {
					newest++
					there = slices.Insert(slices.Clone(there), 0, newest)
				}
				if which != 1 {
					i := changes.IntN(len(there))
					delete(always, there[i])
					there = slices.Delete(slices.Clone(there), i, i+1)
				}
			}
			over := make(chan struct{})
			go func() {
				for range 1 + changes.IntN(6) {
					select {
					case <-over:
						return
					case <-time.After(time.Duration(1+changes.IntN(60)) * time.Millisecond):
						change()
					}
				}
			}()
			l, err := s.listed(t, 10)
			close(over)
			if errors.Is(err, ErrMoved) {
				moved++
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			whole++
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, d := range l.Droplets {
				delete(always, d.ID)
			}
			if len(always) > 0 {
				t.Errorf("seed %d: a list of %d lacks %d that were there all the time", seed, len(l.Droplets), len(always))
			}
		})
	}
	if whole < 5 || moved < 5 {
		t.Errorf("%d lists were whole and %d moved: this shows little", whole, moved)
	}
}
