package fleet

import (
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	for _, tt := range []struct {
		text string
		want time.Duration // 0: refused
	}{
		{"5s", 5 * time.Second}, {"1h30m", 90 * time.Minute}, {"1.5s", 1500 * time.Millisecond}, {"10ms", 10 * time.Millisecond}, {"24h", 24 * time.Hour},
		{"", 0}, {"0", 0}, {"0s", 0}, {"9ms", 0}, {"1ns", 0}, {"-5s", 0}, {"+5s", 0}, {"5", 0}, {"5 s", 0}, {"5s ", 0}, {"24h1ns", 0},
		{"2562047h48m", 0}, {"99999999999999999999h", 0}, {".5s", 0}, {"forever", 0}, {"1d", 0},
	} {
		if got, err := ParseDuration(tt.text, 10*time.Millisecond, 24*time.Hour); got != tt.want || (err == nil) != (tt.want > 0) {
			t.Errorf("%q: %v, %v; want %v", tt.text, got, err, tt.want)
		}
	}
}

func TestParseShare(t *testing.T) {
	for text, want := range map[string]float64{"0%": 0, "0": 0, "20%": 0.2, "0.2": 0.2, "0.5%": 0.005} {
		if got, err := ParseShare(text); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "%", "100%", "1", "20", "-1%", "NaN", "nan%", "inf", "0x1p-2", "1e-3", "0_1", " 20%", "20 %", "20%%", "٢%"} {
		if got, err := ParseShare(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"5s", "1h30m", "0s", "-1m", "1ns", "2562047h48m", "1.5h", "µs", "1µs1us"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDuration(s, time.Millisecond, time.Hour); err == nil && (d < time.Millisecond || d > time.Hour) || err != nil && d != 0 {
			t.Errorf("%q: %v, %v", s, d, err)
		}
	})
}

func FuzzParseShare(f *testing.F) {
	for _, s := range []string{"20%", "0.2", "0%", "NaN", "1e9", "-0", "100%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if x, err := ParseShare(s); !(x >= 0 && x < 1) || err != nil && x != 0 {
			t.Errorf("%q: %v, %v", s, x, err)
		}
	})
}
