#!/bin/sh
# Builds the MongoDB-protocol server of the tests: sh build.sh TARGET
#
# FerretDB 1.24 on SQLite makes an index on _id and never uses it: the index is on one spelling of the expression, its questions have another, and
# only a question for _id alone names it at all. So each compare-and-set read the whole collection. MongoDB looks a document up by its _id whatever
# else is asked, and both lines are changed here to do the same. What does not name an _id is still read whole.
set -eu
cd "$(dirname "$0")"
target=$1
made=$(mktemp -d)
trap 'chmod -R u+w "$made"; rm -rf "$made"' EXIT

change() { # change FILE FROM TO: this line, which has to be there
    grep -qF "$2" "$1" || { echo "FerretDB has changed: no line '$2' in $1" >&2; exit 1; }
    awk -v from="$2" -v to="$3" '{ at = index($0, from); if (at) $0 = substr($0, 1, at - 1) to substr($0, at + length(from)); print }' "$1" >"$1.new"
    mv "$1.new" "$1"
}

go mod download github.com/FerretDB/FerretDB
cp -R "$(go list -m -f '{{.Dir}}' github.com/FerretDB/FerretDB)" "$made/ferretdb"
chmod -R u+w "$made/ferretdb"
sqlite="$made/ferretdb/internal/backends/sqlite"
change "$sqlite/metadata/metadata.go" "IDColumn = DefaultColumn + \"->'\$._id'\"" "IDColumn = DefaultColumn + \`->\"_id\"\`"
change "$sqlite/collection.go" 'if params.Filter.Len() == 1 {' 'if params.Filter.Len() > 0 {'
cp go.mod "$made/build.mod"
cp go.sum "$made/build.sum"
go mod edit -replace "github.com/FerretDB/FerretDB=$made/ferretdb" "$made/build.mod"
go build -buildvcs=false -modfile="$made/build.mod" -o "$target.new" .
mv "$target.new" "$target" # a server that runs keeps what it runs on
