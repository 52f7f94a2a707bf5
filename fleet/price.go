package fleet

import (
	"math"
	"strconv"
	"strings"
)

// Money is an amount of US dollars, in hundred-thousandths: prices come as floats with binary noise, and are exact to five decimals
// (docs/digitalocean-api.md, "Sizes and prices").
type Money int64

// Dollar is one US dollar.
const Dollar Money = 100_000

// Dollars rounds an amount as the API gives it.
func Dollars(amount float64) Money { return Money(math.Round(amount * float64(Dollar))) }

// String gives $12.00, or $0.00893 where cents do not tell it all.
func (m Money) String() string {
	if m < 0 {
		return "-" + (-m).String()
	}
	digits := strconv.FormatInt(int64(m+Dollar), 10) // at least six digits
	whole, rest := strconv.FormatInt(int64(m/Dollar), 10), digits[len(digits)-5:]
	return "$" + whole + "." + rest[:2] + strings.TrimRight(rest[2:], "0")
}

// Signed is String with a plus before what is not negative.
func (m Money) Signed() string {
	if m < 0 {
		return m.String()
	}
	return "+" + m.String()
}

// MarshalJSON writes dollars as a number.
func (m Money) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(m)/float64(Dollar), 'f', -1, 64), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Money) UnmarshalJSON(b []byte) error {
	amount, err := strconv.ParseFloat(string(b), 64)
	*m = Dollars(amount)
	return err
}

// Price is what something costs for an hour, and for a month at most. Backups, snapshots, volumes and reserved IPs are extra.
type Price struct {
	Monthly Money `json:"monthly"`
	Hourly  Money `json:"hourly"`
}

// Plus adds two prices.
func (p Price) Plus(q Price) Price { return Price{p.Monthly + q.Monthly, p.Hourly + q.Hourly} }

// Minus takes a price off another.
func (p Price) Minus(q Price) Price { return Price{p.Monthly - q.Monthly, p.Hourly - q.Hourly} }

// Known tells whether there is a price at all: nothing is free.
func (p Price) Known() bool { return p.Monthly > 0 || p.Hourly > 0 }
