package fleet

import "testing"

func TestWords(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{Counted(1, "droplet"), "1 droplet"},
		{Counted(0, "droplet"), "0 droplets"},
		{Series(nil), ""},
		{Series([]string{"a"}), "a"},
		{Series([]string{"a", "b", "c"}), "a, b and c"},
		{More(0), ""},
		{More(2), " and 2 more"},
		{Span("db", "db"), "db"},
		{Span("web-1", "web-9"), "web-1 … web-9"},
		{Value(""), "(none)"},
		{Value("sha256:0123456789"), "sha256:01234567"},
		{Fit("a\nb c d", 4), "a b…"},
		{Cut("a  b", 4), "a  b"},
		{OneLine(" a\n\x00b\u202ec\t\xff "), "a b\ufffdc ?"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
	for name, want := range map[string]int{"web-12": 12, "web-0": -1, "web-01": -1, "-1": -1, "web1": -1, "web": -1, "a-b-3": 3, "web-99999999999999999999": -1} {
		if stem, n := SplitName(name); n != want || n < 0 && stem != name {
			t.Errorf("%s: %s, %d, want %d", name, stem, n, want)
		}
	}
}
