"""The encoder of raisr: photographs in, payloads and filter banks out."""
