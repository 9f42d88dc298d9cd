from tandem_platform.randomness import BufferedRandomness


def test_no_byte_is_handed_out_twice() -> None:
    handed_out: list[bytes] = []

    def source(size: int) -> bytes:
        block = bytes([len(handed_out)]) * size
        handed_out.append(block)
        return block

    random_bytes = BufferedRandomness(source)
    drawn = [random_bytes(10) for _ in range(1000)]

    assert all(len(piece) == 10 for piece in drawn)
    for number, block in enumerate(handed_out):
        used = sum(piece.count(number) for piece in drawn)
        assert 0 < used <= len(block)
    # A piece never mixes two blocks, so what is left of a block is thrown away.
    assert all(len(set(piece)) == 1 for piece in drawn)


def test_the_source_is_asked_seldom() -> None:
    calls: list[int] = []

    def source(size: int) -> bytes:
        calls.append(size)
        return bytes(size)

    random_bytes = BufferedRandomness(source)
    for _ in range(400):
        random_bytes(10)

    assert calls == [4096]


def test_more_than_the_buffer_holds_can_be_had() -> None:
    assert len(BufferedRandomness(bytes)(10_000)) == 10_000
