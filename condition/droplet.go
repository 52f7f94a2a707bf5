package condition

import "fmt"

// missing tells of droplets that looks lack.
func (s Set) missing() (conditions []Condition) {
	for _, m := range s.Pass.Plan.Missing {
		c := Condition{
			Kind: Missing, Subject: m.Name, State: fmt.Sprint(m.DropletID), Since: m.Since,
			Summary: "a registered droplet is not in the account any more",
			Advice:  "look at the account; if it stays away, arcadiad makes it again by itself; to look: arcadiad plan",
		}
		if !m.Again {
			c.Advice = "look at the account; the fleet file does not want it any more; to look: arcadiad plan"
		}
		conditions = append(conditions, c)
	}
	return conditions
}

func (s Set) released() (conditions []Condition) {
	for _, r := range s.Pass.Plan.Released {
		conditions = append(conditions, Condition{
			Kind: Released, Subject: r.Name, State: fmt.Sprint(r.DropletID),
			Summary: fmt.Sprintf("droplet %d is no longer ours: %s; its name stays taken", r.DropletID, r.Reason),
			Advice:  "put the tags back on the droplet, or free its name: arcadiad release " + r.Name,
		})
	}
	return conditions
}
