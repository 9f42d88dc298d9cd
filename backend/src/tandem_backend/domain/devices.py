"""What a signed-in device is called, from the User-Agent header (RFC 9110 section 10.1.5)."""

from ua_parser import parse


def device_name(user_agent: str | None) -> str:
    """Return a name such as ``Firefox on Linux``; never empty, at most 100 characters."""
    if not user_agent:
        return "Unknown device"
    result = parse(user_agent[:1000])
    browser = result.user_agent.family if result.user_agent else ""
    system = result.os.family if result.os else ""
    if browser and system and system != "Other":
        return f"{browser} on {system}"[:100]
    # A script: "curl/8.5.0" is called curl.
    return (browser or user_agent.split("/", 1)[0].strip() or "Unknown device")[:100]
