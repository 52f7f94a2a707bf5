package tables

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// Dialect is what a database says in words of its own. The statements of this package are in those of SQLite, with ? and ?1 for arguments.
type Dialect struct {
	Statement func(query string) string      // translates a statement; nil: it stays as it is
	Value     func(v any) any                // converts an argument; nil: it stays as it is
	Unique    func(err error) (index string) // names the unique index that a row is against; empty: the error is another

	// Rows gives a list of rows as a table v of these columns for a statement, whose arguments follow those before. It wants a pipeline. Nil: the
	// statement is carried out for each row.
	Rows func(columns []string, before int, rows [][]any) (table string, args []any)

	ReservedIP    string // the reserved IP in the spec of the record p; NULL where there is none, or it cannot be read
	Shown         string // a JSON list of what the data of the resource r says: size, image slug, image id, creation, addresses
	SecretPadding int    // how many zero bytes go before a secret in its row
}

// Tx is a transaction, of a snapshot or of the writer.
type Tx struct {
	tx        *sql.Tx
	dialect   *Dialect
	pipeline  Pipeline   // nil: there is none
	recording *recording // nil: statements are carried out at once
	erased    bool       // set by a request that erased a secret
	end       func()     // gives back what the transaction held; nil: nothing
}

// NewTx gives a transaction to the functions of this package.
func NewTx(tx *sql.Tx, d *Dialect) *Tx { return &Tx{tx: tx, dialect: d} }

// NewPipelinedTx gives a transaction that has a pipeline. It calls end when it is over.
func NewPipelinedTx(tx *sql.Tx, d *Dialect, p Pipeline, end func()) *Tx {
	return &Tx{tx: tx, dialect: d, pipeline: p, end: end}
}

func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if t.asks() {
		return nil, errAsks
	}
	query, args = t.words(query, args)
	return t.tx.ExecContext(ctx, query, args...)
}

func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if t.asks() {
		return nil, errAsks
	}
	query, args = t.words(query, args)
	return t.tx.QueryContext(ctx, query, args...)
}

func (t *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if t.asks() { // what it answers is not used
		query, args = "SELECT NULL", nil
	}
	query, args = t.words(query, args)
	return t.tx.QueryRowContext(ctx, query, args...)
}

// Commit makes the transaction durable.
func (t *Tx) Commit() error { return t.over(t.tx.Commit()) }

// Rollback takes it back. It does nothing after a commit.
func (t *Tx) Rollback() error { return t.over(t.tx.Rollback()) }

func (t *Tx) over(err error) error {
	if t.end != nil {
		t.end()
		t.end = nil
	}
	return err
}

// words are the query and its arguments as the database wants them.
func (t *Tx) words(query string, args []any) (string, []any) {
	if t.dialect.Statement != nil {
		query = t.dialect.Statement(query)
	}
	if t.dialect.Value != nil {
		for i, v := range args {
			args[i] = t.dialect.Value(v)
		}
	}
	return query, args
}

// asks notes that a statement needs its answer, and tells whether there is none because it is only recorded.
func (t *Tx) asks() bool {
	if t.recording != nil {
		t.recording.asks = true
	}
	return t.recording != nil
}

func (t *Tx) exec(ctx context.Context, query string, args ...any) error {
	return t.checked(ctx, nil, query, args...)
}

// checked carries out a statement, and has check say what is wrong with how many rows it changed; nil: any number is right. Both may come later.
func (t *Tx) checked(ctx context.Context, check func(rows int64) error, query string, args ...any) error {
	if r := t.recording; r != nil {
		query, args = t.words(query, args)
		r.list = append(r.list, Statement{query, args, check})
		return nil
	}
	rows, err := t.change(ctx, query, args...)
	if err == nil && check != nil {
		err = check(rows)
	}
	return err
}

// rowsAtOnce is how many rows a statement takes.
const rowsAtOnce = 100

// fromRows stands for a table v of rows in a statement for forRows.
const fromRows = "{rows}"

// forRows carries out a statement for many rows, by the names of their columns: at once, or for one after the other. args are for all of them.
func (t *Tx) forRows(ctx context.Context, query string, columns []string, rows [][]any, args ...any) error {
	if t.dialect.Rows != nil {
		var statements []Statement
		for piece := range slices.Chunk(rows, rowsAtOnce) {
			table, list := t.dialect.Rows(columns, len(args), piece)
			words, all := t.words(strings.Replace(query, fromRows, table, 1), append(args[:len(args):len(args)], list...))
			statements = append(statements, Statement{words, all, nil})
		}
		if t.recording != nil {
			t.recording.list = append(t.recording.list, statements...)
			return nil
		}
		_, err := t.pipeline(ctx, statements)
		return err
	}
	var table strings.Builder
	for i, c := range columns {
		fmt.Fprintf(&table, ", ?%d AS %s", len(args)+i+1, c)
	}
	query = strings.Replace(query, fromRows, "(SELECT "+table.String()[2:]+") AS v", 1)
	for _, row := range rows {
		if err := t.exec(ctx, query, append(args[:len(args):len(args)], row...)...); err != nil {
			return err
		}
	}
	return nil
}

// change carries out a statement, and tells how many rows it changed.
func (t *Tx) change(ctx context.Context, query string, args ...any) (rows int64, err error) {
	done, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// View gives read one snapshot of the database. It may call it more than once, when the snapshot turns out to be none.
type View func(ctx context.Context, read func(context.Context, *Tx) error) error

// Reads reads what a store keeps: it is a state.Reader, but for Sound.
type Reads struct {
	path   string // or what else names the database
	view   View
	schema func(context.Context, *Tx) (int64, error)
}

// NewReads reads the database that path names, in snapshots that view gives.
func NewReads(path string, view View, schema func(context.Context, *Tx) (int64, error)) *Reads {
	return &Reads{path: path, view: view, schema: schema}
}

// Snapshot gives read one snapshot of the database, for those who copy it.
func (r *Reads) Snapshot(ctx context.Context, read func(context.Context, *Tx) error) error {
	return r.view(ctx, read)
}
