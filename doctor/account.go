package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
)

// accountTime bounds all questions to the account: a budget that is used up would let them wait for an hour.
const accountTime = 30 * time.Second

// How far the clock may be off. It is only used for backoffs, schedules and what people read, but TLS needs it within months.
const (
	clockWarn = 10 * time.Second
	clockFail = 10 * time.Minute
)

func (p Patient) accepted() string { return p.from("the API accepts it") }

// from adds where the token comes from: there are several places, and the wrong one may have that of another account.
func (p Patient) from(said string) string {
	if p.TokenFrom == "" {
		return said
	}
	return said + "; it comes from " + p.TokenFrom
}

// account asks the account for all that its token may see.
func (r *Report) account(ctx context.Context, p Patient, known *fleet.Meta, desired *fleet.Fleet) {
	ctx, cancel := context.WithTimeout(ctx, accountTime)
	defer cancel()
	if _, err := p.Token(); err != nil {
		r.Add("token", Fail, err.Error(), "create one at cloud.digitalocean.com/account/api/tokens; arcadiad.service reads it from /etc/arcadiad/token, "+
			"arcadiad@NAME from /etc/arcadiad/NAME/token")
		return
	}
	if p.API == nil {
		return
	}
	a, err := p.API.Account(ctx)
	switch {
	case errors.Is(err, digitalocean.ErrUnauthorized):
		r.Add("token", Fail, p.from(err.Error()), "the token is wrong, expired or revoked: replace it, then run systemctl reload arcadiad, or arcadiad@NAME")
		return
	case errors.Is(err, digitalocean.ErrForbidden):
		r.Add("token", OK, p.accepted(), "")
		r.Add("scope account:read", Fail, err.Error(), "nothing is written without it; create a token that has it")
		return
	case err != nil:
		r.Add("token", Warn, err.Error(), "the API cannot be reached; check the network")
		return
	}
	r.Add("token", OK, p.accepted(), "")
	r.whose(a, known)
	r.limit(ctx, p.API, a, desired)
	r.clock(ctx, p.API)
	r.scopes(ctx, p.API)
}

// whose looks at the account that the token is for.
func (r *Report) whose(a fleet.Account, known *fleet.Meta) {
	name := a.UUID
	if a.Team != "" {
		name = a.Team + ", " + name
	}
	if a.Simulated {
		name += ", simulated"
	}
	switch {
	case known != nil && known.Account != "" && !strings.EqualFold(known.Account, a.UUID):
		r.Add("account", Fail, fmt.Sprintf("the token is of %s, and the state database belongs to %s", name, known.Account),
			"use a token of the pinned account, or another --state")
	case a.Status == "active" || a.Status == "":
		r.Add("account", OK, name, "")
	case a.Status == "locked":
		r.Add("account", Fail, name+" is locked", "read DigitalOcean's mail: nothing can be created in a locked account")
	default:
		r.Add("account", Warn, fmt.Sprintf("%s has the status %s", name, a.Status), "read DigitalOcean's mail")
	}
}

// limit compares the droplet limit with what is there and what is desired.
func (r *Report) limit(ctx context.Context, api *digitalocean.Client, a fleet.Account, desired *fleet.Fleet) {
	const check = "droplet limit"
	if a.DropletLimit == 0 {
		r.Add(check, Warn, "the token may not see it", "give it the scope droplet:read")
		return
	}
	n, err := api.Count(ctx)
	if err != nil {
		r.Add(check, Warn, err.Error(), "")
		return
	}
	said := fmt.Sprintf("%d of %d droplets", n, a.DropletLimit)
	const do = "ask DigitalOcean for a higher limit, or destroy unused droplets"
	switch {
	case desired != nil && len(desired.Specs) > a.DropletLimit:
		r.Add(check, Fail, fmt.Sprintf("%s, and the fleet file alone asks for %d", said, len(desired.Specs)), do)
	case n >= a.DropletLimit:
		r.Add(check, Warn, said+": no droplet can be created, not even a replacement, which is created before the old one goes", do)
	case n*10 >= a.DropletLimit*9:
		r.Add(check, Warn, said, do)
	default:
		r.Add(check, OK, said, "")
	}
}

func (r *Report) clock(ctx context.Context, api *digitalocean.Client) {
	ahead, err := api.Clock(ctx)
	if err != nil {
		r.Add("clock", Warn, err.Error(), "")
		return
	}
	said := "as the API's"
	if ahead != 0 {
		said = fmt.Sprintf("%v ahead of the API's", ahead.Round(time.Second))
		if ahead < 0 {
			said = fmt.Sprintf("%v behind the API's", -ahead.Round(time.Second))
		}
	}
	const do = "set the clock, and keep it set: timedatectl set-ntp true"
	switch off := ahead.Abs(); {
	case off > clockFail:
		r.Add("clock", Fail, said, do)
	case off > clockWarn:
		r.Add("clock", Warn, said, do)
	default:
		r.Add("clock", OK, said, "")
	}
}

// scopes tries each read scope, and names the others.
func (r *Report) scopes(ctx context.Context, api *digitalocean.Client) {
	for _, s := range digitalocean.ReadScopes() {
		check := "scope " + s.Name
		switch err := api.Try(ctx, s); {
		case err == nil:
			r.Add(check, OK, "the token has it", "")
		case errors.Is(err, digitalocean.ErrForbidden) && s.Spare:
			r.Add(check, Warn, "the token lacks it; with it a plan can "+s.For, "give the token this scope if you want that")
		case errors.Is(err, digitalocean.ErrForbidden) && s.For != "":
			r.Add(check, Fail, "the token lacks it; it is needed to "+s.For, "create a token that has it")
		case errors.Is(err, digitalocean.ErrForbidden):
			r.Add(check, Warn, "the token lacks it, although the control panel gives it to every token that may create droplets",
				"was the token made for creating droplets?")
		default:
			r.Add(check, Warn, err.Error(), "the API could not be reached; try again")
		}
	}
	r.Add("write scopes", OK, "they cannot be checked without writing; the token needs "+strings.Join(digitalocean.WriteScopes(), ", ")+
		"; and, if the file has it, "+strings.Join(digitalocean.SpareWriteScopes(), ", "), "")
}
