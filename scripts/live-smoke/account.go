package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// account is the real account, seen by plain HTTP: a mistake in arcadiad's own client must not hide itself here.
type account struct{ url, token string }

// droplet is what the checks need of a droplet.
type droplet struct {
	ID       int64    `json:"id"`
	Name     string   `json:"name"`
	Status   string   `json:"status"`
	SizeSlug string   `json:"size_slug"`
	Tags     []string `json:"tags"`
	Region   struct {
		Slug string `json:"slug"`
	} `json:"region"`
	Networks struct {
		V4 []struct {
			Address string `json:"ip_address"`
			Type    string `json:"type"`
		} `json:"v4"`
	} `json:"networks"`
}

func (d droplet) publicIPv4() string {
	for _, n := range d.Networks.V4 {
		if n.Type == "public" {
			return n.Address
		}
	}
	return ""
}

func (d droplet) hasTag(tag string) bool {
	return slices.ContainsFunc(d.Tags, func(t string) bool { return strings.EqualFold(t, tag) })
}

// owner is whom the account belongs to.
type owner struct {
	UUID         string `json:"uuid"`
	Email        string `json:"email"`
	Status       string `json:"status"`
	DropletLimit int    `json:"droplet_limit"`
	Team         struct {
		UUID string `json:"uuid"`
		Name string `json:"name"`
	} `json:"team"`
}

func (a *account) owner(ctx context.Context) (owner, error) {
	var answer struct{ Account owner }
	_, err := a.do(ctx, http.MethodGet, "/v2/account", &answer)
	return answer.Account, err
}

// droplets lists every droplet of the account, by id. GPU droplets have a listing of their own (docs/digitalocean-api.md, "Lists").
func (a *account) droplets(ctx context.Context) (map[int64]droplet, error) {
	all := map[int64]droplet{}
	for _, kind := range []string{"droplets", "gpus"} {
		for page := 1; ; page++ {
			var answer struct {
				Droplets []droplet
				Links    struct{ Pages struct{ Next string } }
			}
			if _, err := a.do(ctx, http.MethodGet, fmt.Sprintf("/v2/droplets?type=%s&per_page=200&page=%d", kind, page), &answer); err != nil {
				return nil, err
			}
			for _, d := range answer.Droplets {
				all[d.ID] = d
			}
			if answer.Links.Pages.Next == "" {
				break
			}
		}
	}
	return all, nil
}

// droplet gets one droplet; false: the API says 404.
func (a *account) droplet(ctx context.Context, id int64) (d droplet, there bool, err error) {
	var answer struct{ Droplet droplet }
	status, err := a.do(ctx, http.MethodGet, fmt.Sprintf("/v2/droplets/%d", id), &answer)
	if status == http.StatusNotFound {
		return droplet{}, false, nil
	}
	return answer.Droplet, err == nil, err
}

// destroy asks for one droplet to be destroyed. That it is gone already is fine.
func (a *account) destroy(ctx context.Context, id int64) error {
	status, err := a.do(ctx, http.MethodDelete, fmt.Sprintf("/v2/droplets/%d", id), nil)
	if status == http.StatusNotFound {
		return nil
	}
	return err
}

// deleteTag removes a tag object, which outlives its last droplet.
func (a *account) deleteTag(ctx context.Context, tag string) error {
	status, err := a.do(ctx, http.MethodDelete, "/v2/tags/"+tag, nil)
	if status == http.StatusNotFound {
		return nil
	}
	return err
}

// do sends one request and reads the JSON answer. An error names the request, and never the token.
func (a *account) do(ctx context.Context, method, path string, into any) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, a.url+path, nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+a.token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return answer.StatusCode, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if answer.StatusCode >= 300 {
		return answer.StatusCode, fmt.Errorf("%s %s: %s: %.200s", method, path, answer.Status, body)
	}
	if into == nil {
		return answer.StatusCode, nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return answer.StatusCode, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return answer.StatusCode, nil
}
