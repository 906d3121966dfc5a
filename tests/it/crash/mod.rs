//! What stands after the power is cut or the disk fails.
