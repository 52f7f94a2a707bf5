package digitalocean

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"

	"arcadiad/fleet"
)

// reservedIP is what the API shows of a reserved IP.
type reservedIP struct {
	IP      string                `json:"ip"`
	Region  struct{ Slug string } `json:"region"`
	Droplet holder                `json:"droplet"`
	Locked  *bool                 `json:"locked"`
}

// holder is the droplet that has an address. Null says that nobody has it; that nothing is said does not.
type holder struct {
	ID   int64
	told bool
}

// UnmarshalJSON reads a droplet, or null.
func (h *holder) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*h = holder{told: true}
		return nil
	}
	var droplet struct{ ID int64 }
	if err := json.Unmarshal(b, &droplet); err != nil {
		return err
	}
	if droplet.ID <= 0 {
		return errors.New("a droplet without an id has it")
	}
	*h = holder{droplet.ID, true}
	return nil
}

func (r reservedIP) whole() bool { return r.IP != "" && r.Droplet.told && r.Locked != nil }

func (r reservedIP) address() fleet.Address {
	return fleet.Address{IP: r.IP, Region: r.Region.Slug, DropletID: r.Droplet.ID, Locked: *r.Locked}
}

// ReservedIP reads one reserved IP. ErrNotFound means that the account does not have it.
func (c *Client) ReservedIP(ctx context.Context, ip string) (fleet.Address, error) {
	r := request{
		op: "read reserved ip " + ip, method: http.MethodGet, path: reservedIPPath(ip), scopes: "reserved_ip:read and droplet:read", wrong: checkIP(ip),
	}
	found, _, err := ask(ctx, c, r, "reserved_ip", func(r reservedIP) bool { return r.whole() && r.IP == ip }, "it does not say who has the address")
	if err != nil {
		return fleet.Address{}, err
	}
	return found.address(), nil
}

// AssignIP asks to give a reserved IP to a droplet, from whomever has it. Success means accepted: the address shows the droplet later, and
// [Client.Action] tells how it went. ErrPendingEvent means that the address or the droplet is busy, ErrAlreadySo that the droplet has the
// address, ErrNotFound that the account has no such address. ErrRejected is any other refusal: no such droplet, another region, or a
// droplet that has another address; of a droplet that was just made it may pass (docs/digitalocean-api.md, "Reserved IPs"). It passes the
// write gate, and the intent is as in Create. It names the state that it leads to, so after an unknown outcome it may be sent again,
// if the address is still where it was.
func (c *Client) AssignIP(ctx context.Context, ip string, dropletID int64, intent func(context.Context) error) (Action, error) {
	return c.moveIP(ctx, request{
		op:     fmt.Sprintf("assign reserved ip %s to droplet %d", ip, dropletID),
		body:   map[string]any{"type": "assign", "droplet_id": dropletID},
		intent: intent, wrong: errors.Join(checkIP(ip), checkID("a droplet id", dropletID)),
	}, ip)
}

// UnassignIP asks to take a reserved IP from the droplet that has it, whichever that is. It is as AssignIP is; ErrAlreadySo means that
// nobody has the address.
func (c *Client) UnassignIP(ctx context.Context, ip string, intent func(context.Context) error) (Action, error) {
	return c.moveIP(ctx, request{
		op: "unassign reserved ip " + ip, body: map[string]any{"type": "unassign"}, intent: intent, wrong: checkIP(ip),
	}, ip)
}

// moveIP completes and sends a request for an action on an address.
func (c *Client) moveIP(ctx context.Context, r request, ip string) (Action, error) {
	r.method, r.path, r.scopes, r.write = http.MethodPost, reservedIPPath(ip)+"/actions", "reserved_ip:update", true
	return c.oneAction(ctx, r)
}

func reservedIPPath(ip string) string { return "v2/reserved_ips/" + ip }

// checkIP refuses what would make a path that means something else.
func checkIP(ip string) error {
	if a, err := netip.ParseAddr(ip); err != nil || !a.Is4() || a.String() != ip {
		return fmt.Errorf("%q is not an IPv4 address", ip)
	}
	return nil
}
