package digitalocean

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"arcadiad/fleet"
)

// wireDroplet is what arcadiad reads of a droplet. It is narrow on purpose: a droplet is several KB, most of them lists of sizes
// and regions, and an account may have tens of thousands (docs/digitalocean-api.md, "The droplet object").
type wireDroplet struct {
	ID        int64    `json:"id"`
	Name      string   `json:"name"`
	Status    string   `json:"status"`
	Locked    bool     `json:"locked"`
	Disk      int      `json:"disk"`
	CreatedAt string   `json:"created_at"`
	SizeSlug  string   `json:"size_slug"`
	Tags      []string `json:"tags"`
	Features  []string `json:"features"`
	VolumeIDs []string `json:"volume_ids"`
	BackupIDs []int64  `json:"backup_ids"`
	VPCUUID   string   `json:"vpc_uuid"`

	NextBackupWindow jsontext.Value `json:"next_backup_window"` // an object; null: no backups are made; empty: the answer does not say

	Size struct {
		Slug    string `json:"slug"`
		Disk    int    `json:"disk"`
		Monthly price  `json:"price_monthly"`
		Hourly  price  `json:"price_hourly"`
	} `json:"size"`
	Region struct {
		Slug string `json:"slug"`
	} `json:"region"`
	Image struct {
		ID   int64  `json:"id"`
		Slug string `json:"slug"`
	} `json:"image"`
	Networks struct {
		V4 []wireAddress `json:"v4"`
		V6 []wireAddress `json:"v6"`
	} `json:"networks"`
	GPUInfo *struct{} `json:"gpu_info"`

	begins, ends int64 // where in the answer the object is
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

// UnmarshalJSONFrom reads the object, and notes where it is.
func (w *wireDroplet) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	type members wireDroplet
	begins := from.InputOffset()
	err := jsonv2.UnmarshalDecode(from, (*members)(w))
	w.begins, w.ends = begins, from.InputOffset()
	return err
}

// data is the object as it is in the answer.
func (w *wireDroplet) data(body []byte) json.RawMessage {
	return bytes.TrimLeft(body[w.begins:w.ends], " \t\r\n,:") // what is between it and what comes before
}

// read decodes an answer with droplets in it. encoding/json goes over each byte five times until it has a list of objects and
// what is in them, which was most of what a pass cost; this is the library that is to become encoding/json/v2. What the first takes
// is taken here too.
func read(body []byte, into any) error {
	return jsonv2.Unmarshal(body, into, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// droplet is the droplet, as an answer has it. Its Data are a part of the answer.
func (w *wireDroplet) droplet(a answer) (fleet.Droplet, error) {
	if w.ID <= 0 {
		return fleet.Droplet{}, errors.New("a droplet without an id")
	}
	// A time that cannot be read is unknown.
	created, _ := time.Parse(time.RFC3339, w.CreatedAt)
	size := cmp.Or(w.SizeSlug, w.Size.Slug)
	return fleet.Droplet{
		ID:           w.ID,
		Name:         w.Name,
		Status:       statusOf(w.Status),
		Region:       w.Region.Slug,
		Size:         size,
		ImageID:      w.Image.ID,
		ImageSlug:    w.Image.Slug,
		Tags:         w.Tags,
		VPCUUID:      w.VPCUUID,
		PublicIPv4:   first(w.Networks.V4, "public"),
		PrivateIPv4:  first(w.Networks.V4, "private"),
		PublicIPv6:   first(w.Networks.V6, "public"),
		Features:     w.Features,
		VolumeIDs:    w.VolumeIDs,
		Backups:      len(w.BackupIDs),
		Disk:         w.Disk,
		SizeDisk:     w.Size.Disk,
		GPU:          w.GPUInfo != nil || strings.HasPrefix(size, "gpu-"),
		Locked:       w.Locked,
		BackupWindow: w.NextBackupWindow.Kind() == '{',
		Unread:       w.unread(),
		Price:        fleet.Price{Monthly: fleet.Dollars(float64(w.Size.Monthly)), Hourly: fleet.Dollars(float64(w.Size.Hourly))},
		CreatedAt:    created,
		Data:         w.data(a.body),
		SeenAt:       a.beganAt,
	}, nil
}

// statusOf reads a status. One that the API does not document is unknown: nothing is concluded from it.
func statusOf(word string) fleet.Status {
	switch s := fleet.Status(word); s {
	case fleet.StatusNew, fleet.StatusActive, fleet.StatusOff, fleet.StatusArchive:
		return s
	}
	return fleet.StatusUnknown
}

// unread are the parts that the answer leaves out or gives as null: a list that is there is never nil.
func (w *wireDroplet) unread() (u fleet.Unread) {
	for _, part := range []struct {
		mark    fleet.Unread
		missing bool
	}{
		{fleet.UnreadTags, w.Tags == nil},
		{fleet.UnreadFeatures, w.Features == nil},
		{fleet.UnreadVolumes, w.VolumeIDs == nil},
		{fleet.UnreadWindow, len(w.NextBackupWindow) == 0},
		{fleet.UnreadAddresses, w.Networks.V4 == nil},
		{fleet.UnreadIPv6, w.Networks.V6 == nil},
	} {
		if part.missing {
			u |= part.mark
		}
	}
	return u
}

func first(addresses []wireAddress, kind string) string {
	if i := slices.IndexFunc(addresses, func(a wireAddress) bool { return a.Type == kind }); i >= 0 {
		return addresses[i].Address
	}
	return ""
}

// decodeOne reads {"droplet": {…}}.
func decodeOne(a answer) (fleet.Droplet, error) {
	var body struct {
		Droplet *wireDroplet `json:"droplet"`
	}
	if err := read(a.body, &body); err != nil {
		return fleet.Droplet{}, err
	}
	if body.Droplet == nil {
		return fleet.Droplet{}, errors.New("there is no droplet in it")
	}
	return body.Droplet.droplet(a)
}
