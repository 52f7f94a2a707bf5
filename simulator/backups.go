package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// backupPolicy says when backups are made (docs/digitalocean-api.md, "Creating a droplet").
type backupPolicy struct {
	Plan    string `json:"plan"`
	Weekday string `json:"weekday,omitempty"`
	Hour    int    `json:"hour"`
	Window  int    `json:"window_length_hours"`
	Keep    int    `json:"retention_period_days"`
}

type window struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

func weekdays() []string { return []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"} }

// complete fills what the request left out; false: the policy is not one.
func (p *backupPolicy) complete() (*backupPolicy, bool) {
	out := backupPolicy{Plan: "daily"}
	if p != nil {
		out = *p
		if out.Plan == "" {
			out.Plan = "daily"
		}
	}
	out.Window, out.Keep = 4, 7
	switch out.Plan {
	case "daily":
		out.Weekday = ""
	case "weekly":
		out.Keep = 28
		if out.Weekday == "" {
			out.Weekday = "SUN"
		}
		if !slices.Contains(weekdays(), out.Weekday) {
			return nil, false
		}
	default:
		return nil, false
	}
	return &out, out.Hour >= 0 && out.Hour <= 20 && out.Hour%4 == 0
}

// next is the first window that begins after now.
func (p *backupPolicy) next(now time.Time) *window {
	now = now.UTC()
	start := time.Date(now.Year(), now.Month(), now.Day(), p.Hour, 0, 0, 0, time.UTC)
	for !start.After(now) || p.Plan == "weekly" && weekdays()[start.Weekday()] != p.Weekday {
		start = start.AddDate(0, 0, 1)
	}
	return &window{timestamp(start), timestamp(start.Add(time.Duration(p.Window) * time.Hour))}
}

func getBackupPolicy(c *call) answer {
	d, ok := c.droplet()
	if !ok {
		return c.notFound()
	}
	return c.json(http.StatusOK, map[string]any{"policy": c.policyBody(d)})
}

func (c *call) policyBody(d *droplet) map[string]any {
	policy := map[string]any{"droplet_id": d.ID, "backup_enabled": d.Backups}
	if d.Backups {
		policy["backup_policy"] = d.BackupPolicy
		policy["next_backup_window"] = d.BackupPolicy.next(c.now)
	}
	return policy
}

// listBackupPolicies gives a page of the droplets' policies by their ids.
func listBackupPolicies(c *call) answer {
	list := append(slices.Clone(c.a.standard.list), c.a.gpus.list...)
	page, perPage := c.pageQuery()
	from, n := onPage(page, perPage, len(list))
	policies := map[string]any{}
	for _, d := range list[from : from+n] {
		policies[strconv.FormatInt(d.ID, 10)] = c.policyBody(d)
	}
	var o object
	o.raw("policies", encode(policies))
	o.raw("links", c.links(page, perPage, len(list)))
	o.raw("meta", encode(map[string]int{"total": len(list)}))
	return answer{status: http.StatusOK, body: o.bytes()}
}

func listSupportedPolicies(c *call) answer {
	starts := []int{0, 4, 8, 12, 16, 20}
	return c.json(http.StatusOK, map[string]any{"supported_policies": []map[string]any{
		{"name": "weekly", "possible_window_starts": starts, "window_length_hours": 4, "retention_period_days": 28, "possible_days": weekdays()},
		{"name": "daily", "possible_window_starts": starts, "window_length_hours": 4, "retention_period_days": 7, "possible_days": []string{}},
	}})
}
