"""What goes over the wire; protoc writes the modules beside this one."""
