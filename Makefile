.PHONY: install test lint types docs bench

install:
	pip install -e '.[dev]'

test:
	pytest

lint:
	ruff check .
	lint-imports

types:
	MYPYPATH=.typing mypy -p antiphon.models -p antiphon.train -p antiphon.export -p antiphon.bridge

docs:
	python docs/tables.py
	python docs/examples.py
	python docs/conversation.py

bench:
	python tests/benchmarks/step.py models/*.onnx
	python tests/benchmarks/request.py
	python tests/benchmarks/clients.py
	python tests/benchmarks/burst.py
