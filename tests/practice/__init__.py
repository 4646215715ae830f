"""Tests of the practice gateway, over real sockets."""
