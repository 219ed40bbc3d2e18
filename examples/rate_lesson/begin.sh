uv run learnflow new rate_lesson --http "POST /ratings" --does "what a learner thinks of a lesson"
# It makes something: 201. And who may ask is tried with a request that says more than whom it is about.
sed -i '/^| `POST \/ratings`/s/ 200 / 201 /g' docs/security.md
sed -i '/^        }  # fmt: skip/i\            "`POST /ratings`": ("POST", "/ratings", progress | {"stars": 5}),' tests/contract/test_access.py
