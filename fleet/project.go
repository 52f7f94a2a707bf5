package fleet

// Project is a project of the account, by which people sort what they have (docs/digitalocean-api.md, "Projects").
type Project struct {
	ID      string
	Name    string
	Default bool // what is put into no other is in it
}
