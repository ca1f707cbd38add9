"""Addresses that must not be called: row 14 of the list of threats.

Those of the machine itself and of networks behind the wall in every notation that some resolver or
parser takes for one, other kinds of address, and addresses that one parser takes for the allowed
host and another for a host of the attacker's.
"""

from collections.abc import Iterator

ANY = ".".join("0000")  # where a server listens on all interfaces, and a client on its own machine
LOOPBACK = (
    *("127.0.0.1", "127.1", "127.0.1", "127.0.0.2", "127.127.127.127", "127.0.0.1.", "127.000.000.001"),
    *("0177.0.0.1", "0177.0.0.01", "017700000001", "0x7f.0.0.1", "0x7f.1", "0x7f000001", "2130706433"),
    *("0", ANY, "00000", "0x0", "127.0.0.1%00", "127.0.0.1%20", "127%2e0%2e0%2e1", "127。0。0。1"),
    *("\uff11\uff12\uff17.0.0.1", "①②⑦.0.0.1", "127.0.0.1.nip.io", "127-0-0-1.sslip.io", "localtest.me"),
    *("localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "ip6-localhost", "a.localhost"),
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
    *("[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::1]", "[::1%25lo]", "[::ffff:0:127.0.0.1]"),
)  # fmt: skip
BEHIND_THE_WALL = (
    *("10.0.0.1", "10.255.255.254", "172.16.0.1", "172.31.255.1", "192.168.0.1", "192.168.1.1:8080"),
    *("100.64.0.1", "198.18.0.1", "192.0.0.192", "192.0.2.1", "198.51.100.1", "203.0.113.1", "240.0.0.1"),
    *("255.255.255.255", "224.0.0.1", "10.1", "012.0.0.1", "0xa.0.0.1", "167772161", "0xC0A80101"),
    *("[fc00::1]", "[fd12:3456:789a::1]", "[fe80::1]", "[fe80::1%25eth0]", "[fec0::1]", "[ff02::1]"),
    *("[2001:db8::1]", "[::ffff:10.0.0.1]", "[::ffff:c0a8:101]", "[64:ff9b::a00:1]", "[2002:a00:1::1]"),
    *("router", "intranet", "intranet.local", "db.internal", "wiki.corp", "printer.lan", "host.home.arpa"),
    *("kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "host.docker.internal"),
    *("gateway.docker.internal", "vault.service.consul", "postgres:5432", "redis:6379", "etcd:2379"),
)  # fmt: skip
METADATA = (
    *("169.254.169.254", "169.254.169.253", "169.254.170.2", "2852039166", "0xa9fea9fe", "0xA9.0xFE.0xA9.0xFE"),
    *("0251.0376.0251.0376", "025177524776", "169.254.43518", "169.16689662", "[::ffff:169.254.169.254]"),
    *("[::ffff:a9fe:a9fe]", "[fd00:ec2::254]", "[64:ff9b::a9fe:a9fe]", "metadata", "metadata.google.internal"),
    *("metadata.goog", "instance-data", "instance-data.ec2.internal", "100.100.100.200", "192.0.0.192"),
    *("168.63.129.16", "169.254.169.254.nip.io", "①⑥⑨.②⑤④.①⑥⑨.②⑤④", "169。254。169。254"),
)  # fmt: skip
_PATHS = {
    "169.254.169.254": ("latest/meta-data/iam/security-credentials/", "metadata/instance?api-version=2021-02-01"),
    "metadata.google.internal": ("computeMetadata/v1/instance/service-accounts/default/token",),
    "169.254.170.2": ("v2/credentials/",),
}  # fmt: skip
_KINDS = (
    *("file:///etc/passwd", "file://localhost/etc/passwd", "file:/etc/passwd", "FILE:///proc/self/environ"),
    *("gopher://127.0.0.1:6379/_FLUSHALL", "dict://127.0.0.1:11211/stat", "ldap://127.0.0.1/x"),
    *("ldaps://10.0.0.1/x", "ftp://127.0.0.1/x", "sftp://127.0.0.1/x", "tftp://127.0.0.1/x", "ssh://127.0.0.1"),
    *("ws://127.0.0.1/x", "wss://127.0.0.1/x", "jar:http://127.0.0.1!/x", "netdoc:///etc/passwd", "unix:/run/x"),
    *("http+unix://%2Frun%2Fdocker.sock/info", "data:application/json,{}", "javascript:alert(1)", "about:blank"),
    *("blob:https://evil.example/x", "view-source:http://127.0.0.1", "smb://10.0.0.1/x", "\\\\10.0.0.1\\x"),
    *("http:", "http:/", "http://", "https://", "https:///", "https:///x", "http:x", "//", "://x", "", " ", "x"),
    *("//127.0.0.1/x", "///127.0.0.1/x", "/\\127.0.0.1/x", "\\/127.0.0.1", "http:/127.0.0.1/x"),
    *("http:127.0.0.1/x", "https:\\\\127.0.0.1\\x", "http:///127.0.0.1/x", "http:\\127.0.0.1", "h\nttp://10.0.0.1"),
    *("http://[::1", "http://::1]/x", "http://[", "http://]", "http://[::1]x/", "http://[v1.x]/", "http://[::g]/"),
    *("http://a\u2100b.example/", "http://evil\uff0fexample/", "http://127.0.0.1:x/", "http://127.0.0.1:-1/"),
    *("http://127.0.0.1:99999/", "http://127.0.0.1:0/", "http://127.0.0.1:80:443/", "http://127.0.0.1:\u0661/"),
    *("http://\x00/", "http://127.0.0.1\x00.evil.example/", "http://evil.example\r\nHost: 127.0.0.1/", "http://%/"),
    *("http://\ud800/", "http://xn--/", "https://xn--a/", "http://" + "a" * 300 + ".example/", "http://a..b/"),
)  # fmt: skip
_CONFUSED = (
    *("{s}://{h}@evil.example/", "{s}://{h}:x@evil.example/", "{s}://evil.example@{h}/", "{s}://@{h}/"),
    *("{s}://user:pass@{h}/", "{s}://{h}%40evil.example/", "{s}://{h}\\@evil.example/", "{s}://evil.example\\@{h}/"),
    *("{s}://evil.example#@{h}/", "{s}://evil.example?@{h}/", "{s}://evil.example/@{h}/", "{s}://{h}.evil.example/"),
    *("{s}://evil.example\\.{h}/", "{s}://evil{h}/", "{s}://{h}%00.evil.example/", "{s}://{h}%2eevil.example/"),
    *("{s}://{h}%2f@evil.example/", "{s}://{h}%5c@evil.example/", "{s}://{h}%23@evil.example/", "{s}://{h}@@evil.example/"),
    *("{s}://{h}\t.evil.example/", "{s}://{h}\n@evil.example/", "{s}://{h} .evil.example/", "{s}://{h} @evil.example/"),
    *("{s}:{h}@evil.example/", "{s}:/{h}@evil.example/", "{s}:///{h}", "{s}:/\\{h}@evil.example", "{s}://[{h}]/"),
    *("{s}://{h}:1/", "{s}://{h}:80:1/", "{s}://{h}:99999/", "{s}://{h};evil.example/", "{s}://{h},evil.example/"),
    *("ftp://{h}/", "file://{h}/etc/passwd", "ws://{h}/", "{s}s://{h}/", "x-{s}://{h}/", "{s}://evil.example:{p}/"),
    *("{s}://evil.example/{s}://{h}/", "{s}://evil.example/#{s}://{h}/", "{s}://{h}\uff0eevil.example/"),
)  # fmt: skip


def addresses(scheme: str, netloc: str) -> list[str]:
    """Return more than 300 addresses that a client which may call only `netloc` must not call."""
    return list(dict.fromkeys(_all(scheme, netloc)))


def _all(scheme: str, netloc: str) -> Iterator[str]:
    port = netloc.rpartition(":")[2] if ":" in netloc else "443"
    host = netloc.removesuffix(f":{port}")
    for place in (*LOOPBACK, *BEHIND_THE_WALL, *METADATA):
        yield f"https://{place}/client.json"
        yield f"http://{place}/"
        for path in _PATHS.get(place, ()):
            yield f"http://{place}/{path}"
    for place in LOOPBACK[:10]:
        yield f"http://{place}:22/"
        yield f"https://{place}:6379/"
    for pattern in _CONFUSED:
        yield pattern.format(s=scheme, h=host if ":1/" in pattern else netloc, p=port)
    yield from _KINDS
