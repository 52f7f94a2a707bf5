package simulator_test

import (
	"context"
	"fmt"
	"net/http"

	"arcadiad/simulator"

	"github.com/digitalocean/godo"
)

// A create whose answer is cut off: the client does not know, and the droplet is there.
func Example() {
	s := simulator.New(simulator.Options{})
	if err := s.Script("POST /v2/droplets", 1, simulator.Cut().After()); err != nil {
		fmt.Println(err)
	}
	client, err := godo.New(&http.Client{Transport: bearerToken{"any", s.Transport()}})
	if err != nil {
		fmt.Println(err)
	}
	_, _, err = client.Droplets.Create(context.Background(), &godo.DropletCreateRequest{
		Name: "web-1", Region: "syd1", Size: "s-1vcpu-1gb", Image: godo.DropletCreateImage{Slug: "ubuntu-24-04-x64"},
	})
	fmt.Println("answered:", err == nil)
	for _, d := range s.Droplets() {
		fmt.Println("there:", d.Name, d.Region)
	}
	// Output:
	// answered: false
	// there: web-1 syd1
}
