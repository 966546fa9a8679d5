// Reads and writes rows with clients whose types are generated from the documents of two storages.

import createClient from "openapi-fetch";
import type { components, paths as PetPaths } from "./pet.js";
import type { paths as WalkPaths } from "./walks.js";

declare const process: { argv: string[] };

type Pet = components["schemas"]["Pet"];
type PetInput = components["schemas"]["PetInput"];

function check<T>(answer: { data?: T; error?: { detail: string } }): T {
  if (answer.data === undefined) throw new Error(answer.error?.detail ?? "no answer");
  return answer.data;
}

function same(found: unknown, expected: unknown) {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${one} is not ${other}`);
}

const baseUrl = process.argv[2];
const pets = createClient<PetPaths>({ baseUrl });
const rows = "/api/v1/storage/pet";
const row = "/api/v1/storage/pet/key/{key}";

const rex: PetInput = {
  id: "query",
  good: true,
  age: 7,
  steps: 9007199254740991,
  weight: 1.5,
  price: "12.50",
  color: "red",
  chip: "019f0000-0000-7000-8000-000000000000",
  born: "2020-02-29",
  feeding: "07:30:00",
  seen: "2026-03-01T12:00:00Z",
  data: { toys: ["ball", null] },
  photo: "AQID",
  size: "small",
};
const saved: Pet = check(await pets.POST(rows, { body: rex }));
same([saved.version, saved.story, saved.feeding], [1, "none", "07:30:00.000000"]);
same(saved.data, rex.data);
check(await pets.POST(rows, { body: { ...rex, id: "ida", age: 3, weight: null, color: null, size: "large" } }));

// A row is sent back as it was read.
const path = { key: saved.id };
const replaced = check(await pets.PUT(row, { params: { path }, body: { ...saved, age: 8 } }));
same([replaced.version, replaced.age], [2, 8]);
const { version: _, updated_at: __, ...before } = saved;
const { version: ___, updated_at: ____, ...after } = replaced;
same({ ...after, age: 7 }, before);
const patched = check(await pets.PATCH(row, { params: { path }, body: { color: "blue", weight: null } }));
same([patched.color, patched.weight, patched.size], ["blue", null, "small"]);
same(check(await pets.GET(row, { params: { path } })), patched);
const stale = await pets.PATCH(row, { params: { path }, body: { age: 1, version: 1 } });
same([stale.response.status, stale.error?.code], [409, "conflict"]);

type Filters = NonNullable<PetPaths[typeof rows]["get"]["parameters"]["query"]>;
async function found(query: Filters): Promise<string[]> {
  const page = check(await pets.GET(rows, { params: { query: { ...query, ordering: "id" } } }));
  return page.results.map((pet) => pet.id);
}
same(await found({}), ["ida", "query"]);
same(await found({ age__gte: 8, good: true }), ["query"]);
same(await found({ age__in: [3, 4] }), ["ida"]);
same(await found({ age__in: [3, 8], size__nin: ["large"] }), ["query"]);
same(await found({ color__isnull: true }), ["ida"]);
same(await found({ color__startswith: "bl", price__lt: "12.51", born: "2020-02-29" }), ["query"]);
same(await found({ seen__lte: "2026-03-01T13:00:00+01:00", version__gt: 1 }), ["query"]);
// @ts-expect-error: the storage has no such field
found({ colour: "red" }).catch(() => {});
// @ts-expect-error: not a number
found({ age__gte: "old" }).catch(() => {});
// @ts-expect-error: numbers contain no text
found({ age__contains: 1 }).catch(() => {});
// @ts-expect-error: not one of the values
found({ size: "medium" }).catch(() => {});

const some = await pets.POST("/api/v1/storage/pet/query", { body: { where: { age: { lt: 5 } }, fields: ["id"] } });
same(check(some).results, [{ id: "ida" }]);
const sizes = await pets.GET("/api/v1/storage/pet/values", { params: { query: { field: "size", good: true } } });
same(check(sizes).results, [
  { value: "large", count: 1 },
  { value: "small", count: 1 },
]);
const groups = await pets.GET("/api/v1/storage/pet/aggregate", {
  params: { query: { agg: "max(age)", age__lt: 8 } },
});
same(check(groups).results, [{ "max(age)": 3 }]);
same((await pets.DELETE(row, { params: { path: { key: "ida" } } })).response.status, 204);
const gone = await pets.GET(row, { params: { path: { key: "ida" } } });
same([gone.response.status, gone.error?.status], [404, 404]);

const walks = createClient<WalkPaths>({ baseUrl });
const long = check(
  await walks.GET("/api/v1/storage/walks", { params: { query: { km__gt: 1.5, limit__eq: 4, "a b__isnull": false } } }),
);
same(long.results.map((walk) => [walk.dog, walk.km, walk["a b"], walk._extra]), [["ida", 2.5, 1, null]]);
const [{ _id: key, ...walk }] = long.results;
const moved = check(
  await walks.PUT("/api/v1/storage/walks/key/{key}", { params: { path: { key } }, body: { ...walk, km: 3 } }),
);
same([moved._version, moved.km, moved.dog, moved._id], [2, 3, "ida", key]);
console.log("done");
