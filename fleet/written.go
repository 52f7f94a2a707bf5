package fleet

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// longestWritten bounds what is read as a number or a time, in bytes.
const longestWritten = 64

var (
	durationForm = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`)
	shareForm    = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?%?$`)
)

// ParseDuration reads a duration as a person writes it, such as 90s or 1h30m. It must lie from least to most: a wait of nothing is a
// loop without a pause, and one of centuries overflows.
func ParseDuration(s string, least, most time.Duration) (time.Duration, error) {
	none := errors.New("not a duration such as 5s or 2m")
	if len(s) > longestWritten || !durationForm.MatchString(s) {
		return 0, none
	}
	switch d, err := time.ParseDuration(s); {
	case err != nil || d > most:
		return 0, fmt.Errorf("%w: it is longer than %v", none, most)
	case d == 0:
		return 0, none
	case d < least:
		return 0, fmt.Errorf("%w: it is shorter than %v", none, least)
	default:
		return d, nil
	}
}

// ParseShare reads a share as a person writes it, 20% or 0.2, from 0 to below 1.
func ParseShare(s string) (float64, error) {
	digits, percent := strings.CutSuffix(s, "%")
	x, err := strconv.ParseFloat(digits, 64)
	if percent {
		x /= 100
	}
	if len(s) > longestWritten || !shareForm.MatchString(s) || err != nil || !(x >= 0 && x < 1) { // NaN is neither
		return 0, errors.New("not a share such as 20% or 0.2, below 100%")
	}
	return x, nil
}
