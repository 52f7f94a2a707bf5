package fleet

import (
	"encoding/json"
	"testing"
)

func TestMoney(t *testing.T) {
	for amount, want := range map[float64]string{
		0: "$0.00", 4: "$4.00", 0.00743999984115362: "$0.00744", 1234.5: "$1234.50", -6: "-$6.00", -0.005: "-$0.005", 0.1: "$0.10",
	} {
		m := Dollars(amount)
		if got := m.String(); got != want {
			t.Errorf("%v: %s, want %s", amount, got, want)
		}
		b, err := json.Marshal(m)
		var back Money
		if err != nil || json.Unmarshal(b, &back) != nil || back != m {
			t.Errorf("%s came back as %s by way of %s (%v)", m, back, b, err)
		}
	}
	if got := (6 * Dollar).Signed() + " " + (-6 * Dollar).Signed() + " " + Money(0).Signed(); got != "+$6.00 -$6.00 +$0.00" {
		t.Error(got)
	}
	if b, err := json.Marshal(Price{6 * Dollar, Dollars(0.00893)}); err != nil || string(b) != `{"monthly":6,"hourly":0.00893}` {
		t.Errorf("%s, %v", b, err)
	}
}
