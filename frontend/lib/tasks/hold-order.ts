/**
 * Keeps the rows of a list where they are while one of them is edited, so that nothing moves under the hands (CL14):
 * rows that were there stay in their order, new ones come in after their neighbour, rows that are gone leave. The row
 * that is edited stays, whatever became of it.
 *
 * @param sorted - The rows as they would be.
 * @param order - The ids as they were when editing began.
 * @param edited - The row that is edited, in its last known state.
 */
export function holdOrder<T extends { id: string }>(
  sorted: readonly T[],
  order: readonly string[],
  edited: T,
): T[] {
  const known = new Set(order);
  const byId = new Map(sorted.map((row) => [row.id, row]));
  if (!byId.has(edited.id)) byId.set(edited.id, edited);

  const arrivals = new Map<string | null, T[]>();
  let neighbour: string | null = null;
  for (const row of sorted) {
    if (known.has(row.id)) {
      neighbour = row.id;
    } else {
      const group = arrivals.get(neighbour);
      if (group === undefined) arrivals.set(neighbour, [row]);
      else group.push(row);
    }
  }

  const held: T[] = [...(arrivals.get(null) ?? [])];
  for (const id of order) {
    const row = byId.get(id);
    if (row !== undefined) held.push(row, ...(arrivals.get(id) ?? []));
  }
  return held;
}
