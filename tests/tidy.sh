#!/bin/sh
# What the compiler does not see: the top level holds what it should, and nothing is left undone.
set -eu
fault=0
for name in $(git ls-files | cut -d/ -f1 | sort -u); do
    case "$name" in
        Cargo.toml|Cargo.lock|src|assets|fixtures|benches|tests|Dockerfile|README.md|LICENSE|Makefile|build.rs|.ci|.gitignore|.clippy.toml|.rustfmt.toml|.deny.toml|.dockerignore) ;;
        *) echo "the top level has no place for $name"; fault=1 ;;
    esac
done
if git grep -nE 'todo!\(|unimplemented!\(|FIXME' -- src tests benches ':!tests/tidy.sh' ':!tests/it/architecture.rs'; then echo "something is left undone"; fault=1; fi
exit $fault
