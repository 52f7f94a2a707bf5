package stage

import (
	"fmt"
	"net"
	"net/http"
	"strings"

	"arcadiad/simulator"
)

// Plenty are limits that nothing comes near. The answers tell them, so that no client paces itself either.
var Plenty = simulator.Limits{Hour: 100_000_000, Minute: 5_000_000}

// Account is a simulated account, served over HTTP.
type Account struct {
	*simulator.Simulator
	URL    string
	server *http.Server
}

// Open serves a new account on a free port of the loopback interface.
func Open(o simulator.Options) (*Account, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve the simulated account: %w", err)
	}
	sim := simulator.New(o)
	a := &Account{Simulator: sim, URL: "http://" + l.Addr().String(), server: &http.Server{Handler: sim}}
	go a.server.Serve(l) // until Close
	return a, nil
}

// Close ends the account.
func (a *Account) Close() error { return a.server.Close() }

// Requests are numbers of requests by kind.
type Requests struct {
	Create, Destroy, List, Get, Account, Other int
}

// Took gives the requests since the last call, or since the account was opened.
func (a *Account) Took() Requests {
	var r Requests
	for route, n := range a.Simulator.Requests() {
		switch {
		case route == "POST /v2/droplets":
			r.Create += n
		case route == "DELETE /v2/droplets/{id}":
			r.Destroy += n
		case route == "GET /v2/droplets":
			r.List += n
		case strings.HasPrefix(route, "GET /v2/droplets/{id}"):
			r.Get += n
		case route == "GET /v2/account":
			r.Account += n
		default:
			r.Other += n
		}
	}
	a.ResetRequests()
	return r
}

// Total is the number of all requests.
func (r Requests) Total() int { return r.Create + r.Destroy + r.List + r.Get + r.Account + r.Other }
