uv run learnflow new find_answers --http "GET /answers" --does "what others asked about an error message"
# Where the API is, what happens when it does not answer, and that this function may reach it.
sed -i 's/^  - statestore.yaml$/&\n  - stackexchange.yaml\n  - resiliency-stackexchange.yaml/' components/kustomization.yaml
sed -i 's/^  - find-answers.yaml$/  - egress-find-answers.yaml\n&/' knative/base/kustomization.yaml
# Who may ask is tried with a request that says more than whom it is about, and an API that answers.
sed -i '/^        }  # fmt: skip/i\            "`GET /answers`": ("GET", f"/answers?user_id={user}&error=KeyError", None),' tests/contract/test_access.py
sed -i 's/^    async with new_world() as world:$/&\n        world.apis.answers["stackexchange"] = {"items": []}/' tests/contract/test_access.py
