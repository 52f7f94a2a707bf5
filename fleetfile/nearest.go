package fleetfile

import "strings"

// nearest finds the known word that a person probably meant: the same but for case, hyphens and underscores, a few typing
// mistakes away, or the word of which this is the beginning.
func nearest(word string, known []string) (string, bool) {
	const longest = 40 // nothing known is near that, and the distance costs the product of both lengths
	if len(word) > longest {
		return "", false
	}
	w := plain(word)
	best, bestDistance := "", max(1, len(w)/3)+1
	for _, k := range known {
		d := distance(w, plain(k))
		if len(w) >= 3 && strings.HasPrefix(plain(k), w) {
			d = min(d, 1)
		}
		if d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best, best != ""
}

func plain(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
}

// distance counts the insertions, deletions, replacements and swaps of neighbours that make b of a.
func distance(a, b string) int {
	rows := [3][]int{}
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
	}
	for j := range rows[1] {
		rows[1][j] = j
	}
	before, last, row := rows[0], rows[1], rows[2]
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
