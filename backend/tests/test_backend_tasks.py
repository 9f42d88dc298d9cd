"""Tasks over HTTP on both databases: the SP and WR rules."""

from tandem_testing.backend import BackendHarness


async def test_sp2_each_change_takes_the_next_seq(server: BackendHarness) -> None:
    ada = await server.register()
    first = await ada.made(title="one")
    second = await ada.made(title="two")
    changed = (await ada.patch(first["id"], title="uno")).json()
    gone = (await ada.delete(second["id"])).json()
    back = (await ada.post(second["id"], "restore")).json()
    assert [first["seq"], second["seq"], changed["seq"], gone["seq"], back["seq"]] == [1, 2, 3, 4, 5]
    inbox = next(space for space in (await ada.changes())["spaces"] if space["id"] == first["space"])
    assert inbox["head"] == 5
