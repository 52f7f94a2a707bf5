package hosts

import (
	"encoding/csv"
	"io"
	"strings"
	"time"
)

// writeCSV writes a table as RFC 4180 has it.
func writeCSV(w io.Writer, list []Host) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	rows := [][]string{{"name", "id", "fleet", "group", "status", "size", "region", "public_ip", "private_ip", "reserved_ip", "image", "tags", "created_at"}}
	for _, h := range list {
		created := ""
		if !h.CreatedAt.IsZero() {
			created = h.CreatedAt.UTC().Format(time.RFC3339)
		}
		row := []string{h.Name, itoa(h.ID), h.Fleet, h.Group, h.Status, h.Size, h.Region, h.PublicIP, h.PrivateIP, h.ReservedIP, h.Image, strings.Join(h.Tags, " "), created}
		for i := range row {
			row[i] = inert(row[i])
		}
		rows = append(rows, row)
	}
	return c.WriteAll(rows)
}

// inert keeps a spreadsheet from taking a text for a formula (OWASP, "CSV Injection").
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
