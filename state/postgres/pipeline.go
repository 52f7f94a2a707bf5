package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"fmt"

	"arcadiad/state/tables"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
)

// pipelineBytes is how much is sent before the answers are read.
const pipelineBytes = 256 << 10

// pipeline sends statements of the transaction that is open on the connection. Statements of the same words that follow each other are parsed
// and planned once. They share the statement without a name, which is over with the next one, so that nothing is left behind for a pooler to mind.
func pipeline(conn *sql.Conn) tables.Pipeline {
	return func(ctx context.Context, statements []tables.Statement) (rows []int64, err error) {
		rows = make([]int64, 0, len(statements))
		err = conn.Raw(func(c any) error {
			pgx := c.(*stdlib.Conn).Conn()
			for len(statements) > 0 && err == nil {
				batch, n := &pgconn.Batch{}, 0
				if n, err = fill(batch, pgx.TypeMap(), statements); err == nil {
					rows, err = results(pgx.PgConn().ExecBatch(ctx, batch), rows)
				}
				statements = statements[n:]
			}
			return err
		})
		return rows, err
	}
}

// fill puts statements into a batch until it is full, and tells how many.
func fill(batch *pgconn.Batch, types *pgtype.Map, statements []tables.Statement) (n int, err error) {
	for size := 0; n < len(statements) && size < pipelineBytes; {
		query := statements[n].Query
		values, oids, bytes, err := encode(types, statements[n:], pipelineBytes-size)
		if err != nil {
			return n, fmt.Errorf("%s: %w", query, err)
		}
		batch.ExecParams(query, values[0], oids, binaryFormat(), nil)
		for _, v := range values[1:] {
			batch.ExecPrepared("", v, binaryFormat(), nil)
		}
		n, size = n+len(values), size+bytes
	}
	return n, nil
}

// binaryFormat is that of all values.
func binaryFormat() []int16 { return []int16{1} }

// encode gives the values of the statements at the front that have the same words and the same types of values, up to a size. It gives the types
// too; 0: all are NULL.
func encode(types *pgtype.Map, statements []tables.Statement, most int) (values [][][]byte, oids []uint32, size int, err error) {
	oids = make([]uint32, len(statements[0].Args))
	for _, s := range statements {
		if s.Query != statements[0].Query || len(s.Args) != len(oids) || size >= most {
			break
		}
		encoded := make([][]byte, len(s.Args))
		for i, arg := range s.Args {
			value, oid, err := encodeValue(types, arg)
			if err != nil {
				return nil, nil, 0, err
			}
			if oid != 0 && oids[i] != 0 && oid != oids[i] {
				return values, oids, size, nil
			}
			encoded[i], oids[i], size = value, max(oids[i], oid), size+len(value)
		}
		values = append(values, encoded)
	}
	return values, oids, size, nil
}

// encodeValue gives a value and its type as pgx would send it.
func encodeValue(types *pgtype.Map, arg any) (value []byte, oid uint32, err error) {
	v := arg
	if valuer, is := arg.(driver.Valuer); is {
		if v, err = valuer.Value(); err != nil {
			return nil, 0, err
		}
	}
	switch v := v.(type) {
	case nil:
		return nil, 0, nil
	case string: // most are
		return append([]byte{}, v...), pgtype.TextOID, nil
	case int:
		return binary.BigEndian.AppendUint64(nil, uint64(v)), pgtype.Int8OID, nil
	}
	is, known := types.TypeForValue(v)
	if !known { // a type of its own
		basic, err := driver.DefaultParameterConverter.ConvertValue(v)
		if err != nil {
			return nil, 0, err
		}
		return encodeValue(types, basic)
	}
	value, err = types.Encode(is.OID, pgtype.BinaryFormatCode, v, make([]byte, 0, sizeOf(v)))
	return value, is.OID, err
}

// sizeOf is about how long a value is when it is encoded.
func sizeOf(v any) (size int) {
	const head = 8
	list, _ := v.([]pgtype.Text)
	for _, text := range list {
		size += head + len(text.String)
	}
	return size + head
}

// results appends how many rows each statement of a batch has changed.
func results(all *pgconn.MultiResultReader, rows []int64) ([]int64, error) {
	for all.NextResult() {
		tag, err := all.ResultReader().Close()
		if err != nil {
			all.Close()
			return rows, err
		}
		rows = append(rows, tag.RowsAffected())
	}
	return rows, all.Close()
}
