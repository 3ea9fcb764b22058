"""Tests. `services` starts the real servers, `conftest` hands them out as fixtures."""
