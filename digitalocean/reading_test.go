package digitalocean

import (
	"testing"
	"time"

	"arcadiad/fleet"
)

// What an answer leaves out, or gives as null, is unknown: a list that is there and empty is not.
func TestWhatIsLeftOutIsUnknown(t *testing.T) {
	const lists = fleet.UnreadTags | fleet.UnreadFeatures | fleet.UnreadVolumes | fleet.UnreadAddresses | fleet.UnreadIPv6
	for body, want := range map[string]fleet.Droplet{
		`{"id":1}`: {Unread: lists | fleet.UnreadWindow},
		`{"id":1,"tags":null,"features":null,"volume_ids":null,"networks":null,"next_backup_window":null,"status":null,"size":null}`:            {Unread: lists},
		`{"id":1,"tags":[],"features":[],"volume_ids":[],"networks":{"v4":[],"v6":[]},"next_backup_window":{"start":"x"},"status":"rebooting"}`: {BackupWindow: true},
		`{"id":1,"tags":[],"features":[],"volume_ids":[],"networks":{},"next_backup_window":null,"status":"off","size":{"slug":"s-1"}}`: {
			Status: fleet.StatusOff, Size: "s-1", Unread: fleet.UnreadAddresses | fleet.UnreadIPv6},
	} {
		d, err := decodeOne(answer{body: []byte(`{"droplet":` + body + `}`), beganAt: time.Unix(1, 0)})
		if err != nil || d.Unread != want.Unread || d.BackupWindow != want.BackupWindow || d.Status != want.Status || d.Size != want.Size || !d.CreatedAt.IsZero() {
			t.Errorf("%s: %+v, %v", body, d, err)
		}
	}
}
