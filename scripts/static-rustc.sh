#!/bin/sh
# Cargo's RUSTC_WORKSPACE_WRAPPER: links the binary `plenum` statically, and builds everything else as it is.
case " $* " in
*' --crate-name plenum '*' --crate-type bin '*) exec "$@" -C target-feature=+crt-static ;;
*) exec "$@" ;;
esac
