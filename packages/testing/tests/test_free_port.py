"""Programs of one test that are started together do not get each other's ports."""

from tandem_testing.process import free_port


def test_a_port_is_not_given_twice_while_nobody_listens_on_it_yet() -> None:
    ports = [free_port() for _ in range(1_000)]

    assert len(set(ports)) == len(ports)
