package digitalocean

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
)

// A whole listing: the requests are nothing, reading the droplets is all.
func BenchmarkList(b *testing.B) {
	raw, err := os.ReadFile("testdata/droplet.json")
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1_000, 10_000} {
		var pages []string
		for first := 0; first < n; first += perPage {
			var objects []string
			for i := range perPage {
				objects = append(objects, strings.Replace(string(raw), "611000123", strconv.Itoa(611000123+first+i), 1))
			}
			links := `{}`
			if first+perPage < n {
				links = `{"pages":{"next":"x"}}`
			}
			pages = append(pages, fmt.Sprintf(`{"droplets":[%s],"links":%s,"meta":{"total":%d}}`, strings.Join(objects, ","), links, n))
		}
		budget := NewBudget(BudgetOptions{Reserve: -1})
		limit := "RateLimit-Limit: 1000000000"
		a, err := New(Config{
			Token: func() (string, error) { return "t", nil }, Budget: budget,
			Transport: inProcess(func(r *http.Request) (*http.Response, error) {
				page, err := strconv.Atoi(r.URL.Query().Get("page"))
				if err != nil {
					return nil, err
				}
				return reply(200, pages[page-1], limit), nil
			}),
		})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("droplets=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if l, err := a.Client(PrioritySync).List(b.Context(), Filter{}); err != nil || l.Total != n {
					b.Fatal(l.Total, err)
				}
			}
		})
	}
}

// A slot taken and given back, with nobody waiting and with a long queue of those who gave up.
func BenchmarkSlot(b *testing.B) {
	budget := NewBudget(BudgetOptions{Reserve: -1})
	for b.Loop() {
		s, err := budget.acquire(b.Context(), PrioritySaga, false)
		if err != nil {
			b.Fatal(err)
		}
		s.release()
	}
}
