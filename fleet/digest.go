package fleet

import "crypto/sha256"

// Digest names what the API said of a droplet: equal for equal objects. The zero Digest says nothing.
type Digest [16]byte

// DigestOf is the digest of an object in the API's own words; zero for none.
func DigestOf(data []byte) Digest {
	if len(data) == 0 {
		return Digest{}
	}
	sum := sha256.Sum256(data)
	return Digest(sum[:len(Digest{})])
}
