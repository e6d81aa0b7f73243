"""Records as plain values (cattrs, the trusted side) and rows read into typed values (marshmallow, the untrusted)."""
