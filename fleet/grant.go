package fleet

import "time"

// GrantLasts is how long an approval is good for.
const GrantLasts = 24 * time.Hour

// Grant is a person's approval of one action that one rule holds. It covers what that person saw, and nothing else: another droplet,
// another spec, another rule or a fact that is new is held as before.
type Grant struct {
	ID        int64     `json:"ID"`        // its row in the state database; 0: not stored
	Plan      string    `json:"Plan"`      // id of the plan that was approved
	Kind      string    `json:"Kind"`      // of the action
	Name      string    `json:"Name"`      // the Key of the action's name
	DropletID int64     `json:"DropletID"` // 0: the action makes a droplet
	Spec      string    `json:"Spec"`      // hash of what is desired, none for a destroy, and the manner in which the action goes
	Rule      string    `json:"Rule"`      // that held the action
	Facts     []string  `json:"Facts"`     // what the rule's message is about: ids and addresses, sorted; never times or counts
	At        time.Time `json:"At"`        // when it was approved
	By        Person    `json:"By,omitzero"`
}

// Covers reports whether the grant lets through what is asked for: the same action, held by the same rule, for no fact that is new.
func (g Grant) Covers(need Grant) bool {
	return g.Kind == need.Kind && g.Name == need.Name && g.DropletID == need.DropletID && g.Spec == need.Spec && g.Rule == need.Rule &&
		within(need.Facts, g.Facts)
}

// within reports whether a sorted list has nothing that another one lacks. There may be thousands of facts for each of thousands of actions.
func within(facts, seen []string) bool {
	for _, fact := range facts {
		i := 0
		for i < len(seen) && seen[i] < fact {
			i++
		}
		if i == len(seen) || seen[i] != fact {
			return false
		}
		seen = seen[i:]
	}
	return true
}
