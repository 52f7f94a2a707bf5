package plan

import (
	"reflect"
	"slices"

	"arcadiad/fleet"
)

// want is what a spec asks for in one field.
type want struct {
	value string
	asked bool
}

// recollection is what a record says of one field.
type recollection struct {
	value string
	known bool
}

// memory remembers the last record's values. Records that were sent the same share them, and looking each of them up again for each of
// a hundred thousand droplets would be a good part of the work.
type memory struct {
	values fleet.Values
	list   []recollection
}

// of gives the recorded values by the index of the field in fleet.Fields. The slice is good until the next call.
func (m *memory) of(r *fleet.Record) []recollection {
	if m.list == nil || reflect.ValueOf(m.values).Pointer() != reflect.ValueOf(r.Values).Pointer() {
		m.values, m.list = r.Values, m.list[:0]
		for i := range fleet.Fields {
			value, known := r.Values[fleet.Fields[i].Name]
			m.list = append(m.list, recollection{value, known})
		}
	}
	m.list[nameField] = recollection{fleet.Key(r.Name), true}
	return m.list
}

// shape remembers what the last spec asked for. The droplets of a group differ in their names alone, and hashing the same
// user_data for each of ten thousand would be most of the work.
type shape struct {
	spec  *fleet.Spec
	wants []want
}

// of gives the desired values by the index of the field in fleet.Fields. The slice is good until the next call.
func (s *shape) of(spec *fleet.Spec) []want {
	if s.spec == nil || !alike(s.spec, spec) {
		s.wants = s.wants[:0]
		for _, f := range fleet.Fields {
			value, asked := f.Desired(*spec)
			s.wants = append(s.wants, want{value, asked})
		}
	}
	s.spec = spec
	s.wants[nameField].value = fleet.Key(spec.Name)
	return s.wants
}

// nameField is where fleet.Fields has the name.
var nameField = slices.IndexFunc(fleet.Fields, func(f fleet.Field) bool { return f.Name == fieldName })

// alike tells whether two specs ask for the same but for the name and for protect.
func alike(a, b *fleet.Spec) bool {
	return a.Region == b.Region && a.Size == b.Size && a.Image == b.Image && a.VPCUUID == b.VPCUUID &&
		a.Monitoring == b.Monitoring && a.Backups == b.Backups && a.IPv6 == b.IPv6 &&
		slices.Equal(a.SSHKeys, b.SSHKeys) && slices.Equal(a.Tags, b.Tags) && a.UserData == b.UserData
}
