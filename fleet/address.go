package fleet

// Address is a reserved IP of the account, as it was seen: an address that stays while droplets come and go, and that one droplet has at
// most (docs/digitalocean-api.md, "Reserved IPs").
type Address struct {
	IP        string
	Region    string // only droplets of this region can have it
	DropletID int64  // that has it; 0: nobody has
	Locked    bool   // it is on its way, or else busy: nothing can be asked of it meanwhile
}
