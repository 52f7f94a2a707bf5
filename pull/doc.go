// Package pull brings a fleet's repository to the host: one fetch, a new work tree, and a link that flips to it.
//
//	DIR/repo.git        a bare repository with the history of one ref
//	DIR/trees/COMMIT    a work tree for each commit in use: the present one and the few before it
//	DIR/current         a symbolic link to one of the trees
//	DIR/pull.json       what the last pull did, a [fleet.Fetched]
//	DIR/lock            held by the one pull at work, and by every git that it started
//
// Whoever reads DIR/current/fleet.yaml sees the old commit or the new one, and never a mixture. [Once] writes a new tree to the disk as a
// whole before it renames the new link over the old one. A crash at any moment leaves one of the two in use. The next pull removes what the
// crash left: trees that were never in use, and the locks of a git that died.
//
// What comes from the repository is a stranger's. Git runs without the configuration of the system and of the user, without hooks and
// without prompts. It follows no submodules, and speaks https, ssh and file alone. A symbolic link that leads out of its tree makes the
// commit unusable: the fleet file itself could be a link to a secret of this host. So does a work tree that is too large. A tag does not go
// before a branch of its name. Where signatures are checked, an old commit with a good one is refused.
package pull
