"""A machine's OPC UA server that does what it is told on standard input, one JSON object a line.

python3 server.py PORT [--safe FOLDER] [NODESET ...]: says `ready` when it listens, and `done` after each order.
"""
import asyncio
import datetime
import json
import logging
import pathlib
import socket
import sys
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
from asyncua import Server, ua
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.crypto.validator import CertificateValidator, CertificateValidatorOptions
from cryptography.x509.oid import ExtendedKeyUsageOID

NAMESPACE = "http://example.com/press/"


class OneUser:
    """Known by a password, or by the certificate that lies in the folder."""

    def __init__(self, folder):
        self.certificate = pathlib.Path(folder) / "user.der"

    def get_user(self, iserver, username=None, password=None, certificate=None):
        known = (username, password) == ("shift", "grease-monkey-77")
        known = known or (username is None and self.certificate.exists() and certificate == self.certificate.read_bytes())
        return User(role=UserRole.User, name=username or "shift") if known else None


def moment(micros):
    return datetime.datetime.fromtimestamp(micros / 1_000_000, datetime.timezone.utc).replace(tzinfo=None)


async def safe(server, folder):
    folder = pathlib.Path(folder)
    key, certificate = folder / "key.pem", folder / "certificate.der"
    uri = "urn:example:press"
    await server.set_application_uri(uri)
    await setup_self_signed_certificate(key, certificate, uri, socket.gethostname(), [ExtendedKeyUsageOID.SERVER_AUTH], {"commonName": "Press 7"})
    await server.load_certificate(str(certificate))
    await server.load_private_key(str(key))
    kinds = ua.SecurityPolicyType
    server.set_security_policy([kinds.Basic256Sha256_SignAndEncrypt, kinds.Basic256Sha256_Sign, kinds.Aes256Sha256RsaPss_SignAndEncrypt])
    server.set_identity_tokens([ua.UserNameIdentityToken, ua.X509IdentityToken])
    options = CertificateValidatorOptions.EXT_VALIDATION | CertificateValidatorOptions.PEER_CLIENT
    server.set_certificate_validator(CertificateValidator(options))


async def press(server):
    index = await server.register_namespace(NAMESPACE)
    folder = await server.nodes.objects.add_object(ua.NodeId("Press", index), ua.QualifiedName("Press", index))
    state = await folder.add_object(ua.NodeId("State", index), ua.QualifiedName("MachineryItemState", index))
    mode = await server.nodes.enum_data_type.add_data_type(ua.NodeId("Mode", index), ua.QualifiedName("Mode", index))
    names = [ua.LocalizedText(name) for name in ("Automatic", "SetUp", "Service")]
    await mode.add_property(ua.NodeId("ModeNames", index), ua.QualifiedName("EnumStrings", 0), names)
    variables = [
        (folder, "Power", 1.0, ua.VariantType.Double),
        (folder, "Strokes", 100, ua.VariantType.UInt32),
        (folder, "Program", "P-1", ua.VariantType.String),
        (folder, "Temperatures", [20.5, 21.5], ua.VariantType.Float),
        (folder, "Image", b"\x89PNG", ua.VariantType.ByteString),
        (state, "CurrentState", ua.LocalizedText("NotExecuting"), ua.VariantType.LocalizedText),
    ]
    made = {}
    for parent, name, value, kind in variables:
        made[name] = await parent.add_variable(ua.NodeId(name, index), ua.QualifiedName(name, index), value, kind)
    made["Mode"] = await folder.add_variable(ua.NodeId("ModeNow", index), ua.QualifiedName("OperationMode", index), 0, ua.VariantType.Int32, mode.nodeid)
    await made["Power"].add_property(ua.NodeId("PowerUnit", index), ua.QualifiedName("EngineeringUnits", 0), ua.EUInformation("", 0, ua.LocalizedText("kW"), ua.LocalizedText("kilowatt")))
    return made


async def obey(server, made, order):
    name = order["node"]
    node = made.get(name)
    if node is None:
        uri, rest = name.removeprefix("nsu=").split(";", 1)
        node = server.get_node(f"ns={await server.get_namespace_index(uri)};{rest}")
    abstract = await node.read_data_type() == ua.NodeId(ua.ObjectIds.Number)
    kind = ua.VariantType.Double if abstract else await node.read_data_type_as_variant_type()
    for step, value in enumerate(order["values"]):
        value = ua.LocalizedText(value) if kind == ua.VariantType.LocalizedText else value
        at = moment(order["at"] + step * 1_000)
        status = ua.StatusCode(order.get("status", 0))
        await server.write_attribute_value(node.nodeid, ua.DataValue(ua.Variant(value, kind), status, SourceTimestamp=at))


async def main():
    arguments = sys.argv[1:]
    port = int(arguments.pop(0))
    server = Server(user_manager=OneUser(arguments[arguments.index("--safe") + 1]) if "--safe" in arguments else None)
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/press/")
    if "--safe" in arguments:
        at = arguments.index("--safe")
        await safe(server, arguments[at + 1])
        del arguments[at : at + 2]
    else:
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    for nodeset in arguments:
        await server.import_xml(nodeset, strict_mode=False)
    made = await press(server)
    async with server:
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            await obey(server, made, json.loads(line))
            print("done", flush=True)


asyncio.run(main())
