package digitalocean

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"arcadiad/fleet"
)

// wireDroplet is what arcadiad reads of a droplet. It is narrow on purpose: a droplet is several KB, most of them lists of sizes
// and regions, and an account may have tens of thousands (do-api.md, section 1.1).
type wireDroplet struct {
	ID                   int64
	Name, Status         string
	Locked               bool
	CreatedAt            string
	SizeSlug, RegionSlug string
	Monthly, Hourly      price
	ImageID              int64
	ImageSlug            string
	Tags, Features       []string
	VolumeIDs            []string
	Disk                 int64
	VPCUUID              string
	Networks             struct {
		V4 []wireAddress `json:"v4"`
		V6 []wireAddress `json:"v6"`
	}
	GPUInfo *struct{}
}

// price is an amount in US dollars. It is told to people and decides nothing, so one that cannot be read is unknown, and no error.
type price float64

func (p *price) UnmarshalJSON(b []byte) error {
	if v, err := strconv.ParseFloat(string(b), 64); err == nil && v > 0 {
		*p = price(v)
	}
	return nil
}

type wireAddress struct {
	Address string `json:"ip_address"`
	Type    string `json:"type"`
}

// member is where a member of the droplet object goes; nil: nobody reads it.
func (w *wireDroplet) member(key []byte) any {
	switch string(key) {
	case "id":
		return &w.ID
	case "name":
		return &w.Name
	case "status":
		return &w.Status
	case "locked":
		return &w.Locked
	case "created_at":
		return &w.CreatedAt
	case "size_slug":
		return &w.SizeSlug
	case "tags":
		return &w.Tags
	case "features":
		return &w.Features
	case "volume_ids":
		return &w.VolumeIDs
	case "disk":
		return &w.Disk
	case "vpc_uuid":
		return &w.VPCUUID
	case "size":
		return part(func(key []byte) any {
			switch string(key) {
			case "price_monthly":
				return &w.Monthly
			case "price_hourly":
				return &w.Hourly
			}
			return nil
		})
	case "region":
		return part(func(key []byte) any {
			if string(key) == "slug" {
				return &w.RegionSlug
			}
			return nil
		})
	case "image":
		return part(func(key []byte) any {
			switch string(key) {
			case "id":
				return &w.ImageID
			case "slug":
				return &w.ImageSlug
			}
			return nil
		})
	case "networks":
		return &w.Networks
	case "gpu_info":
		return &w.GPUInfo
	}
	return nil
}

// part is an object of which only some members are read.
type part func(key []byte) any

// take reads the members of an object that somebody wants.
func (p part) take(object []byte) error {
	return members(object, func(key, value []byte) error {
		into := p(key)
		if into == nil || string(value) == "null" {
			return nil
		}
		if err := put(value, into); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	})
}

// put reads one value. The common ones are read here, because encoding/json goes over each value twice.
func put(value []byte, into any) error {
	switch into := into.(type) {
	case part:
		return into.take(value)
	case *string:
		if text, ok := plain(value); ok {
			*into = text
			return nil
		}
	case *[]string:
		*into = []string{}
		return elements(value, func(element []byte) error {
			var text string
			err := put(element, &text)
			*into = append(*into, text)
			return err
		})
	case *[]json.RawMessage:
		return elements(value, func(element []byte) error {
			*into = append(*into, element)
			return nil
		})
	}
	return json.Unmarshal(value, into)
}

// plain gives the text of a string of printable ASCII without escapes.
func plain(value []byte) (string, bool) {
	if len(value) < 2 || value[0] != '"' {
		return "", false
	}
	inner := value[1 : len(value)-1]
	for _, c := range inner {
		if c == '\\' || c < ' ' || c > '~' {
			return "", false
		}
	}
	return string(inner), true
}

// decodeDroplet reads one droplet object. data is kept as it is.
func decodeDroplet(data json.RawMessage, seen time.Time) (fleet.Droplet, error) {
	var w wireDroplet
	if err := part(w.member).take(data); err != nil {
		return fleet.Droplet{}, err
	}
	if w.ID <= 0 {
		return fleet.Droplet{}, errors.New("a droplet without an id")
	}
	// A time that cannot be read is unknown; no more depends on it.
	created, _ := time.Parse(time.RFC3339, w.CreatedAt)
	return fleet.Droplet{
		ID:          w.ID,
		Name:        w.Name,
		Status:      fleet.Status(w.Status),
		Region:      w.RegionSlug,
		Size:        w.SizeSlug,
		ImageID:     w.ImageID,
		ImageSlug:   w.ImageSlug,
		Tags:        w.Tags,
		VPCUUID:     w.VPCUUID,
		PublicIPv4:  first(w.Networks.V4, "public"),
		PrivateIPv4: first(w.Networks.V4, "private"),
		PublicIPv6:  first(w.Networks.V6, "public"),
		Features:    w.Features,
		VolumeIDs:   w.VolumeIDs,
		Disk:        int(w.Disk),
		GPU:         w.GPUInfo != nil || strings.HasPrefix(w.SizeSlug, "gpu-"),
		Locked:      w.Locked,
		Price:       fleet.Price{Monthly: fleet.Dollars(float64(w.Monthly)), Hourly: fleet.Dollars(float64(w.Hourly))},
		CreatedAt:   created,
		Data:        data,
		SeenAt:      seen,
	}, nil
}

func first(addresses []wireAddress, kind string) string {
	for _, a := range addresses {
		if a.Type == kind {
			return a.Address
		}
	}
	return ""
}

// decodeOne reads {"droplet": {…}}.
func decodeOne(a answer) (fleet.Droplet, error) {
	var body struct {
		Droplet json.RawMessage `json:"droplet"`
	}
	if err := json.Unmarshal(a.body, &body); err != nil {
		return fleet.Droplet{}, err
	}
	if body.Droplet == nil {
		return fleet.Droplet{}, errors.New("there is no droplet in it")
	}
	return decodeDroplet(body.Droplet, a.beganAt)
}
