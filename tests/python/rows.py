"""Reads and writes rows with clients that are generated from the documents of two storages."""

import sys
from datetime import date, datetime, timedelta, timezone
from uuid import UUID

from pet import Client
from pet.api.pet import aggregate_pet, delete_pet, get_pet, list_pet, patch_pet, query_pet, replace_pet, save_pet
from pet.api.pet import values_of_pet
from pet.models import Pet, PetInput, PetInputSizeEnum, PetPatch, Problem, RowQuery, RowQueryWhere
from pet.models import ListPetSizeEnum
from walks import Client as WalksClient
from walks.api.walks import list_walks, replace_walks
from walks.models import Walks, WalksInput

client = Client(base_url=sys.argv[1])


def same(found, expected):
    assert found == expected, f"{found!r} is not {expected!r}"


rex = PetInput(
    id="query",
    good=True,
    age=7,
    steps=2**63 - 1,
    weight=1.5,
    price="12.50",
    color="red",
    chip=UUID("019f0000-0000-7000-8000-000000000000"),
    born=date(2020, 2, 29),
    feeding="07:30:00",
    seen=datetime(2026, 3, 1, 12, tzinfo=timezone.utc),
    data={"toys": ["ball", None]},
    photo="AQID",
    size=PetInputSizeEnum.SMALL,
)
saved = save_pet.sync(client=client, body=rex)
assert isinstance(saved, Pet), saved
same((saved.version, saved.story, saved.steps, saved.seen, saved.chip), (1, "none", rex.steps, rex.seen, rex.chip))
ida = PetInput.from_dict({**rex.to_dict(), "id": "ida", "age": 3, "weight": None, "color": None, "size": "large"})
assert isinstance(save_pet.sync(client=client, body=ida), Pet)

# A row is sent back as it was read.
changed = PetInput.from_dict({**saved.to_dict(), "age": 8})
replaced = replace_pet.sync(saved.id, client=client, body=changed)
assert isinstance(replaced, Pet), replaced
same((replaced.version, replaced.age), (2, 8))
same(replaced.to_dict() | {"age": 7, "version": 1, "updated_at": ""}, saved.to_dict() | {"updated_at": ""})
patched = patch_pet.sync(saved.id, client=client, body=PetPatch(color="blue", weight=None))
same((patched.color, patched.weight, patched.size.value), ("blue", None, "small"))
same(get_pet.sync(saved.id, client=client), patched)
stale = patch_pet.sync(saved.id, client=client, body=PetPatch(age=1, version=1))
assert isinstance(stale, Problem) and stale.status == 409, stale


def found(**filters):
    page = list_pet.sync(client=client, ordering="id", **filters)
    return [pet.id for pet in page.results]


same(found(), ["ida", "query"])
same(found(age_gte=8, good=True), ["query"])
same(found(age_in=[3, 4]), ["ida"])
same(found(age_in=[3, 8], size_nin=[ListPetSizeEnum.LARGE]), ["query"])
same(found(size=ListPetSizeEnum.LARGE), ["ida"])
same(found(color_isnull=True), ["ida"])
same(found(color_startswith="bl", price_lt="12.51", born=date(2020, 2, 29)), ["query"])
same(found(seen_lte=datetime(2026, 3, 1, 13, tzinfo=timezone(timedelta(hours=1))), version_gt=1), ["query"])
same(found(chip_in=[rex.chip], born_gte=date(2021, 1, 1)), [])

query = RowQuery(where=RowQueryWhere.from_dict({"age": {"lt": 5}}), fields=["id"])
same([part.to_dict() for part in query_pet.sync(client=client, body=query).results], [{"id": "ida"}])
sizes = values_of_pet.sync(client=client, field="size", good=True)
same([size.to_dict() for size in sizes.results], [{"value": "large", "count": 1}, {"value": "small", "count": 1}])
groups = aggregate_pet.sync(client=client, agg="max(age)", age_lt=8)
same([group.to_dict() for group in groups.results], [{"max(age)": 3}])
same(delete_pet.sync_detailed("ida", client=client).status_code, 204)
gone = get_pet.sync("ida", client=client)
assert isinstance(gone, Problem) and gone.status == 404, gone

walks = WalksClient(base_url=sys.argv[1])
page = list_walks.sync(client=walks, km_gt=1.5, limit_eq=4, a_b_isnull=False)
(walk,) = page.results
assert isinstance(walk, Walks), walk
same((walk.dog, walk.km, walk.a_b), ("ida", 2.5, 1))
moved = replace_walks.sync(walk.field_id, client=walks, body=WalksInput.from_dict({**walk.to_dict(), "km": 3.0}))
assert isinstance(moved, Walks), moved
same((moved.field_version, moved.km, moved.dog, moved.field_id), (2, 3.0, "ida", walk.field_id))
print("done")
