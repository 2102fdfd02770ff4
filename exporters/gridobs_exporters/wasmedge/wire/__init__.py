"""Messages of containerd and CRI, as far as they are read: *_pb2.py come from the .proto files beside them."""
